"""Normals of a triangle mesh."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32, I32


def vertex_normals(vertices_m: F32, faces: I32) -> F32:
    """[V, 3] unit normals, area-weighted; zero vectors become +Z."""
    corners = vertices_m[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = np.zeros((len(vertices_m), 3), np.float64)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(faces[:, k], face_normals[:, axis], len(vertices_m))
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 1e-20, out / np.maximum(length, 1e-20), [0.0, 0.0, 1.0]).astype(np.float32)
