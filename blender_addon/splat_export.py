# SPDX-License-Identifier: GPL-3.0-or-later
"""The splats of an avatar in the scene as a splat file: from its bundle, at rest or in the pose of the scene."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from headsmith.asset import Avatar, Pose, neutral_pose, read_avatar
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters import ExportResult, export, format_named, splat_formats

from .motion_reading import read_back
from .pictures import decode_png


def export_splats(
    collection: bpy.types.Collection,
    scene: bpy.types.Scene,
    path: Path,
    posed: bool = False,
    *,
    force: bool = False,
) -> ExportResult:
    """Writes all splats of the bundle to `path`, whose suffix says the format; `posed`: as the current frame has them.

    Raises InputError where the bundle is gone or damaged, the format needs what Blender lacks, or the path cannot be
    written.
    """
    chosen = format_named(splat_format_of(path))
    avatar = read_avatar(Path(collection.headsmith.source), decode_png)
    pose = _current_pose(collection, scene, avatar) if posed else None
    return export(avatar, path, chosen.name, chosen.options(pose=pose), force=force)


def splat_format_of(path: Path) -> str:
    """The splat format that a file's suffix means; the longest wins. Raises InputError."""
    known = splat_formats()
    fitting = [name for name, one in known.items() if path.name.lower().endswith(one.suffix)]
    if not fitting:
        suffixes = sorted({one.suffix for one in known.values()})
        raise InputError(path, found=f"the suffix '{path.suffix}'", expected=f"one of {', '.join(suffixes)}",
                         action="name a splat file")  # fmt: skip
    # of formats with the same suffix the first is the one that most programs read
    return max(fitting, key=lambda name: (len(known[name].suffix), -len(name)))


def _current_pose(collection: bpy.types.Collection, scene: bpy.types.Scene, avatar: Avatar) -> Pose:
    """What the controls say at the scene's frame, constraints included; controls that only the scene has are left."""
    motion, pose = read_back(collection, scene, scene.frame_current, scene.frame_current), neutral_pose(avatar)
    for name, weight in zip(motion.blendshape_names, motion.weights[0], strict=True):
        if name in avatar.blendshapes.names:
            pose.weights[avatar.blendshapes.names.index(name)] = weight
    for name, quat in zip(motion.joint_names, motion.joint_rotations_wxyz[0], strict=True):
        if name in avatar.rig.joint_names:
            pose.joint_rotations[avatar.rig.joint_names.index(name)] = _axis_angle(quat)
    return pose


def _axis_angle(quat_wxyz: F32) -> F32:
    """[4] to [3] radians, the shorter way round."""
    w, axis = abs(float(quat_wxyz[0])), quat_wxyz[1:] * np.where(quat_wxyz[0] < 0, -1.0, 1.0)
    sine = float(np.linalg.norm(axis))
    return axis * (2 * np.arctan2(sine, w) / sine if sine > 1e-9 else 2.0)
