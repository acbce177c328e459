"""The part of a surface that is bare skin, by the votes of the mattes that see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from headsmith.asset.normals import vertex_normals
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.topology import edges_of
from headsmith.surface.visibility import seen_from
from headsmith.types import F32, Bool, Camera, Mattes


def bare_skin(mesh: TriangleMesh, cameras: Sequence[Camera], mattes: Sequence[Mattes]) -> TriangleMesh:
    """The largest piece of `mesh` on which the views see more skin than hair or background."""
    return largest_piece(without(mesh, skin_votes(mesh, cameras, mattes) > 0))


def skin_votes(mesh: TriangleMesh, cameras: Sequence[Camera], mattes: Sequence[Mattes]) -> F32:
    """[M] per vertex the sum over the views that see it of skin - hair - background; 0 where nobody does."""
    normals = vertex_normals(mesh.vertices_m, mesh.faces)
    total = np.zeros(len(mesh.vertices_m), np.float32)
    for camera, matte in zip(cameras, mattes, strict=True):
        weight, pixels = seen_from(mesh, normals, camera)
        at = (pixels[:, 1] - 0.5, pixels[:, 0] - 0.5)
        head, hair, skin = (
            map_coordinates(np.asarray(m, np.float32), at, order=1, mode="constant")
            for m in (matte.head, matte.hair, matte.skin)
        )
        total += weight * (np.maximum(skin, head - hair) - hair - (1 - head))
    return total


def without(mesh: TriangleMesh, keep: Bool) -> TriangleMesh:
    """The triangles all of whose corners are in `keep` [M]."""
    faces = mesh.faces[keep[mesh.faces].all(1)]
    rows, numbered = np.unique(faces, return_inverse=True)
    return TriangleMesh(mesh.vertices_m[rows], numbered.reshape(-1, 3).astype(np.int32))


def largest_piece(mesh: TriangleMesh) -> TriangleMesh:
    """The connected part with the most vertices."""
    count = len(mesh.vertices_m)
    if not count:
        return mesh
    i, j = edges_of(mesh.faces).vertices.T
    label = connected_components(coo_matrix((np.ones(len(i)), (i, j)), (count, count)), directed=False)[1]
    return without(mesh, label == np.bincount(label).argmax())
