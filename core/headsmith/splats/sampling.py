"""Points spread over a triangle mesh, evenly and always the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.types import F32, I32

# the plastic number's two-dimensional low-discrepancy sequence: neighbours in the sequence lie far apart
_STEP_U, _STEP_V = 0.7548776662466927, 0.5698402909980532


@dataclass(frozen=True)
class SurfacePoints:
    triangle: I32
    """[N]"""
    barycentric: F32
    """[N, 3]"""
    spacing_m: F32
    """[N] mean distance to the neighbours"""


def triangle_areas(vertices_m: F32, faces: I32) -> F32:
    """[F] square metres."""
    a, b, c = (vertices_m[faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def spread_points(areas_m2: F32, importance: F32, count: int, seed: int) -> SurfacePoints:
    """`count` points with a density per area that follows `importance` [F]; systematic between the triangles, of low
    discrepancy within each. No triangle of importance 0 gets a point."""
    weights = areas_m2.astype(np.float64) * importance
    total = weights.sum()
    if count == 0 or total <= 0:
        return SurfacePoints(np.zeros(0, np.int32), np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
    random = np.random.default_rng(seed)
    positions = (np.arange(count) + random.random()) * (total / count)
    triangle = np.searchsorted(np.cumsum(weights), positions, side="right")
    triangle = np.minimum(triangle, np.nonzero(weights)[0][-1]).astype(np.int32)
    starts = np.searchsorted(triangle, triangle, side="left")
    within = np.arange(count) - starts
    phase = random.random((len(areas_m2), 2))[triangle]
    u, v = (phase[:, 0] + within * _STEP_U) % 1, (phase[:, 1] + within * _STEP_V) % 1
    outside = u + v > 1
    u, v = np.where(outside, 1 - u, u), np.where(outside, 1 - v, v)
    spacing = np.sqrt(total / (count * np.asarray(importance, np.float64)[triangle]))
    return SurfacePoints(triangle, np.stack([1 - u - v, u, v], 1).astype(np.float32), spacing.astype(np.float32))
