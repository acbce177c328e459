# SPDX-License-Identifier: GPL-3.0-or-later
"""What an avatar does in a range of frames, as a Motion: keys, drivers and constraints together."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.asset import Motion
from headsmith.asset.quaternions import normalized, quaternions_from_matrices
from headsmith.types import F32

from .controls import joint_bones, root_bone, sliders
from .motion import scene_fps
from .scene import from_blender, quaternions_from_blender
from .state import kept_frame


def read_back(collection: bpy.types.Collection, scene: bpy.types.Scene, first_frame: int, last_frame: int) -> Motion:
    """The evaluated sliders and joints of each frame, both ends included, at the scene's frame rate.

    The scene's current frame comes back afterwards.
    """
    names = tuple(sliders(collection))
    joints = tuple(bone.name for bone in joint_bones(collection))
    weights, turns, places = [], [], []
    with kept_frame(scene):
        for frame in range(first_frame, last_frame + 1):
            scene.frame_set(frame)
            depsgraph = bpy.context.evaluated_depsgraph_get()
            keys = collection.headsmith.head.data.shape_keys.evaluated_get(depsgraph).key_blocks
            weights.append([keys[name].value for name in names])
            turn, place = _bone_states(collection, depsgraph)
            turns.append(turn)
            places.append(place)
    return Motion(
        fps=scene_fps(scene),
        blendshape_names=names,
        weights=np.array(weights, np.float32).reshape(len(weights), len(names)),
        joint_names=joints,
        joint_rotations_wxyz=np.array(turns, np.float32).reshape(len(turns), len(joints), 4),
        head_translation_m=np.array(places, np.float32),
        source=f"Blender: {collection.name}",
    )


def _bone_states(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph) -> tuple[F32, F32]:
    """[J, 4] each joint's evaluated turn relative to its parent, and [3] the root's way from rest, in head space."""
    rig = collection.headsmith.rig.evaluated_get(depsgraph)
    bones = [rig.pose.bones[bone.name] for bone in joint_bones(collection)]
    # at rest all bones are unturned, so that a pose bone's matrix holds nothing but its turn
    own = np.array([bone.matrix for bone in bones], np.float64)[:, :3, :3]
    parents = np.array([bone.parent.matrix if bone.parent else np.eye(4) for bone in bones], np.float64)[:, :3, :3]
    turns = normalized(quaternions_from_matrices(np.swapaxes(parents, -1, -2) @ own))
    root = root_bone(collection)
    way = np.zeros(3) if root is None else np.array(rig.pose.bones[root.name].head - root.bone.head_local)
    return quaternions_from_blender(turns), from_blender(way)
