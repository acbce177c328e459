"""Skin detail for places that no photo shows: noise with the spectrum of a seen patch, laid on in 3D without seams."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy import ndimage

from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool

TILE_M = 0.04
PATCH_M = (0.024, 0.016, 0.011, 0.0075)
LOWEST_WAVE_M = 0.006
"""waves longer than this are left to the smooth fill"""
CONTRAST = (0.006, 0.016)
"""least and largest standard deviation, sRGB 0..1; what a small photo calls detail is mostly blotches and noise"""
DEFAULT_CONTRAST = 0.01


def skin_grain(atlas: Atlas, detail: F32, good: Bool, texels_per_m: float, seed: int) -> F32:
    """[t, t, 3] a tile `TILE_M` wide that repeats, made from the detail [N, 3] (sRGB) around the `good` [N] texels.

    Random-phase noise (after Galerne, Gousseau and Morel 2011): the spectrum of the example, its phases drawn anew.
    """
    size = int(np.clip(TILE_M * texels_per_m, 32, 512))
    random = np.random.default_rng(seed)
    patch = _cleanest_patch(atlas, detail, good, texels_per_m)
    if patch is None:
        white = ndimage.gaussian_filter(random.standard_normal((size, size)), 1.0, mode="wrap")
        return np.repeat((white * DEFAULT_CONTRAST / white.std())[..., None], 3, 2).astype(np.float32)
    amplitude = _amplitude_by_wavelength(patch, size, texels_per_m)
    phase = np.exp(1j * np.angle(np.fft.fft2(random.standard_normal((size, size)))))
    tile = np.fft.ifft2(amplitude * phase[..., None], axes=(0, 1)).real
    return (tile * (np.clip(tile.std(), *CONTRAST) / max(float(tile.std()), 1e-9))).astype(np.float32)


def _amplitude_by_wavelength(patch: F32, size: int, texels_per_m: float) -> F32:
    """[size, size, 3] the patch's spectrum for a tile of `size`, averaged over directions: the layout may stretch."""
    side = len(patch)
    window = np.hanning(side + 2)[1:-1]
    power = np.abs(np.fft.fft2((patch - patch.mean((0, 1))) * np.outer(window, window)[..., None], axes=(0, 1))) ** 2
    theirs = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    bins = np.arange(side // 2 + 1) / side
    ring = np.clip(np.round(theirs * side).astype(int), 0, side // 2).ravel()
    count = np.maximum(np.bincount(ring, minlength=len(bins)), 1)
    mean = np.stack([np.bincount(ring, power[..., c].ravel(), len(bins)) / count for c in range(3)], 1)
    ours = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None])
    keep = (ours * texels_per_m > 1 / LOWEST_WAVE_M)[..., None]
    amplitude = np.stack([np.interp(ours, bins, np.sqrt(mean[:, c])) for c in range(3)], 2)
    return amplitude * keep * (size / np.sqrt((window**2).sum() ** 2))


def _cleanest_patch(atlas: Atlas, detail: F32, good: Bool, texels_per_m: float) -> F32 | None:
    """The largest square of good texels, and among equals the one with the least contrast: no mole, no shadow edge."""
    mask = atlas.image(good.astype(np.float32))
    image = atlas.image(detail)
    energy = (image**2).sum(2)
    for width_m in PATCH_M:
        size = max(8, round(width_m * texels_per_m))
        full = ndimage.uniform_filter(mask, size) > 0.995
        if full.any():
            spread = np.where(full, ndimage.uniform_filter(energy, size), np.inf)
            y, x = np.unravel_index(int(spread.argmin()), spread.shape)
            top, left = max(int(y) - size // 2, 0), max(int(x) - size // 2, 0)
            return image[top : top + size, left : left + size]
    return None


def lay_on(tile: F32, position_m: F32, normal: F32, texels_per_m: float) -> F32:
    """[N, 3] the tile seen along the three axes at points [N, 3], blended by their normals [N, 3]."""
    weight = np.abs(normal).astype(np.float32) ** 4
    weight /= np.sqrt((weight**2).sum(1, keepdims=True)) + 1e-9
    return _triplanar(tile, np.ascontiguousarray(position_m * np.float32(texels_per_m)), weight)


@njit(cache=True, nogil=True)
def _triplanar(tile, position, weight):  # type: ignore[no-untyped-def]
    size = tile.shape[0]
    out = np.zeros((position.shape[0], 3), np.float32)
    for n in range(position.shape[0]):
        for axis in range(3):
            w = weight[n, axis]
            if w < 0.01:
                continue
            x = position[n, (axis + 1) % 3] + np.float32(17.3 * axis)
            y = position[n, (axis + 2) % 3]
            x0, y0 = np.floor(x), np.floor(y)
            fx, fy = x - x0, y - y0
            i0, j0 = int(x0) % size, int(y0) % size
            i1, j1 = (i0 + 1) % size, (j0 + 1) % size
            for c in range(3):
                top = tile[j0, i0, c] * (1 - fx) + tile[j0, i1, c] * fx
                bottom = tile[j1, i0, c] * (1 - fx) + tile[j1, i1, c] * fx
                out[n, c] += w * (top * (1 - fy) + bottom * fy)
    return out
