# SPDX-License-Identifier: GPL-3.0-or-later
"""The head as a Blender mesh with shape keys, vertex groups and UVs."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.asset import Avatar

from ..scene import set_attribute, set_values, to_blender

UV_LAYER = "UVMap"


def build_head(avatar: Avatar, obj: bpy.types.Object | None, name: str) -> bpy.types.Object:
    """The head as object `name`, not yet linked; an `obj` of an earlier import gets a new mesh instead."""
    mesh = _mesh(avatar, name)
    if obj is None:
        obj = bpy.data.objects.new(name, mesh)
    else:
        old, obj.data = obj.data, mesh
        obj.vertex_groups.clear()
        bpy.data.meshes.remove(old)
        mesh.name = name
    _add_vertex_groups(obj, avatar)
    _add_shape_keys(obj, avatar)
    return obj


def _mesh(avatar: Avatar, name: str) -> bpy.types.Mesh:
    head = avatar.head
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(head.vertices).tolist(), [], head.faces.tolist())
    uvs = mesh.uv_layers.new(name=UV_LAYER)
    set_values(uvs.uv, "vector", head.uvs[head.uv_faces])
    set_values(mesh.polygons, "use_smooth", np.ones(len(head.faces), bool))
    set_values(mesh.polygons, "material_index", head.face_part)
    for region, membership in head.regions.items():
        set_attribute(mesh, f"region_{region}", "FLOAT", membership)
    mesh.update()
    return mesh


def _add_vertex_groups(obj: bpy.types.Object, avatar: Avatar) -> None:
    for joint, weights in zip(avatar.rig.joint_names, avatar.rig.weights.T, strict=True):
        group = obj.vertex_groups.new(name=joint)
        # vertices of equal weight go in one call: most have weight 1 in one group
        used = np.flatnonzero(weights)
        values, inverse = np.unique(weights[used], return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        rows = np.split(used[order], np.cumsum(np.bincount(inverse))[:-1]) if len(used) else []
        for weight, row in zip(values.tolist(), rows, strict=True):
            group.add(row.tolist(), weight, "REPLACE")


def _add_shape_keys(obj: bpy.types.Object, avatar: Avatar) -> None:
    rest = to_blender(avatar.head.vertices)
    obj.shape_key_add(name="Basis", from_mix=False)
    for name, delta in zip(avatar.blendshapes.names, avatar.blendshapes.deltas, strict=True):
        key = obj.shape_key_add(name=name, from_mix=False)
        # since 5.0 new keys start at 1
        key.value = 0.0
        set_values(key.data, "co", rest + to_blender(delta))
