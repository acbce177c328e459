"""The avatar in a pose: one parameter vector moves mesh and splats alike."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from headsmith.asset.avatar import Avatar, Pose, Splats
from headsmith.asset.driving import SplatDriver
from headsmith.asset.skinning import joint_transforms, skin
from headsmith.errors import InputError
from headsmith.types import F32


def neutral_pose(avatar: Avatar) -> Pose:
    """Every weight and rotation zero."""
    return Pose(
        np.zeros(len(avatar.blendshapes.names), np.float32), np.zeros((len(avatar.rig.joint_names), 3), np.float32)
    )


def pose_from(avatar: Avatar, weights: Mapping[str, float], joints: Mapping[str, Sequence[float] | F32]) -> Pose:
    """A pose from blendshape weights and joint rotations (axis-angle, 3 radians) by name; the rest stays neutral.

    Raises InputError for a name that the avatar does not have and for values that are not finite numbers.
    """
    pose = neutral_pose(avatar)
    for name, weight in weights.items():
        pose.weights[_row(name, avatar.blendshapes.names, "blendshape")] = _finite(weight, (), name)
    for name, rotation in joints.items():
        pose.joint_rotations[_row(name, avatar.rig.joint_names, "joint")] = _finite(rotation, (3,), name)
    return pose


def _row(name: str, names: tuple[str, ...], kind: str) -> int:
    if name in names:
        return names.index(name)
    by_lower = {known.lower(): known for known in names}
    near = [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)]
    few = ", ".join(names[:5]) + (" and so on" if len(names) > 5 else "")
    raise InputError(
        f"{kind} '{name}'",
        found=f"no {kind} of that name in this avatar",
        expected=f"one of {few}",
        action=f"write {' or '.join(near)} if that is what you meant" if near else "see `headsmith info` for the names",
    )


def _finite(value: float | Sequence[float] | F32, shape: tuple[int, ...], name: str) -> F32:
    array = np.asarray(value, np.float32)
    if array.shape != shape or not np.isfinite(array).all():
        wanted = "three finite numbers (axis-angle, radians)" if shape else "one finite number"
        raise InputError(f"the value of '{name}'", found=repr(value), expected=wanted, action="correct it")
    return array


def posed_vertices(avatar: Avatar, pose: Pose) -> F32:
    """[V, 3] metres: the rest head, plus blendshapes, then skinned."""
    used = np.flatnonzero(pose.weights)
    weights = pose.weights[used].astype(np.float32)
    moved = avatar.head.vertices + np.tensordot(weights, avatar.blendshapes.deltas[used], 1)
    transforms = joint_transforms(avatar.rig.joints_m, avatar.rig.parents, pose.joint_rotations.astype(np.float32))
    return skin(moved, avatar.rig.weights, transforms).astype(np.float32)


def posed_splats(avatar: Avatar, pose: Pose) -> Splats:
    """The splats on the mesh in `pose`; for many poses of one avatar, keep its `Driver`."""
    return Driver(avatar).splats(pose)


class Driver:
    """An avatar prepared for many poses: what they share is worked out once (some milliseconds, as for one pose).

    It keeps the avatar's arrays as they are now; after changing them in place, make another.
    """

    def __init__(self, avatar: Avatar) -> None:
        self.avatar = avatar
        bound = avatar.splats
        self._splats = SplatDriver(bound.binding, bound.splats, avatar.head.faces)

    def vertices(self, pose: Pose) -> F32:
        """[V, 3] metres, as `posed_vertices`."""
        return posed_vertices(self.avatar, pose)

    def splats(self, pose: Pose) -> Splats:
        """The splats on the mesh in `pose`."""
        return self._splats.splats(self.vertices(pose))
