"""How much of its surroundings each point of a head sees: creases, nostrils and the mouth's inside get less light."""

from __future__ import annotations

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, Camera

_DIRECTIONS = 96
_SIZE_PX = 220
_FAR_M = 20.0
"""so far that rays are parallel"""
_SLACK_M = 0.0025
_LEAST = 0.2
"""light bounces into every crease"""


def openness(model: HeadModel, rest_m: F32) -> F32:
    """[V] 0..1: the cosine-weighted share of directions in which nothing of the head [V, 3] is in the way."""
    normals = vertex_normals(rest_m, model.faces)
    middle = (rest_m.min(0) + rest_m.max(0)) / 2
    radius = float(np.linalg.norm(rest_m - middle, axis=1).max())
    total, seen = np.full(len(rest_m), 1e-6), np.zeros(len(rest_m))
    for direction in _spread(_DIRECTIONS):
        camera = _from_afar(direction, middle, radius)
        depth = rasterize(rest_m, model.faces, camera).depth_m
        pixels, z = camera.project(rest_m)
        x, y = np.clip(pixels, 0, _SIZE_PX - 1).astype(int).T
        cosine = np.maximum(normals @ direction, 0)
        total += cosine
        seen += cosine * (z < depth[y, x] + _SLACK_M)
    return (_LEAST + (1 - _LEAST) * seen / total).astype(np.float32)


def _spread(count: int) -> F32:
    """[count, 3] unit vectors evenly over the sphere (a Fibonacci lattice)."""
    k = np.arange(count)
    z, angle = 1 - (2 * k + 1) / count, np.pi * (3 - np.sqrt(5)) * k
    return np.stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z], -1)


def _from_afar(direction: F32, middle_m: F32, radius_m: float) -> Camera:
    """A camera in that direction which just sees all of the head."""
    right = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
    right /= np.linalg.norm(right)
    T = np.eye(4)
    T[:3, :3] = np.stack([right, np.cross(-direction, right), -direction])
    T[:3, 3] = -T[:3, :3] @ (middle_m + _FAR_M * direction)
    focal_px = 0.49 * _SIZE_PX * _FAR_M / radius_m
    return Camera(focal_px, (_SIZE_PX / 2, _SIZE_PX / 2), (_SIZE_PX, _SIZE_PX), T.astype(np.float32))
