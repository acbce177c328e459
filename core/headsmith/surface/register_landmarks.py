"""MediaPipe's landmarks of many frames as points on a surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize
from headsmith.surface.mesh import TriangleMesh
from headsmith.types import F32, Camera, Landmarks

_LEAST_FACING = 0.4
"""cosine from which on a landmark is cast: seen at a glance, a pixel beside is a centimetre behind"""
_SPREAD_M = 2e-3
"""distance from the mean at which a cast counts half"""
_ROUNDS = 8


@dataclass(frozen=True)
class SurfaceLandmarks:
    points_m: F32
    """[478, 3]"""
    weight: F32
    """[478] 0..1: 0 where no frame saw the landmark on the surface, less where the frames disagree"""


def cast_landmarks(
    mesh: TriangleMesh, landmarks: Sequence[Landmarks], cameras: Sequence[Camera]
) -> SurfaceLandmarks:  # fmt: skip
    """Where the landmarks of all frames meet the surface: the robust mean of those that meet it squarely."""
    cast = [_cast(mesh, seen.points_px, camera) for seen, camera in zip(landmarks, cameras, strict=True)]
    points, weight = np.stack([c[0] for c in cast]), np.stack([c[1] for c in cast])
    trust = weight.copy()
    for _ in range(_ROUNDS):
        mean = (points * trust[..., None]).sum(0) / np.maximum(trust.sum(0), 1e-9)[:, None]
        distance = np.linalg.norm(points - mean, axis=2)
        trust = weight / (1 + (distance / _SPREAD_M) ** 2)
    agreed = trust.sum(0) / np.maximum(weight.sum(0), 1e-9) * np.minimum(weight.sum(0), 1)
    return SurfaceLandmarks(mean.astype(np.float32), agreed.astype(np.float32))


def _cast(mesh: TriangleMesh, points_px: F32, camera: Camera) -> tuple[F32, F32]:
    """Where rays through pixels [478, 2] meet the mesh [478, 3], and how squarely [478], 0 where they do not."""
    buffers = rasterize(mesh.vertices_m, mesh.faces, camera)
    height, width = buffers.triangle.shape
    column, row = np.floor(points_px).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    triangle = buffers.triangle[row, column]
    corners = mesh.faces[np.maximum(triangle, 0)]
    R, origin = camera.T_camera_world[:3, :3].astype(np.float64), camera.position_m.astype(np.float64)
    xy = (points_px - np.asarray(camera.principal_px)) / camera.focal_px
    rays = np.concatenate([xy, np.ones((len(xy), 1))], 1) @ R
    a, b, c = (mesh.vertices_m[corners[:, k]].astype(np.float64) for k in range(3))
    across = np.cross(b - a, c - a)
    reach = ((a - origin) * across).sum(1) / np.where(np.abs((rays * across).sum(1)) > 1e-15, (rays * across).sum(1), 1)
    normals = vertex_normals(mesh.vertices_m, mesh.faces)[corners].mean(1)
    facing = -(normals * rays).sum(1) / np.linalg.norm(rays, axis=1)
    met = inside & (triangle >= 0) & (reach > 0) & (facing > _LEAST_FACING)
    return origin + reach[:, None] * rays, np.where(met, facing, 0.0)
