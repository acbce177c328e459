# SPDX-License-Identifier: GPL-3.0-or-later
"""The joints as an armature.

Every bone points along Blender's +Y with roll 0, so that its rest rotation is the identity: a joint's rotation in head
space, with its axis in Blender's axes, is the pose bone's quaternion as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from headsmith.asset import Avatar

from ..scene import to_blender
from ..state import set_mode
from .limits import add_limits

BONE_LENGTH_M = 0.03
MODIFIER = "Headsmith Rig"


def build_rig(avatar: Avatar, obj: bpy.types.Object | None, collection: bpy.types.Collection) -> bpy.types.Object:
    """The armature object, linked to `collection`; an `obj` of an earlier import gets its bones placed anew."""
    name = f"{collection.name} Rig"
    if obj is None:
        obj = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    if not obj.users_collection:
        # also one that was deleted from the scene but is remembered by the avatar
        collection.objects.link(obj)
    known = set(obj.data.bones.keys())
    joints = to_blender(avatar.rig.joints_m)
    with _edit_bones(obj) as bones:
        for joint, parent, head in zip(avatar.rig.joint_names, avatar.rig.parents, joints.tolist(), strict=True):
            bone = bones.get(joint) or bones.new(joint)
            bone.head, bone.tail = head, (head[0], head[1] + BONE_LENGTH_M, head[2])
            bone.roll = 0.0
            if parent >= 0:
                bone.parent = bones[avatar.rig.joint_names[parent]]
    for bone in obj.pose.bones:
        if bone.name not in known:
            bone.rotation_mode = "QUATERNION"
            bone.lock_scale = (True, True, True)
            bone.lock_location = (bone.parent is not None,) * 3
            add_limits(bone)
    return obj


def bind_to_rig(head: bpy.types.Object, rig: bpy.types.Object) -> None:
    """The head follows the bones by linear-blend skinning, as everywhere else."""
    modifier = head.modifiers.get(MODIFIER) or head.modifiers.new(MODIFIER, "ARMATURE")
    modifier.object = rig
    # dual quaternions would part from what engines and the fit compute
    modifier.use_deform_preserve_volume = False
    head.parent = rig


@contextmanager
def _edit_bones(rig: bpy.types.Object) -> Iterator[bpy.types.ArmatureEditBones]:
    """Edit mode, the only place where bones can be made; the caller keeps the user's selection."""
    set_mode("OBJECT")
    with _in_sight(rig):
        bpy.context.view_layer.objects.active = rig
        set_mode("EDIT")
        try:
            yield rig.data.edit_bones
        finally:
            set_mode("OBJECT")


@contextmanager
def _in_sight(rig: bpy.types.Object) -> Iterator[None]:
    """Seen in the present view layer, as edit mode demands, however it or its collections are hidden or left out."""
    disabled, root, layer = rig.hide_viewport, bpy.context.scene.collection, bpy.context.view_layer
    lent = rig.name not in root.objects
    rig.hide_viewport = False
    if lent:
        root.objects.link(rig)
    layer.update()
    hidden = rig.hide_get(view_layer=layer)
    rig.hide_set(False, view_layer=layer)
    try:
        yield
    finally:
        rig.hide_set(hidden, view_layer=layer)
        if lent:
            root.objects.unlink(rig)
        rig.hide_viewport = disabled
