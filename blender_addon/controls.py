# SPDX-License-Identifier: GPL-3.0-or-later
"""The one set of controls of an avatar: the shape keys of its head and the bones of its rig."""

from __future__ import annotations

import bpy

from headsmith.asset import ARKIT_52
from headsmith.motion import expression

from . import gaze_lids


def sliders(collection: bpy.types.Collection) -> dict[str, bpy.types.ShapeKey]:
    """Shape keys by name, without the basis and the lids that follow the eyes."""
    keys = collection.headsmith.head.data.shape_keys
    own = (key for key in keys.key_blocks if key != keys.reference_key)
    return {key.name: key for key in own if not key.name.startswith(gaze_lids.PREFIX)}


def joint_bones(collection: bpy.types.Collection) -> list[bpy.types.PoseBone]:
    """The pose bones that deform the head, parents first; bones that an artist added are left out."""
    groups = collection.headsmith.head.vertex_groups
    return [bone for bone in collection.headsmith.rig.pose.bones if bone.name in groups]


def root_bone(collection: bpy.types.Collection) -> bpy.types.PoseBone | None:
    """The joint that carries the whole head."""
    return next((bone for bone in joint_bones(collection) if bone.parent is None), None)


def reset_expression(collection: bpy.types.Collection, bones: bool = True) -> None:
    """Every slider of the face to 0 and, with `bones`, every joint to rest; an artist's own shape keys stay."""
    for name, key in sliders(collection).items():
        if name in ARKIT_52:
            key.value = 0.0
    for bone in joint_bones(collection) if bones else ():
        bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
        if bone.parent is None:
            bone.location = (0.0, 0.0, 0.0)


def apply_expression(collection: bpy.types.Collection, preset: str, strength: float = 1.0) -> None:
    """The sliders of one of `headsmith.motion.PRESETS`; all others go to 0, bones stay.

    Shapes that the avatar does not have are passed over. Raises InputError for an unknown preset.
    """
    weights, keys = expression(preset, strength), sliders(collection)
    reset_expression(collection, bones=False)
    for name, weight in weights.items():
        if name in keys:
            keys[name].value = weight


def key_all(collection: bpy.types.Collection, frame: float) -> None:
    """A keyframe at `frame` on every slider and joint, as they are now."""
    for key in sliders(collection).values():
        key.keyframe_insert("value", frame=frame)
    for bone in joint_bones(collection):
        bone.keyframe_insert("rotation_quaternion", frame=frame, group=bone.name)
        if bone.parent is None:
            bone.keyframe_insert("location", frame=frame, group=bone.name)
