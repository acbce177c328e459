"""The head's mesh as the separate meshes that engines want, each with one UV a vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.avatar import HeadMesh
from headsmith.types import F32, I32, Bool

GROUP_OF_PART = {
    "eye_left": "eyes",
    "eye_right": "eyes",
    "teeth_upper": "teeth",
    "teeth_lower": "teeth",
}
"""parts that share a mesh; every other part is a mesh of its own"""


@dataclass(frozen=True)
class MeshPart:
    """A group of the head's triangles; vertices on UV seams are split."""

    name: str
    source_vertex: I32
    """[S] the row of `HeadMesh.vertices` that each vertex comes from"""
    uvs: F32
    """[S, 2] v = 1 at the top"""
    faces: I32
    """[F, 3] rows of `source_vertex`"""


def group_faces(head: HeadMesh) -> dict[str, Bool]:
    """Group name -> [F] True for its triangles, in the order of `part_names`; groups without triangles are left out."""
    groups: dict[str, Bool] = {}
    for row, part in enumerate(head.part_names):
        name, mask = GROUP_OF_PART.get(part, part), head.face_part == row
        groups[name] = groups[name] | mask if name in groups else mask
    return {name: mask for name, mask in groups.items() if mask.any()}


def split_mesh(head: HeadMesh) -> tuple[MeshPart, ...]:
    """The head's groups as meshes whose vertices have one UV each."""
    # rows of `uvs` may repeat a coordinate; only different coordinates are a seam
    coordinates, row_of_uv = np.unique(head.uvs, axis=0, return_inverse=True)
    uv_faces = row_of_uv.reshape(-1).astype(np.int32)[head.uv_faces]
    return tuple(_split(name, head.faces[mask], uv_faces[mask], coordinates)
                 for name, mask in group_faces(head).items())  # fmt: skip


def _split(name: str, faces: I32, uv_faces: I32, coordinates: F32) -> MeshPart:
    corners = np.stack([faces.reshape(-1), uv_faces.reshape(-1)], 1)
    unique, rows = np.unique(corners, axis=0, return_inverse=True)
    return MeshPart(
        name,
        source_vertex=unique[:, 0].astype(np.int32),
        uvs=coordinates[unique[:, 1]].astype(np.float32),
        faces=rows.reshape(-1, 3).astype(np.int32),
    )
