"""Offsets that fold no triangle."""

from __future__ import annotations

import numpy as np

from headsmith.surface.topology import edges_of
from headsmith.types import F32, I32, Bool

_ROUNDS = 30
_SHRINK = 0.8
_LEAST_COS = 0.2
"""between a triangle's normal before and after: less is a fold"""


def unfold(vertices_m: F32, offsets_m: F32, faces: I32) -> F32:
    """[V, 3] the offsets, averaged with their neighbours' where they fold a triangle, else unchanged.

    What no averaging unfolds is shrunk as a whole, so that the result never folds.
    """
    edges = edges_of(faces).vertices
    degree = np.maximum(np.bincount(edges.reshape(-1), minlength=len(vertices_m)), 1)[:, None]
    out = np.array(offsets_m, np.float64)
    for _ in range(_ROUNDS):
        bad = folded(vertices_m, vertices_m + out, faces)
        if not bad.any():
            return out
        rows = np.unique(faces[bad])
        total = np.zeros_like(out)
        np.add.at(total, edges[:, 0], out[edges[:, 1]])
        np.add.at(total, edges[:, 1], out[edges[:, 0]])
        out[rows] = (total / degree)[rows]
    while folded(vertices_m, vertices_m + out, faces).any():
        out *= _SHRINK
    return out


def folded(before_m: F32, after_m: F32, faces: I32) -> Bool:
    """[F] True for triangles whose normal turned too far between two places of the vertices [V, 3]."""
    a, b = _normals(before_m, faces), _normals(after_m, faces)
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) < _LEAST_COS * size


def _normals(vertices_m: F32, faces: I32) -> F32:
    a, b, c = np.moveaxis(vertices_m[faces].astype(np.float64), 1, 0)
    return np.cross(b - a, c - a)
