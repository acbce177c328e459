"""Offsets that fold no triangle."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from headsmith.surface.topology import edges_of
from headsmith.types import F32, I32, Bool

_ROUNDS = 60
_GROW = 6
"""rounds after which the area that is averaged grows by a ring of neighbours"""
_SHRINK = 0.8
_LEAST_COS = 0.2
"""between a triangle's normal before and after: less is a fold"""


def unfold(vertices_m: F32, offsets_m: F32, faces: I32) -> F32:
    """[V, 3] the offsets as `soothe` leaves them, and where that is not enough shrunk as a whole: nothing folds."""
    out = soothe(vertices_m, offsets_m, faces)
    while folded(vertices_m, vertices_m + out, faces).any():
        out *= _SHRINK
    return out


def soothe(vertices_m: F32, offsets_m: F32, faces: I32) -> F32:
    """[V, 3] the offsets, averaged with their neighbours' around triangles that they fold, else unchanged."""
    out = np.array(offsets_m, np.float64)
    mean = _averaging(faces, len(out))
    area = np.zeros(len(out), bool)
    for k in range(_ROUNDS):
        bad = folded(vertices_m, vertices_m + out, faces)
        if not bad.any():
            return out
        area[faces[bad]] = True
        if k % _GROW == _GROW - 1:
            area[faces[area[faces].any(1)]] = True
        out[area] = (mean @ out)[area]
    return out


def _averaging(faces: I32, count: int) -> sparse.csr_matrix:
    """[V, V] the mean over each vertex and its neighbours."""
    i, j = edges_of(faces).vertices.T
    links = sparse.coo_matrix((np.ones(len(i)), (i, j)), (count, count)).tocsr()
    links = links + links.T + sparse.identity(count)
    return (sparse.diags(1 / np.asarray(links.sum(1)).reshape(-1)) @ links).tocsr()


def folded(before_m: F32, after_m: F32, faces: I32) -> Bool:
    """[F] True for triangles whose normal turned too far between two places of the vertices [V, 3]."""
    a, b = _normals(before_m, faces), _normals(after_m, faces)
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) < _LEAST_COS * size


def _normals(vertices_m: F32, faces: I32) -> F32:
    a, b, c = np.moveaxis(vertices_m[faces].astype(np.float64), 1, 0)
    return np.cross(b - a, c - a)
