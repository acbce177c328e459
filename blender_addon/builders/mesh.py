# SPDX-License-Identifier: GPL-3.0-or-later
"""The head as a Blender mesh with shape keys, vertex groups and UVs."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.asset import Avatar
from headsmith.types import F32

from ..scene import get_values, set_attribute, set_values, to_blender

UV_LAYER = "UVMap"
BASIS = "Basis"


def build_head(avatar: Avatar, obj: bpy.types.Object | None, name: str) -> bpy.types.Object:
    """The head as object `name`, not yet linked; an `obj` of an earlier import keeps what was made of it.

    With the same triangles its mesh stays, with materials, keyed sliders and the artist's own shape keys and vertex
    groups. A mesh of other triangles is replaced; its materials, slider values and animation move to the new one.
    """
    if obj is not None and _has_triangles(obj.data, avatar):
        _move_vertices(obj.data, to_blender(avatar.head.vertices))
        _fill_mesh(obj.data, avatar)
        _add_vertex_groups(obj, avatar)
        _add_shape_keys(obj, avatar)
        return obj
    mesh = _new_mesh(avatar, name)
    old = None if obj is None else obj.data
    if obj is None:
        obj = bpy.data.objects.new(name, mesh)
    else:
        obj.data = mesh
    _add_vertex_groups(obj, avatar)
    _add_shape_keys(obj, avatar)
    if old is not None:
        _inherit(mesh, old)
        bpy.data.meshes.remove(old)
        mesh.name = name
    return obj


def _has_triangles(mesh: bpy.types.Mesh, avatar: Avatar) -> bool:
    faces = avatar.head.faces
    if (len(mesh.vertices), len(mesh.polygons)) != (len(avatar.head.vertices), len(faces)):
        return False
    if len(mesh.loops) != faces.size:
        return False
    corners = np.empty(faces.size, np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return bool((corners == faces.ravel()).all())


def _new_mesh(avatar: Avatar, name: str) -> bpy.types.Mesh:
    head = avatar.head
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(head.vertices).tolist(), [], head.faces.tolist())
    set_values(mesh.polygons, "use_smooth", np.ones(len(head.faces), bool))
    set_values(mesh.polygons, "material_index", head.face_part)
    _fill_mesh(mesh, avatar)
    return mesh


def _fill_mesh(mesh: bpy.types.Mesh, avatar: Avatar) -> None:
    head = avatar.head
    uvs = mesh.uv_layers.get(UV_LAYER) or mesh.uv_layers.new(name=UV_LAYER)
    set_values(uvs.uv, "vector", head.uvs[head.uv_faces])
    for region, membership in head.regions.items():
        set_attribute(mesh, f"region_{region}", "FLOAT", membership)
    mesh.update()


def _move_vertices(mesh: bpy.types.Mesh, rest: F32) -> None:
    """The rest head's new place, and with it that of every shape key: each keeps its displacement."""
    moved = rest - get_values(mesh.vertices, "co", rest.shape)
    set_values(mesh.vertices, "co", rest)
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys else ():
        set_values(key.data, "co", get_values(key.data, "co", rest.shape) + moved)


def _add_vertex_groups(obj: bpy.types.Object, avatar: Avatar) -> None:
    everything = range(len(avatar.head.vertices))
    for joint, weights in zip(avatar.rig.joint_names, avatar.rig.weights.T, strict=True):
        group = obj.vertex_groups.get(joint)
        if group is None:
            group = obj.vertex_groups.new(name=joint)
        else:
            group.remove(everything)
        # vertices of equal weight go in one call: most have weight 1 in one group
        used = np.flatnonzero(weights)
        values, inverse = np.unique(weights[used], return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        rows = np.split(used[order], np.cumsum(np.bincount(inverse))[:-1]) if len(used) else []
        for weight, row in zip(values.tolist(), rows, strict=True):
            group.add(row.tolist(), weight, "REPLACE")


def _add_shape_keys(obj: bpy.types.Object, avatar: Avatar) -> None:
    rest = to_blender(avatar.head.vertices)
    keys = obj.data.shape_keys.key_blocks if obj.data.shape_keys else {}
    if not keys:
        obj.shape_key_add(name=BASIS, from_mix=False)
    for name, delta in zip(avatar.blendshapes.names, avatar.blendshapes.deltas, strict=True):
        key = keys.get(name)
        if key is None:
            key = obj.shape_key_add(name=name, from_mix=False)
            # since 5.0 new keys start at 1
            key.value = 0.0
        set_values(key.data, "co", rest + to_blender(delta))


def _inherit(mesh: bpy.types.Mesh, old: bpy.types.Mesh) -> None:
    """Materials, slider values and the sliders' animation of the mesh that `mesh` takes the place of."""
    if old.materials:
        mesh.materials.clear()
    for material in old.materials:
        mesh.materials.append(material)
    if old.shape_keys is None:
        return
    keys = mesh.shape_keys
    for key in old.shape_keys.key_blocks:
        if key.name in keys.key_blocks:
            keys.key_blocks[key.name].value = key.value
            keys.key_blocks[key.name].mute = key.mute
    source = old.shape_keys.animation_data
    if source is None:
        return
    target = keys.animation_data_create()
    target.action = source.action
    if getattr(source, "action_slot", None) is not None:
        target.action_slot = source.action_slot
    for driver in source.drivers:
        target.drivers.from_existing(src_driver=driver)
