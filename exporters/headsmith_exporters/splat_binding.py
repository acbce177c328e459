"""The binding inside a glTF of splats, so that an engine can move them with the face's GLB (docs/binding.md).

The field names are those of `stitching` in the draft extension MPEG_gaussian_splatting_transport (ISO/IEC 23090-14);
what the draft has no name for, and the frame that displacements are in, is ours, so it stands in `extras`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.avatar import Binding, BoundSplats, HeadMesh, Splats
from headsmith.types import I32
from headsmith_exporters.gltf_document import ARRAY_BUFFER, Document
from headsmith_exporters.mesh_parts import group_faces


@dataclass(frozen=True)
class Stretch:
    """Splats in a row that sit on the same mesh of the face's GLB."""

    mesh: int
    mesh_name: str
    first: int
    count: int


@dataclass(frozen=True)
class Carried:
    """Splats and their binding, sorted by the mesh of the face's GLB that carries them."""

    splats: Splats
    binding: Binding
    """its triangles are those of the whole head"""
    faces: I32
    """[N] each splat's triangle in its mesh"""
    stretches: tuple[Stretch, ...]


def by_mesh(splats: Splats, binding: Binding, head: HeadMesh) -> Carried:
    """Sorts the splats by mesh; those of one mesh stay in their order."""
    mesh_of_face, row_in_mesh = np.zeros(len(head.faces), np.int32), np.zeros(len(head.faces), np.int32)
    groups = group_faces(head)
    for index, mask in enumerate(groups.values()):
        mesh_of_face[mask], row_in_mesh[mask] = index, np.arange(mask.sum())
    mesh = mesh_of_face[binding.triangle]
    order = np.argsort(mesh, kind="stable")
    ends = np.searchsorted(mesh[order], np.arange(len(groups) + 1))
    sorted_ones = BoundSplats(splats, binding).rows(order)
    return Carried(
        splats=sorted_ones.splats,
        binding=sorted_ones.binding,
        faces=row_in_mesh[binding.triangle[order]],
        stretches=tuple(
            Stretch(index, name, int(ends[index]), int(ends[index + 1] - ends[index]))
            for index, name in enumerate(groups)
            if ends[index + 1] > ends[index]
        ),
    )


def add_binding(document: Document, mesh: dict[str, Any], carried: Carried) -> None:
    """Puts the binding's arrays among the attributes of the splats' `mesh`, and what they mean into its extras."""
    binding = carried.binding
    arrays = {
        # numbers of triangles are exact in float32; glTF allows no larger whole numbers than 16 bits here
        "faces": ("_FACE", carried.faces),
        "weights": ("_WEIGHTS", binding.barycentric),
        "displacement": ("_DISPLACEMENT", binding.offset),
        "rotation": ("_ROTATION", binding.rotation_wxyz[:, [1, 2, 3, 0]]),
        "logScale": ("_LOG_SCALE", binding.log_scale),
    }
    accessors = {}
    for field, (attribute, values) in arrays.items():
        accessors[field] = document.add_array(values.astype(np.float32), ARRAY_BUFFER)
        mesh["primitives"][0]["attributes"][attribute] = accessors[field]
    entries = [
        {
            "mesh": stretch.mesh,
            "meshName": stretch.mesh_name,
            "primitive": 0,
            "firstSplat": stretch.first,
            "splatCount": stretch.count,
            **accessors,
        }
        for stretch in carried.stretches
    ]
    mesh["extras"] = {"headsmith": {"stitching": entries}}
