"""What pixels see of a triangle mesh, with gradients to its vertices, on the CPU.

Which triangle a pixel sees comes from the z-buffer and has no gradient; where on the triangle, is computed again in
torch, as nvdiffrast's interpolation does (Laine et al. 2020, arXiv 2011.03277, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.head_model.raster import rasterize_projected
from headsmith.types import F32, I32, Bool, Camera


@dataclass(frozen=True)
class TorchCamera:
    """A `Camera`'s numbers as tensors."""

    R: Tensor
    """[3, 3] head space to camera space"""
    t_m: Tensor
    """[3]"""
    focal_px: float
    principal_px: Tensor
    """[2]"""

    def to_camera(self, points_m: Tensor) -> Tensor:
        """[M, 3] head space to camera space."""
        return points_m @ self.R.T + self.t_m

    def to_pixels(self, camera_m: Tensor) -> Tensor:
        """[M, 2] of points [M, 3] in camera space."""
        return camera_m[:, :2] / camera_m[:, 2:] * self.focal_px + self.principal_px

    def rays(self, pixels: Tensor) -> Tensor:
        """[P, 3] directions in camera space (z is 1) through pixels [P, 2]."""
        xy = (pixels - self.principal_px) / self.focal_px
        return torch.cat([xy, torch.ones_like(xy[:, :1])], 1)

    @property
    def position_m(self) -> Tensor:
        """[3] the camera's centre in head space."""
        return -self.R.T @ self.t_m


def torch_camera(camera: Camera, dtype: torch.dtype = torch.float32) -> TorchCamera:
    T = torch.as_tensor(np.asarray(camera.T_camera_world), dtype=dtype)
    principal_px = torch.as_tensor(camera.principal_px, dtype=dtype)
    return TorchCamera(T[:3, :3], T[:3, 3], float(camera.focal_px), principal_px)


def visible_triangles(camera_m: F32, pixels: F32, faces: I32, size_px: tuple[int, int]) -> I32:
    """[H, W] the triangle that each pixel sees, -1 where none, of corners in camera space [M, 3] and pixels [M, 2]."""
    points = np.concatenate([pixels, camera_m[:, 2:]], 1)
    return rasterize_projected(points, faces, size_px).triangle


def barycentrics(corners_m: Tensor, rays: Tensor) -> Tensor:
    """[P, 3] of where rays [P, 3] from the origin meet the planes of triangles with `corners_m` [P, 3, 3].

    The volumes of ray and two corners (Moeller and Trumbore 1997), so that the result is perspective-correct and its
    derivative says how the point slides along the ray as the corners move.
    """
    a, b, c = corners_m.unbind(1)
    normals = torch.stack([torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)], 1)
    volume = (normals * rays[:, None]).sum(2)
    return volume / volume.sum(1, keepdim=True)


def gather_corners(values: Tensor, faces: Tensor, triangle: Tensor) -> Tensor:
    """[P, 3, C] of `values` [M, C] at the corners of triangles [P]; a gather whose gradient is summed in order."""
    rows = faces.index_select(0, triangle).reshape(-1)
    return values.index_select(0, rows).reshape(len(triangle), 3, values.shape[1])


def interpolate(corner_values: Tensor, weights: Tensor) -> Tensor:
    """[P, C] of corner values [P, 3, C] under barycentric weights [P, 3]."""
    return (corner_values * weights[..., None]).sum(1)


def face_normals(vertices_m: Tensor, faces: Tensor) -> Tensor:
    """[K, 3] of twice the triangles' area as length."""
    a, b, c = (vertices_m.index_select(0, faces[:, k]) for k in range(3))
    return torch.linalg.cross(b - a, c - a)


def smooth_normals(vertices_m: Tensor, faces: Tensor) -> Tensor:
    """[M, 3] unit, area-weighted; the twin of `asset.normals.vertex_normals`."""
    across = face_normals(vertices_m, faces)
    total = torch.zeros_like(vertices_m)
    for k in range(3):
        total = total.index_add(0, faces[:, k], across)
    return torch.nn.functional.normalize(total, dim=1, eps=1e-20)


def pixel_centers(rows: I32, columns: I32, dtype: torch.dtype) -> Tensor:
    """[P, 2] x and y."""
    return torch.as_tensor(np.stack([columns + 0.5, rows + 0.5], 1), dtype=dtype)


def seen_pixels(triangle: I32, allowed: Bool) -> I32:
    """[P] flat indices of the pixels that see a triangle and are `allowed` [H, W]."""
    return np.flatnonzero((triangle >= 0) & allowed).astype(np.int32)
