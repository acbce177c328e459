"""A z-buffer for triangle meshes: which triangle each pixel sees, and where on it (numba, deterministic)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from headsmith.types import F32, I32, Camera

NEAR_M = 1e-3


@dataclass(frozen=True)
class RasterBuffers:
    triangle: I32
    """[H, W] -1 where nothing is seen"""
    barycentric: F32
    """[H, W, 3] perspective-correct, of the triangle's own corners"""
    depth_m: F32
    """[H, W] camera z, +inf where nothing is seen"""

    def interpolate(self, corner_values: F32) -> F32:
        """[F, 3, C] values at the triangles' corners to an image [H, W, C], zero where nothing is seen."""
        values = corner_values[np.maximum(self.triangle, 0)]
        image = (values * self.barycentric[..., None]).sum(2)
        image[self.triangle < 0] = 0
        return image.astype(np.float32)


def rasterize(vertices_m: F32, faces: I32, camera: Camera, cull_back: bool = False) -> RasterBuffers:
    """Vertices [V, 3] in head space, faces [F, 3]; pixel centres are at +0.5."""
    pixels, z = camera.project(np.asarray(vertices_m, np.float32))
    points = np.concatenate([pixels, z[:, None]], 1).astype(np.float64)
    return rasterize_projected(points, faces, camera.size_px, cull_back)


def rasterize_projected(points: F32, faces: I32, size_px: tuple[int, int], cull_back: bool = False) -> RasterBuffers:
    """As `rasterize`, of corners already projected: `points` [V, 3] = x px, y px, depth (1 for flat drawings)."""
    width, height = size_px
    triangle = np.full((height, width), -1, np.int32)
    barycentric = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    _fill(np.ascontiguousarray(points, np.float64), np.ascontiguousarray(faces, np.int32), cull_back, triangle,
          barycentric, depth)  # fmt: skip
    return RasterBuffers(triangle, barycentric, depth)


def shrink(image: F32, factor: int) -> F32:
    """[H, W] or [H, W, C] averaged over blocks of `factor` x `factor` pixels."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image.reshape(height, factor, width, factor, *image.shape[2:])
    return blocks.mean((1, 3), dtype=np.float32)


@njit(cache=True, nogil=True)
def _fill(points, faces, cull_back, triangle, barycentric, depth):  # type: ignore[no-untyped-def]
    height, width = triangle.shape
    for f in range(faces.shape[0]):
        a, b, c = points[faces[f, 0]], points[faces[f, 1]], points[faces[f, 2]]
        if a[2] <= NEAR_M or b[2] <= NEAR_M or c[2] <= NEAR_M:
            continue
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        # y runs down in pixels, so counter-clockwise from outside has negative area
        if area == 0.0 or (cull_back and area > 0.0):
            continue
        x0 = max(0, int(np.ceil(min(a[0], b[0], c[0]) - 0.5)))
        x1 = min(width - 1, int(np.floor(max(a[0], b[0], c[0]) - 0.5)))
        y0 = max(0, int(np.ceil(min(a[1], b[1], c[1]) - 0.5)))
        y1 = min(height - 1, int(np.floor(max(a[1], b[1], c[1]) - 0.5)))
        for y in range(y0, y1 + 1):
            py = y + 0.5
            for x in range(x0, x1 + 1):
                px = x + 0.5
                w0 = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area
                w1 = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area
                w2 = 1.0 - w0 - w1
                if w0 < 0.0 or w1 < 0.0 or w2 < 0.0:
                    continue
                p0, p1, p2 = w0 / a[2], w1 / b[2], w2 / c[2]
                inverse_z = p0 + p1 + p2
                z = 1.0 / inverse_z
                if z < depth[y, x]:
                    depth[y, x] = z
                    triangle[y, x] = f
                    barycentric[y, x, 0] = p0 * z
                    barycentric[y, x, 1] = p1 * z
                    barycentric[y, x, 2] = p2 * z
