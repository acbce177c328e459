"""The head's meshes in a glTF: vertices, skin weights and morph targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar
from headsmith.asset.normals import vertex_normals
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.gltf_document import ELEMENT_ARRAY_BUFFER, Document
from headsmith_exporters.gltf_packing import Packing
from headsmith_exporters.mesh_parts import MeshPart
from headsmith_exporters.skin_weights import strongest_joints


@dataclass(frozen=True)
class Shape:
    """What every mesh takes its vertices from."""

    vertices: F32
    """[V, 3] metres"""
    normals: F32
    """[V, 3]"""
    target_names: tuple[str, ...]
    """[K]"""
    deltas: F32
    """[K, V, 3] metres"""
    normal_deltas: F32
    """[K, V, 3]"""
    joints: Any
    """[V, 4] uint8"""
    weights: F32
    """[V, 4]"""


def shape_of(avatar: Avatar, names: tuple[str, ...]) -> Shape:
    """The head with the blendshapes `names`. Raises InputError where the avatar lacks one."""
    missing = [name for name in names if name not in avatar.blendshapes.names]
    if missing:
        raise InputError("the avatar", found=f"no blendshape '{missing[0]}'", expected="every morph target asked for",
                         action="name the blendshapes that it has")  # fmt: skip
    head, rows = avatar.head, [avatar.blendshapes.names.index(name) for name in names]
    deltas = avatar.blendshapes.deltas[rows].astype(np.float32)
    normals = vertex_normals(head.vertices, head.faces)
    normal_deltas = np.zeros_like(deltas)
    for row, delta in enumerate(deltas):
        normal_deltas[row] = vertex_normals(head.vertices + delta, head.faces) - normals
    joints, weights = strongest_joints(avatar.rig.weights)
    return Shape(head.vertices.astype(np.float32), normals, names, deltas,
                 normal_deltas, joints, weights)  # fmt: skip


def add_mesh(document: Document, packing: Packing, part: MeshPart, shape: Shape, material: int) -> int:
    """One mesh with all morph targets; returns it."""
    rows = part.source_vertex
    joints, weights = packing.skin(document, shape.joints[rows], shape.weights[rows])
    attributes = {
        "POSITION": packing.positions(document, shape.vertices[rows]),
        "NORMAL": packing.normals(document, shape.normals[rows]),
        # glTF counts v from the top
        "TEXCOORD_0": packing.uvs(document, part.uvs * [1, -1] + [0, 1]),
        "JOINTS_0": joints,
        "WEIGHTS_0": weights,
    }
    targets = [
        {"POSITION": packing.moves(document, delta[rows]), "NORMAL": packing.turns(document, normal_delta[rows])}
        for delta, normal_delta in zip(shape.deltas, shape.normal_deltas, strict=True)
    ]
    primitive: dict[str, Any] = {"attributes": attributes, "indices": add_indices(document, part), "material": material}
    mesh: dict[str, Any] = {"name": part.name, "primitives": [primitive]}
    if targets:
        primitive["targets"] = targets
        mesh |= {"weights": [0.0] * len(targets), "extras": {"targetNames": list(shape.target_names)}}
    return document.add("meshes", mesh)


def add_indices(document: Document, part: MeshPart) -> int:
    # the largest index of a type is the primitive restart value, which no vertex may have
    index_type = np.uint16 if len(part.source_vertex) <= 65535 else np.uint32
    return document.add_array(part.faces.reshape(-1).astype(index_type), ELEMENT_ARRAY_BUFFER)
