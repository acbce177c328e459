# SPDX-License-Identifier: GPL-3.0-or-later
"""How an object follows the head: as a child of the bone that carries the skull, or with the skin by Surface Deform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
from mathutils import Matrix

from headsmith.errors import InputError

MODIFIER = "Headsmith Surface"
FOLLOW = ("BONE", "SURFACE")


def attach(collection: bpy.types.Collection, obj: bpy.types.Object, rest: Matrix, joint: str, follow: str) -> None:
    """Makes `obj` follow the head; `rest` [4, 4] is its place in the rig's own space when the rig is at rest.

    Whatever the pose is now, the object takes the place that `rest` has in it. Raises InputError where Blender cannot
    bind it to the skin.
    """
    rig = collection.headsmith.rig
    _let_go(obj)
    obj.parent = rig
    if follow == "BONE":
        obj.parent_type, obj.parent_bone = "BONE", joint
        obj.matrix_parent_inverse = bone_tail(rig.data.bones[joint]).inverted()
    else:
        obj.parent_type = "OBJECT"
        obj.matrix_parent_inverse = Matrix()
    obj.matrix_basis = rest
    if follow == "SURFACE":
        _bind(obj, collection.headsmith.head, rig)


def bone_tail(bone: bpy.types.Bone) -> Matrix:
    """What a child of the bone is relative to: the tail, in the rest pose of the rig."""
    return bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))


def rest_matrix(rig: bpy.types.Object, obj: bpy.types.Object) -> Matrix:
    """Where `obj` is in the rig's own space when the rig is at rest."""
    if obj.parent != rig:
        return rig.matrix_world.inverted() @ obj.matrix_world
    local = obj.matrix_parent_inverse @ obj.matrix_basis
    if obj.parent_type == "BONE":
        return bone_tail(rig.data.bones[obj.parent_bone]) @ local
    return local


def detach_object(obj: bpy.types.Object) -> None:
    """Unparents `obj` and takes its binding off; it stays where it is seen."""
    seen = obj.matrix_world.copy()
    _let_go(obj)
    obj.matrix_world = seen


def surface_bound(obj: bpy.types.Object) -> bool:
    """Whether `obj` follows the skin."""
    modifier = obj.modifiers.get(MODIFIER)
    return modifier is not None and modifier.is_bound


def _let_go(obj: bpy.types.Object) -> None:
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is not None:
        obj.modifiers.remove(modifier)
    obj.parent = None
    obj.matrix_parent_inverse = Matrix()


def _bind(obj: bpy.types.Object, head: bpy.types.Object, rig: bpy.types.Object) -> None:
    if obj.type != "MESH":
        raise InputError(f"object '{obj.name}'", found=f"a {obj.type.lower()}", expected="a mesh, to follow the skin",
                         action="let it follow the bone instead")  # fmt: skip
    modifier = obj.modifiers.new(MODIFIER, "SURFACE_DEFORM")
    modifier.target = head
    with _at_rest(head, rig), bpy.context.temp_override(object=obj, active_object=obj, selected_objects=[obj]):
        bpy.context.view_layer.update()
        bpy.ops.object.surfacedeform_bind(modifier=MODIFIER)
    bpy.context.view_layer.update()
    if not modifier.is_bound:
        _let_go(obj)
        raise InputError(f"object '{obj.name}'", found="that Blender could not bind it to the head",
                         expected="the head's mesh as imported", action="let it follow the bone instead")  # fmt: skip


@contextmanager
def _at_rest(head: bpy.types.Object, rig: bpy.types.Object) -> Iterator[None]:
    """The neutral head in rest pose, whatever is keyed or driven."""
    before = rig.data.pose_position, head.show_only_shape_key, head.active_shape_key_index
    rig.data.pose_position, head.show_only_shape_key, head.active_shape_key_index = "REST", True, 0
    try:
        yield
    finally:
        rig.data.pose_position, head.show_only_shape_key, head.active_shape_key_index = before
