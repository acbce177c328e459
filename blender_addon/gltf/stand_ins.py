# SPDX-License-Identifier: GPL-3.0-or-later
"""Accessories whose shape comes from modifiers, as plain meshes that engines can move.

Blender's exporter either ignores modifiers or applies them to everything, which would cost the head its shape keys. So
an accessory with modifiers is replaced by its evaluated mesh. One that follows the face (Surface Deform on the head)
gets a shape key for each of the head's, and the head's weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
from mathutils import Matrix
from mathutils.kdtree import KDTree

from headsmith.types import F32

from ..builders.rig import bind_to_rig
from ..scene import evaluated_vertices, set_values


def needs_stand_in(obj: bpy.types.Object) -> bool:
    """Whether something other than an armature changes the object's shape."""
    return any(m.type != "ARMATURE" and m.show_render for m in obj.modifiers)


def follows_face(obj: bpy.types.Object, head: bpy.types.Object) -> bool:
    """Whether a modifier takes the object along with the head's surface."""
    return any(getattr(m, "target", None) == head for m in obj.modifiers if m.show_render)


def make_stand_in(obj: bpy.types.Object, collection: bpy.types.Collection, scene: bpy.types.Scene) -> bpy.types.Object:
    """A copy of `obj` with its evaluated shape at rest, linked to `scene`, which is the window's, in its place."""
    rig, head = collection.headsmith.rig, collection.headsmith.head
    copy = obj.copy()
    scene.collection.objects.unlink(obj)
    scene.collection.objects.link(copy)
    if follows_face(obj, head):
        _follow_face(copy, rig, head, scene)
    else:
        skinning = {m: m.show_viewport for m in copy.modifiers if m.type == "ARMATURE"}
        for modifier in skinning:
            modifier.show_viewport = False
        copy.data = _evaluated_mesh(copy)
        for modifier in [m for m in copy.modifiers if m not in skinning]:
            copy.modifiers.remove(modifier)
        for modifier, shown in skinning.items():
            modifier.show_viewport = shown
    return copy


def _follow_face(copy: bpy.types.Object, rig: bpy.types.Object, head: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Gives `copy`, which follows `head` by modifiers, shape keys and weights instead."""
    with _neutral_head(rig, head, scene) as neutral:
        for modifier in copy.modifiers:
            if getattr(modifier, "target", None) == head:
                modifier.target = neutral
        mesh, shapes = _evaluated_mesh(copy), {}
        place = copy.matrix_world.copy()
        for key in neutral.data.shape_keys.key_blocks[1:]:
            key.value = 1.0
            shapes[key.name] = evaluated_vertices(copy, bpy.context.evaluated_depsgraph_get())
            key.value = 0.0
    copy.modifiers.clear()
    copy.constraints.clear()
    copy.animation_data_clear()
    copy.data = mesh
    copy.parent_type, copy.parent = "OBJECT", rig
    copy.matrix_parent_inverse = Matrix.Identity(4)
    copy.matrix_basis = rig.matrix_world.inverted() @ place
    _add_shape_keys(copy, shapes)
    for key in copy.data.shape_keys.key_blocks[1:]:
        key.value = head.data.shape_keys.key_blocks[key.name].value
    _add_weights(copy, head, place)
    bind_to_rig(copy, rig)


@contextmanager
def _neutral_head(rig: bpy.types.Object, head: bpy.types.Object, scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    """A copy of the head that neither animation nor bones move, in `scene`; the bones rest meanwhile."""
    position = rig.data.pose_position
    neutral = head.copy()
    neutral.data = head.data.copy()
    neutral.modifiers.clear()
    neutral.animation_data_clear()
    keys = neutral.data.shape_keys
    keys.animation_data_clear()
    for key in keys.key_blocks:
        key.value, key.mute = 0.0, False
    scene.collection.objects.link(neutral)
    rig.data.pose_position = "REST"
    try:
        yield neutral
    finally:
        rig.data.pose_position = position
        mesh = neutral.data
        bpy.data.objects.remove(neutral)
        bpy.data.meshes.remove(mesh)


def _evaluated_mesh(obj: bpy.types.Object) -> bpy.types.Mesh:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    depsgraph.update()
    return bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph), preserve_all_data_layers=True,
                                           depsgraph=depsgraph)  # fmt: skip


def _add_shape_keys(obj: bpy.types.Object, shapes: dict[str, F32]) -> None:
    obj.shape_key_add(name="Basis", from_mix=False)
    for name, points in shapes.items():
        key = obj.shape_key_add(name=name, from_mix=False)
        # since 5.0 new keys start at 1
        key.value = 0.0
        set_values(key.data, "co", points)


def _add_weights(obj: bpy.types.Object, head: bpy.types.Object, place: Matrix) -> None:
    """Each vertex gets the weights of the head's vertex that is nearest at rest; `place` is the object's matrix."""
    tree = KDTree(len(head.data.vertices))
    for i, vertex in enumerate(head.data.vertices):
        tree.insert(head.matrix_world @ vertex.co, i)
    tree.balance()
    obj.vertex_groups.clear()
    groups = [obj.vertex_groups.new(name=group.name) for group in head.vertex_groups]
    for i, vertex in enumerate(obj.data.vertices):
        _, nearest, _ = tree.find(place @ vertex.co)
        for held in head.data.vertices[nearest].groups:
            groups[held.group].add([i], held.weight, "REPLACE")
