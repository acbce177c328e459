"""Which vertices of a mesh a camera sees."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.raster import rasterize
from headsmith.surface.mesh import TriangleMesh
from headsmith.types import F32, Camera

_SLACK_M = 3e-3
"""how far behind the nearest surface a vertex still counts as seen"""
_GRAZING = 0.25
"""cosine between normal and direction to the camera from which on a vertex counts as seen"""


def seen_from(mesh: TriangleMesh, normals: F32, camera: Camera) -> tuple[F32, F32]:
    """How squarely [M] a camera sees each vertex, 0..1 and 0 where it is hidden or turned away; its pixels [M, 2]."""
    pixels, depth = camera.project(mesh.vertices_m)
    away = camera.position_m - mesh.vertices_m
    facing = (away * normals).sum(1) / np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    buffer = rasterize(mesh.vertices_m, mesh.faces, camera).depth_m
    height, width = buffer.shape
    column, row = np.floor(pixels).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    nearest = buffer[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    seen = inside & (depth < nearest + _SLACK_M) & (facing > _GRAZING)
    return np.where(seen, facing, 0).astype(np.float32), pixels
