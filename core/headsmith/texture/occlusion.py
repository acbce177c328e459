"""Ambient occlusion: how much of the light from the front half of the room reaches points of a posed mesh.

The mesh's depth is drawn from many directions; a point is lit from a direction if nothing lies in front of it there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from headsmith.types import F32, I32

SLACK, STEEPEST = 0.7, 0.3
"""how much of a surface's slope within a pixel of its depth map is allowed for, down to that cosine to its normal"""
TOWARDS = np.array([0, 0, 1], np.float32)


@dataclass(frozen=True)
class OcclusionParams:
    directions: int = 40
    pixel_m: float = 0.001
    """of the depth maps"""
    clear_m: tuple[float, float] = (0.0004, 0.0014)
    """how far something must lie before a point to shade it not at all, and wholly"""
    backmost: float = -0.15
    """z of the last direction: light from behind the head says nothing about the face"""
    from_above: float = 0.4
    """how much more light comes from above than from the sides"""


@dataclass(frozen=True)
class SurfacePoints:
    """Points on the mesh that may be shaded."""

    position_m: F32
    """[N, 3]"""
    normal: F32
    """[N, 3] unit"""


def light_directions(params: OcclusionParams) -> tuple[F32, F32]:
    """Unit vectors [D, 3] to the light, evenly over the front of the sphere (Fibonacci's lattice), and weights [D]."""
    k = np.arange(params.directions) + 0.5
    z = 1 - (1 - params.backmost) * k / params.directions
    angle, radius = np.pi * (3 - np.sqrt(5)) * k, np.sqrt(1 - z * z)
    directions = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], -1)
    return directions.astype(np.float32), (1 + params.from_above * directions[:, 1]).astype(np.float32)


def openness(vertices_m: F32, faces: I32, points: SurfacePoints, params: OcclusionParams) -> F32:
    """[N] 0..1 the share of the light (weighted by the cosine to the normal) that reaches each point.

    `vertices_m` [V, 3] and `faces` [F, 3] are what casts shadows; the points need not lie on them.
    """
    directions, strength = light_directions(params)
    lit = np.zeros(len(points.position_m), np.float64)
    whole = np.zeros(len(points.position_m), np.float64)
    for direction, weight in zip(directions, strength, strict=True):
        facing, plane = np.maximum(points.normal @ direction, 0), _plane(direction)
        slack_m = SLACK * params.pixel_m * np.sqrt(np.maximum(1 - facing**2, 0)) / np.maximum(facing, STEEPEST)
        seen = _unshaded(vertices_m @ plane.T, faces, points.position_m @ plane.T + slack_m[:, None] * TOWARDS, params)
        lit += facing * weight * seen
        whole += facing * weight
    # what faces backwards meets next to no light: let it count as shaded rather than divide by nothing
    least = 0.15 * float(strength.sum()) / 2
    return (lit / np.maximum(whole, least)).astype(np.float32)


def _plane(direction: F32) -> F32:
    """[3, 3] rows: two axes across the direction, and the direction itself."""
    aside = np.cross([0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0], direction)
    aside /= np.linalg.norm(aside)
    return np.stack([aside, np.cross(direction, aside), direction]).astype(np.float32)


def _unshaded(corners: F32, faces: I32, points: F32, params: OcclusionParams) -> F32:
    """[N] 0..1 in coordinates whose z runs towards the light."""
    low = points[:, :2].min(0) - 2 * params.pixel_m
    size = np.ceil((points[:, :2].max(0) - low) / params.pixel_m).astype(int) + 2
    scaled = np.array([1 / params.pixel_m, 1 / params.pixel_m, 1], np.float32)
    origin = np.array([low[0], low[1], 0], np.float32)
    height = np.full((size[1], size[0]), -np.inf, np.float32)
    _draw((corners - origin) * scaled, faces, height)
    return _compare((points - origin) * scaled, height, *(np.float32(m) for m in params.clear_m))


@njit(cache=True, nogil=True)
def _draw(points, faces, height):  # type: ignore[no-untyped-def]
    """The greatest z at each pixel's centre; faces turned away count too."""
    rows, columns = height.shape
    for f in range(faces.shape[0]):
        ax, ay, az = points[faces[f, 0]]
        bx, by, bz = points[faces[f, 1]]
        cx, cy, cz = points[faces[f, 2]]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0:
            continue
        x0 = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        x1 = min(columns - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        y0 = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        y1 = min(rows - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        for y in range(y0, y1 + 1):
            py = y + 0.5
            for x in range(x0, x1 + 1):
                px = x + 0.5
                u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                w = 1.0 - u - v
                if u >= 0.0 and v >= 0.0 and w >= 0.0:
                    height[y, x] = max(height[y, x], np.float32(u * az + v * bz + w * cz))


@njit(cache=True, nogil=True)
def _compare(points, height, clear, hidden):  # type: ignore[no-untyped-def]
    """How far each point is in the light, between the four pixels around it."""
    rows, columns = height.shape
    out = np.empty(points.shape[0], np.float32)
    for n in range(points.shape[0]):
        x, y = points[n, 0] - np.float32(0.5), points[n, 1] - np.float32(0.5)
        i, j = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - np.float32(i), y - np.float32(j)
        total = np.float32(0)
        for dj in range(2):
            for di in range(2):
                row, column = min(max(j + dj, 0), rows - 1), min(max(i + di, 0), columns - 1)
                above = (height[row, column] - points[n, 2] - clear) / (hidden - clear)
                share = (fx if di else 1 - fx) * (fy if dj else 1 - fy)
                total += share * (1 - min(max(above, np.float32(0)), np.float32(1)))
        out[n] = total
    return out
