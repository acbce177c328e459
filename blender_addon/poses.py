# SPDX-License-Identifier: GPL-3.0-or-later
"""An artist's own poses: kept with the avatar in the .blend, applied as far as wanted, mirrored, shared as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from mathutils import Quaternion

from headsmith.errors import InputError

from .controls import joint_bones, sliders
from .pose_files import (
    MAX_NAME_CHARS,
    FacePose,
    face_pose,
    mirrored,
    pose_from_json,
    pose_to_json,
    read_poses,
    write_poses,
)
from .properties import PoseItem


def current_pose(collection: bpy.types.Collection, name: str) -> FacePose:
    """The sliders and joints of the avatar as they are now."""
    weights = {slider: key.value for slider, key in sliders(collection).items()}
    turns = {bone.name: tuple(bone.matrix_basis.to_quaternion()) for bone in joint_bones(collection)}
    return face_pose(name, weights, turns)


def apply_pose(collection: bpy.types.Collection, pose: FacePose, strength: float = 1.0) -> None:
    """Moves every slider and joint from where it is towards the pose, all the way at `strength` 1.

    Names that the avatar does not have are passed over, as a pose can come from another avatar.
    """
    for name, key in sliders(collection).items():
        key.value += strength * (pose.weights.get(name, 0.0) - key.value)
    for bone in joint_bones(collection):
        target = Quaternion(pose.rotations_wxyz.get(bone.name, (1, 0, 0, 0)))
        _turn(bone, bone.matrix_basis.to_quaternion().slerp(target, strength))


def mirror_expression(collection: bpy.types.Collection) -> None:
    """Swaps the left and the right of what the face does now."""
    apply_pose(collection, mirrored(current_pose(collection, "now"), "now"))


def saved_poses(collection: bpy.types.Collection) -> list[FacePose]:
    """The avatar's poses, in the order in which they were saved."""
    return [_pose_of(item) for item in collection.headsmith.poses]


def saved_pose(collection: bpy.types.Collection, name: str) -> FacePose:
    """The pose of that name. Raises InputError where there is none."""
    items = collection.headsmith.poses
    if name not in items:
        raise InputError(f"pose '{name}'", found=f"no such pose in {collection.name}",
                         expected=", ".join(items.keys()) or "a saved pose", action="save it first")  # fmt: skip
    return _pose_of(items[name])


def save_pose(collection: bpy.types.Collection, pose: FacePose) -> None:
    """Keeps the pose with the avatar, in place of one of the same name. Raises InputError for an empty name."""
    if not 0 < len(pose.name) <= MAX_NAME_CHARS:
        raise InputError("the pose's name", found=f"{len(pose.name)} characters", expected=f"1 to {MAX_NAME_CHARS}",
                         action="give it another name")  # fmt: skip
    items = collection.headsmith.poses
    item = items.get(pose.name) or items.add()
    item.name, item.data = pose.name, pose_to_json(pose)
    collection.headsmith.active_pose = items.find(pose.name)


def remove_pose(collection: bpy.types.Collection, name: str) -> None:
    """Forgets the pose of that name. Raises InputError where there is none."""
    saved_pose(collection, name)
    settings = collection.headsmith
    settings.poses.remove(settings.poses.find(name))
    settings.active_pose = min(settings.active_pose, max(len(settings.poses) - 1, 0))


def export_poses(collection: bpy.types.Collection, path: Path) -> int:
    """Writes the avatar's poses to a JSON file; returns how many. Raises InputError as `write_poses`."""
    poses = saved_poses(collection)
    write_poses(poses, path)
    return len(poses)


def import_poses(collection: bpy.types.Collection, path: Path) -> int:
    """Adds the poses of a JSON file to the avatar's; returns how many. Raises InputError as `read_poses`."""
    poses = read_poses(path)
    for pose in poses:
        save_pose(collection, pose)
    return len(poses)


def _pose_of(item: PoseItem) -> FacePose:
    # renamed in the panel, perhaps
    return replace(pose_from_json(item.data, f"the pose '{item.name}'"), name=item.name)


def _turn(bone: bpy.types.PoseBone, rotation: Quaternion) -> None:
    """Sets the bone's rotation in whichever way the artist has it."""
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = rotation
    elif bone.rotation_mode == "AXIS_ANGLE":
        axis, angle = rotation.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = rotation.to_euler(bone.rotation_mode, bone.rotation_euler)
