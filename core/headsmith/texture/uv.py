"""The texture's texels as points of the mesh: rasterised once, then carried as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize_projected
from headsmith.types import F32, I32, Bool


@dataclass(frozen=True)
class Atlas:
    """The covered texels of a texture of `size_px`², in scan order; N of them."""

    size_px: int
    texel: I32
    """[N] row * size_px + column"""
    triangle: I32
    """[N]"""
    corner: I32
    """[N, 3] vertices of the triangle"""
    barycentric: F32
    """[N, 3]"""
    vertex_count: int

    def at(self, vertex_values: F32) -> F32:
        """Values of the vertices [V] or [V, C] interpolated at the texels [N] or [N, C]."""
        values = np.ascontiguousarray(vertex_values, np.float32)
        flat = _interpolate(values.reshape(len(values), -1), self.corner, self.barycentric)
        return flat[:, 0] if values.ndim == 1 else flat

    def at_corners(self, corner_values: F32) -> F32:
        """As `at`, of values [F, 3, C] that each triangle has of its own."""
        return _interpolate_own(np.ascontiguousarray(corner_values, np.float32), self.triangle, self.barycentric)

    def vertex_means(self, texel_values: F32, weight: F32) -> tuple[F32, F32]:
        """Weighted means [V, C] of texel values [N, C] around each vertex, and the summed weights [V]."""
        values, pull = (np.ascontiguousarray(a, np.float32) for a in (texel_values, weight))
        sums, weights = _scatter(values, pull, self.corner, self.barycentric, self.vertex_count)
        return (sums / np.maximum(weights, 1e-9)[:, None]).astype(np.float32), weights.astype(np.float32)

    def image(self, texel_values: F32, fill: float = 0.0) -> F32:
        """Texel values [N] or [N, C] as an image [T, T] or [T, T, C], `fill` between the charts."""
        tail = texel_values.shape[1:]
        out = np.full((self.size_px**2, *tail), fill, texel_values.dtype)
        out[self.texel] = texel_values
        return out.reshape(self.size_px, self.size_px, *tail)

    def subset(self, chosen: Bool) -> Atlas:
        """The texels where `chosen` [N]."""
        return Atlas(self.size_px, self.texel[chosen], self.triangle[chosen], self.corner[chosen],
                     self.barycentric[chosen], self.vertex_count)  # fmt: skip


def build_atlas(model: HeadModel, size_px: int) -> Atlas:
    """Every texel whose centre lies in a triangle of the UV layout; where charts overlap the first triangle wins."""
    points = np.ones((len(model.uvs), 3))
    points[:, 0] = model.uvs[:, 0] * size_px
    points[:, 1] = (1 - model.uvs[:, 1]) * size_px
    buffers = rasterize_projected(points, model.uv_faces, (size_px, size_px))
    texel = np.flatnonzero(buffers.triangle >= 0).astype(np.int32)
    triangle = buffers.triangle.reshape(-1)[texel]
    barycentric = buffers.barycentric.reshape(-1, 3)[texel]
    return Atlas(
        size_px, texel, triangle, np.ascontiguousarray(model.faces[triangle]), barycentric, len(model.v_template)
    )


def fill_between_charts(image: F32, atlas: Atlas) -> F32:
    """An image [T, T, C] whose uncovered texels repeat the nearest covered one, so that filtering never meets a gap."""
    uncovered = atlas.image(np.zeros(len(atlas.texel), np.float32), fill=1.0) > 0
    nearest = ndimage.distance_transform_edt(uncovered, return_distances=False, return_indices=True)
    return image[nearest[0], nearest[1]]


def texels_per_metre(model: HeadModel, atlas: Atlas) -> F32:
    """[F] linear texel density of each triangle on the mean head."""
    a, b, c = np.moveaxis(model.v_template[model.faces], 1, 0)
    area_m2 = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    p, q, r = np.moveaxis(model.uvs[model.uv_faces] * atlas.size_px, 1, 0)
    u, v = q - p, r - p
    area_texels = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    return np.sqrt(area_texels / np.maximum(area_m2, 1e-12)).astype(np.float32)


@njit(cache=True, nogil=True)
def _interpolate(values, corner, barycentric):  # type: ignore[no-untyped-def]
    out = np.zeros((corner.shape[0], values.shape[1]), np.float32)
    for n in range(corner.shape[0]):
        for k in range(3):
            w = barycentric[n, k]
            for c in range(values.shape[1]):
                out[n, c] += w * values[corner[n, k], c]
    return out


@njit(cache=True, nogil=True)
def _interpolate_own(values, triangle, barycentric):  # type: ignore[no-untyped-def]
    out = np.zeros((triangle.shape[0], values.shape[2]), np.float32)
    for n in range(triangle.shape[0]):
        for k in range(3):
            for c in range(values.shape[2]):
                out[n, c] += barycentric[n, k] * values[triangle[n], k, c]
    return out


@njit(cache=True, nogil=True)
def _scatter(values, weight, corner, barycentric, count):  # type: ignore[no-untyped-def]
    sums = np.zeros((count, values.shape[1]), np.float64)
    weights = np.zeros(count, np.float64)
    for n in range(corner.shape[0]):
        if weight[n] <= 0.0:
            continue
        for k in range(3):
            w = barycentric[n, k] * weight[n]
            weights[corner[n, k]] += w
            for c in range(values.shape[1]):
                sums[corner[n, k], c] += w * values[n, c]
    return sums, weights
