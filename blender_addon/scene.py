# SPDX-License-Identifier: GPL-3.0-or-later
"""The one bridge between numpy in head space (Y up, +Z out of the face) and Blender's data (Z up, -Y forward)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from headsmith.types import F32

AXES = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
"""head space to Blender: (x, y, z) becomes (x, -z, y)"""


def to_blender(points: F32) -> F32:
    """Points or directions [..., 3] from head space to Blender's axes."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)


def from_blender(points: F32) -> F32:
    """Points or directions [..., 3] from Blender's axes to head space."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1)


def quaternions_to_blender(quats_wxyz: F32) -> F32:
    """Rotations [..., 4], wxyz: the axis changes its coordinates, the angle stays."""
    return np.concatenate([quats_wxyz[..., :1], to_blender(quats_wxyz[..., 1:])], -1)


def quaternions_from_blender(quats_wxyz: F32) -> F32:
    """The inverse of `quaternions_to_blender`."""
    return np.concatenate([quats_wxyz[..., :1], from_blender(quats_wxyz[..., 1:])], -1)


def set_values(items: Any, attribute: str, values: Any) -> None:
    """`foreach_set` of an array of any shape, in the type that Blender takes without converting each number."""
    array = np.asarray(values)
    wanted: type = {"b": np.bool_, "i": np.int32, "u": np.int32, "f": np.float32}[array.dtype.kind]
    items.foreach_set(attribute, np.ascontiguousarray(array, wanted).ravel())


def get_values(items: Any, attribute: str, shape: Sequence[int]) -> F32:
    """`foreach_get` as float32 of `shape`."""
    out = np.empty(int(np.prod(shape)), np.float32)
    items.foreach_get(attribute, out)
    return out.reshape(shape)


def set_attribute(mesh: bpy.types.Mesh, name: str, kind: str, values: Any) -> None:
    """A point attribute of `kind` (FLOAT, FLOAT_VECTOR, INT, QUATERNION, BOOLEAN ...), new or replaced."""
    existing = mesh.attributes.get(name)
    if existing is not None and (existing.data_type != kind or existing.domain != "POINT"):
        mesh.attributes.remove(existing)
        existing = None
    attribute = existing or mesh.attributes.new(name, kind, "POINT")
    set_values(attribute.data, "vector" if kind == "FLOAT_VECTOR" else "value", values)


def evaluated_vertices(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> F32:
    """[V, 3] of the evaluated mesh in the object's own coordinates, Blender's axes."""
    mesh = obj.evaluated_get(depsgraph).data
    return get_values(mesh.vertices, "co", (len(mesh.vertices), 3))


def world_matrix(head: bpy.types.Object) -> Matrix:
    """By way of the parent, as a head that is hidden while the splats are shown is not evaluated."""
    if head.parent is None:
        return head.matrix_basis
    return head.parent.matrix_world @ head.matrix_parent_inverse @ head.matrix_basis
