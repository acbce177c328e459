"""Reading images at fractional positions."""

from __future__ import annotations

import numpy as np
from numba import njit

from headsmith.types import F32, Camera


def crop_camera(camera: Camera, corner_px: tuple[float, float], scale: float, size_px: tuple[int, int]) -> Camera:
    """The camera of the part of the picture that starts at `corner_px`, magnified by `scale`, of `size_px`."""
    cx, cy = camera.principal_px
    principal = ((cx - corner_px[0]) * scale, (cy - corner_px[1]) * scale)
    return Camera(camera.focal_px * scale, principal, size_px, camera.T_camera_world)


def sample_bilinear_px(image: F32, pixel: F32) -> F32:
    """Image [H, W] at pixel positions [..., 2] (centres at +0.5), its border repeated."""
    height, width = image.shape
    x = np.clip(pixel[..., 0] - 0.5, 0, width - 1.001)
    y = np.clip(pixel[..., 1] - 0.5, 0, height - 1.001)
    x0, y0 = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    top = image[y0, x0] * (1 - fx) + image[y0, x0 + 1] * fx
    bottom = image[y0 + 1, x0] * (1 - fx) + image[y0 + 1, x0 + 1] * fx
    return (top * (1 - fy) + bottom * fy).astype(np.float32)


def sample_bicubic_px(image: F32, pixel: F32) -> F32:
    """Image [H, W, C] at pixel positions [N, 2] by Catmull-Rom cubics, its border repeated."""
    return _catmull_rom(np.ascontiguousarray(image, np.float32), np.ascontiguousarray(pixel, np.float32))


def sample_uv(image: F32, uv: F32) -> F32:
    """Texture [T, T] or [T, T, C] (row 0 is v = 1) at uv [N, 2] to values [N] or [N, C], bilinear."""
    values = np.ascontiguousarray(image, np.float32)
    flat = _bilinear(values.reshape(*values.shape[:2], -1), np.ascontiguousarray(uv, np.float32))
    return flat[:, 0] if image.ndim == 2 else flat


@njit(cache=True, nogil=True)
def _bilinear(image, uv):  # type: ignore[no-untyped-def]
    height, width, channels = image.shape
    out = np.empty((uv.shape[0], channels), np.float32)
    for n in range(uv.shape[0]):
        x = min(max(uv[n, 0] * width - np.float32(0.5), np.float32(0)), np.float32(width - 1.001))
        y = min(max((1 - uv[n, 1]) * height - np.float32(0.5), np.float32(0)), np.float32(height - 1.001))
        i, j = int(x), int(y)
        fx, fy = x - np.float32(i), y - np.float32(j)
        for c in range(channels):
            top = image[j, i, c] * (1 - fx) + image[j, i + 1, c] * fx
            bottom = image[j + 1, i, c] * (1 - fx) + image[j + 1, i + 1, c] * fx
            out[n, c] = top * (1 - fy) + bottom * fy
    return out


@njit(cache=True, nogil=True)
def _cubic(t, w):  # type: ignore[no-untyped-def]
    w[0] = ((-0.5 * t + 1.0) * t - 0.5) * t
    w[1] = (1.5 * t - 2.5) * t * t + 1.0
    w[2] = ((-1.5 * t + 2.0) * t + 0.5) * t
    w[3] = (0.5 * t - 0.5) * t * t


@njit(cache=True, nogil=True)
def _catmull_rom(image, pixel):  # type: ignore[no-untyped-def]
    height, width, channels = image.shape
    out = np.zeros((pixel.shape[0], channels), np.float32)
    wx, wy = np.zeros(4, np.float32), np.zeros(4, np.float32)
    for n in range(pixel.shape[0]):
        x, y = pixel[n, 0] - np.float32(0.5), pixel[n, 1] - np.float32(0.5)
        x0, y0 = int(np.floor(x)), int(np.floor(y))
        _cubic(x - x0, wx)
        _cubic(y - y0, wy)
        for j in range(4):
            row = min(max(y0 + j - 1, 0), height - 1)
            for i in range(4):
                column = min(max(x0 + i - 1, 0), width - 1)
                w = wx[i] * wy[j]
                for c in range(channels):
                    out[n, c] += w * image[row, column, c]
    return out
