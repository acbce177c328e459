"""Whether an avatar's arrays agree with each other: the same rules for who writes and who reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Avatar, Motion
from headsmith.asset.binding import deform
from headsmith.asset.dynamic_texture import FILE, TextureNetwork, unknown_inputs
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.asset.quaternions import normalized
from headsmith.errors import InputError

WEIGHT_SUM_TOLERANCE = 1e-4
REST_TOLERANCE_M = 1e-5
REST_TOLERANCE_TURN = 1e-4
"""of 1 - |cosine of half the angle|: 1.6 degrees"""


@dataclass(frozen=True)
class Problem:
    file: str
    found: str
    expected: str


def avatar_problems(avatar: Avatar) -> Iterator[Problem]:
    """Everything that is wrong: shapes, index ranges, values that are not finite, sums of weights."""
    checks = (_mesh, _rig, _blendshapes, _material, _dynamic_texture, _splats, _binding, _words)
    for check in checks:
        yield from check(avatar)
    for name, motion in avatar.motions.items():
        yield from motion_problems(f"motions/{name}.npz", motion)


def rest_problems(avatar: Avatar) -> Iterator[Problem]:
    """Where the binding does not give the rest splats back on the rest mesh, of an avatar otherwise sound."""
    bound = avatar.splats
    again = deform(bound.binding, bound.splats, avatar.head.vertices, avatar.head.faces)
    for what, error in (("means", again.means - bound.splats.means), ("scales", again.scales - bound.splats.scales)):
        worst = float(np.abs(error).max(initial=0))
        if not worst <= REST_TOLERANCE_M:
            yield Problem("binding.npz", f"{what} that are {worst:.1e} m from those of splats.ply at rest",
                          f"at most {REST_TOLERANCE_M:g} m")  # fmt: skip
    likeness = np.abs((normalized(again.quats) * normalized(bound.splats.quats)).sum(1))
    worst = float(1 - likeness.min(initial=1))
    if not worst <= REST_TOLERANCE_TURN:
        yield Problem("binding.npz", f"a turn that is {np.degrees(2 * np.arccos(1 - worst)):.1f} degrees from that of "
                      "splats.ply at rest", "the same turns")  # fmt: skip


def _shape(file: str, name: str, array: NDArray[Any], *shape: int) -> Iterator[Problem]:
    """Wrong shape, or values that are not finite."""
    if array.shape != shape:
        yield Problem(file, f"{name} of shape {list(array.shape)}", f"shape {list(shape)}")
    elif not np.isfinite(array).all():
        yield Problem(file, f"{name} with values that are not finite", "finite numbers")


def _indices(file: str, name: str, array: NDArray[Any], shape: tuple[int, ...], end: int) -> Iterator[Problem]:
    yield from _shape(file, name, array, *shape)
    if array.size and (array.min() < 0 or array.max() >= end):
        yield Problem(file, f"{name} from {array.min()} to {array.max()}", f"0 to {end - 1}")


def _holds(file: str, condition: Any, found: str, expected: str) -> Iterator[Problem]:
    if not condition:
        yield Problem(file, found, expected)


def _mesh(avatar: Avatar) -> Iterator[Problem]:
    head, file = avatar.head, "head.npz"
    vertices, faces = len(head.vertices), len(head.faces)
    yield from _shape(file, "vertices", head.vertices, vertices, 3)
    yield from _shape(file, "uvs", head.uvs, len(head.uvs), 2)
    yield from _indices(file, "faces", head.faces, (faces, 3), vertices)
    yield from _indices(file, "uv_faces", head.uv_faces, (faces, 3), len(head.uvs))
    yield from _indices(file, "face_part", head.face_part, (faces,), len(head.part_names))
    for name, region in head.regions.items():
        yield from _shape(file, f"region '{name}'", region, vertices)
        yield from _holds(file, region.min(initial=0) >= -1e-4 and region.max(initial=1) <= 1.0001,
                          f"region '{name}' outside 0..1", "membership from 0 to 1")  # fmt: skip


def _rig(avatar: Avatar) -> Iterator[Problem]:
    rig, file = avatar.rig, "head.npz"
    joints, vertices = len(rig.joint_names), len(avatar.head.vertices)
    yield from _shape(file, "joints", rig.joints_m, joints, 3)
    yield from _shape(file, "joint_parents", rig.parents, joints)
    yield from _holds(file, (rig.parents < np.arange(len(rig.parents))).all() and (rig.parents >= -1).all(),
                      "a joint before its parent", "parents before children, -1 for roots")  # fmt: skip
    wrong = list(_shape(file, "skin_weights", rig.weights, vertices, joints))
    yield from wrong
    if not wrong:
        off = np.abs(rig.weights.sum(axis=1, dtype=np.float64) - 1).max(initial=0)
        yield from _holds(file, off <= WEIGHT_SUM_TOLERANCE and rig.weights.min(initial=0) >= 0,
                          f"skin_weights that are negative or sum to 1 only within {off:.1e}",
                          f"rows that sum to 1 within {WEIGHT_SUM_TOLERANCE:g}")  # fmt: skip


def _blendshapes(avatar: Avatar) -> Iterator[Problem]:
    shapes = avatar.blendshapes
    yield from _shape("head.npz", "blendshape deltas", shapes.deltas, len(shapes.names), len(avatar.head.vertices), 3)


def _material(avatar: Avatar) -> Iterator[Problem]:
    material = avatar.material
    for file, image, dimensions in (
        ("static_texture.png", material.static_texture, 3),
        ("dynamic_mask.png", material.dynamic_mask, 2),
        ("preview.png", avatar.preview, 3),
    ):
        if image is not None:
            sound = (
                image.ndim == dimensions and image.dtype == np.uint8 and image.shape[2:] in ((), (3,)) and image.size
            )
            yield from _holds(file, sound, f"a picture of shape {list(image.shape)}, {image.dtype}",
                              "8-bit sRGB" if dimensions == 3 else "8-bit grey")  # fmt: skip
    yield from _shape("avatar.json", "light_sh", material.light_sh, 9, 3)


def _dynamic_texture(avatar: Avatar) -> Iterator[Problem]:
    """A network that cannot run, or that takes what the avatar does not have."""
    dynamic = avatar.dynamic_texture
    if dynamic is None:
        return
    unknown = unknown_inputs(dynamic, avatar.blendshapes.names, avatar.rig.joint_names)
    yield from _holds("avatar.json", not unknown, f"the network's input '{unknown[0] if unknown else ''}'",
                      "blendshapes, and x, y, z of joints or view")  # fmt: skip
    try:
        TextureNetwork(dynamic)
    except InputError as error:
        yield Problem(FILE, error.found, error.expected)


def _splats(avatar: Avatar) -> Iterator[Problem]:
    splats, file, count = avatar.splats.splats, "splats.ply", len(avatar.splats.splats)
    yield from _shape(file, "means", splats.means, count, 3)
    yield from _shape(file, "scales", splats.scales, count, 3)
    yield from _shape(file, "opacities", splats.opacities, count)
    yield from _shape(file, "sh0", splats.sh0, count, 1, 3)
    bands = splats.shN.shape[1] if splats.shN.ndim == 3 else -1
    yield from _shape(file, "shN", splats.shN, count, bands if bands in BAND_SIZES else 0, 3)
    yield from _unit(file, "quats", splats.quats, count, 4)
    yield from _holds(file, splats.scales.min(initial=0) >= 0, "a negative scale", "standard deviations in metres")
    yield from _holds(file, splats.opacities.min(initial=0) >= 0 and splats.opacities.max(initial=1) <= 1,
                      "an opacity outside 0..1", "opacities from 0 to 1")  # fmt: skip


def _unit(file: str, name: str, quats: NDArray[Any], *shape: int) -> Iterator[Problem]:
    yield from _shape(file, name, quats, *shape)
    off = np.abs(np.linalg.norm(quats, axis=-1) - 1).max(initial=0)
    yield from _holds(file, off <= 1e-2, f"{name} that are not unit quaternions", "length 1 within 1e-2")


def _binding(avatar: Avatar) -> Iterator[Problem]:
    binding, file, count = avatar.splats.binding, "binding.npz", len(avatar.splats.splats)
    yield from _indices(file, "triangle", binding.triangle, (count,), len(avatar.head.faces))
    yield from _shape(file, "offset", binding.offset, count, 3)
    yield from _unit(file, "rotation_wxyz", binding.rotation_wxyz, count, 4)
    yield from _shape(file, "log_scale", binding.log_scale, count, 3)
    yield from _holds(file, binding.log_scale.max(initial=0) <= 30, "a log_scale beyond any size", "at most 30")
    yield from _shape(file, "barycentric", binding.barycentric, count, 3)
    off = np.abs(binding.barycentric.sum(axis=-1, dtype=np.float64) - 1).max(initial=0)
    yield from _holds(file, off <= WEIGHT_SUM_TOLERANCE, f"barycentric rows that sum to 1 only within {off:.1e}",
                      f"within {WEIGHT_SUM_TOLERANCE:g}")  # fmt: skip


def motion_problems(file: str, motion: Motion) -> Iterator[Problem]:
    """Everything that is wrong with one motion, under the name `file`."""
    frames = len(motion.weights)
    yield from _shape(file, "weights", motion.weights, frames, len(motion.blendshape_names))
    yield from _unit(file, "joint_rotations_wxyz", motion.joint_rotations_wxyz, frames, len(motion.joint_names), 4)
    yield from _shape(file, "head_translation_m", motion.head_translation_m, frames, 3)
    yield from _holds(file, 1e-3 <= motion.fps <= 1e6, f"{motion.fps} frames per second", "0.001 to 1000000")


def _words(avatar: Avatar) -> Iterator[Problem]:
    """What avatar.json holds: names that differ, vectors as long as their names."""
    file, names, joints = "avatar.json", avatar.blendshapes.names, avatar.rig.joint_names
    for what, words in (("blendshape", names), ("joint", joints), ("part", avatar.head.part_names)):
        yield from _holds(file, len(set(words)) == len(words), f"one {what} name twice", "names that differ")
    yield from _shape(file, "capture_pose.weights", avatar.capture_pose.weights, len(names))
    yield from _shape(file, "capture_pose.joint_rotations", avatar.capture_pose.joint_rotations, len(joints), 3)
    yield from _shape(file, "T_camera_world", avatar.capture_camera.T_camera_world, 4, 4)
    focal = avatar.capture_camera.focal_px
    yield from _holds(file, 1e-3 <= focal <= 1e9, f"a focal length of {focal} px", "more than 0")
    for name, value in {**avatar.report.metrics, **avatar.report.seconds}.items():
        yield from _holds(file, np.isfinite(value), f"'{name}' = {value} in the report", "a finite number")
