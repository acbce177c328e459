# SPDX-License-Identifier: GPL-3.0-or-later
"""What an avatar's expression is in the evaluated scene, as the parameter vector that its network takes."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from headsmith.asset import parameters_of
from headsmith.asset.dynamic_texture import FROM_THE_FRONT, VIEW
from headsmith.types import F32

from .scene import from_blender


def is_evaluated(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph) -> bool:
    """Whether the avatar's expression in `depsgraph` is known: not where its collection is left out of the layer."""
    return collection.headsmith.head.evaluated_get(depsgraph).is_evaluated


def scene_parameters(collection: bpy.types.Collection, inputs: Sequence[str], depsgraph: bpy.types.Depsgraph) -> F32:
    """The parameter vector [P] of the avatar as it is evaluated: shape keys, bones, and the scene's camera."""
    settings = collection.headsmith
    keys = settings.head.data.shape_keys
    blocks = keys.evaluated_get(depsgraph).key_blocks if keys else ()
    weights = {key.name: 0.0 if key.mute else key.value for key in blocks}
    wanted = {name.rpartition(".")[0] for name in inputs}
    joints = _joint_rotations(settings.rig.evaluated_get(depsgraph), wanted) if settings.rig else {}
    view = _view_direction(settings.head, depsgraph) if VIEW in wanted else FROM_THE_FRONT
    return parameters_of(inputs, weights, joints, view)


def _joint_rotations(rig: bpy.types.Object, names: set[str]) -> dict[str, F32]:
    """Axis-angle [3] in head space relative to the parent, of the bones `names`, constraints included."""
    turns = {}
    for bone in rig.pose.bones:
        if bone.name in names:
            # rest rotations are the identity, so that a bone's own turn is all there is between it and its parent
            matrix = bone.parent.matrix.inverted_safe() @ bone.matrix if bone.parent else bone.matrix
            axis, angle = matrix.to_quaternion().to_axis_angle()
            turns[bone.name] = from_blender(np.array(axis, np.float32) * np.float32(angle))
    return turns


def _view_direction(head: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> F32 | Sequence[float]:
    """Unit vector from the origin of head space to the scene's camera, in head space."""
    camera = depsgraph.scene.camera
    if camera is None:
        return FROM_THE_FRONT
    to_head = head.evaluated_get(depsgraph).matrix_world.inverted_safe()
    placed = camera.evaluated_get(depsgraph).matrix_world
    if camera.data.type == "ORTHO":
        direction = to_head.to_3x3() @ placed.to_3x3().col[2]
    else:
        direction = to_head @ placed.translation
    return from_blender(np.array(direction.normalized(), np.float32))
