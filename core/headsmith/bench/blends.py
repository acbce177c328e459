"""The blends that a scene needs: every pixel with every splat that it shows, counted one by one.

Independent of the rasteriser's own lists: splats in order of depth, drawn over whole pixel rows. The count gives the
floor under the rasteriser's time; the lists feed rasterisers that leave the search for them to others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from headsmith.types import F32, I32

ALPHA_MIN, ALPHA_MAX, TRANSMITTANCE_MIN = 1 / 255, 0.999, 1e-4


class Projected(NamedTuple):
    """Splats in the image, nearest first."""

    means2d: F32
    """[N, 2] pixels"""
    conics: F32
    """[N, 3] xx, xy, yy of the inverse covariance"""
    opacities: F32
    """[N]"""
    order: I32
    """[N] the row of each in the arrays that were sorted"""


def by_depth(means2d: F32, conics: F32, opacities: F32, depths: F32) -> Projected:
    """The splats in front of the camera (depth > 0), nearest first, equal depths in their own order."""
    order = np.argsort(depths, kind="stable").astype(np.int32)
    order = order[depths[order] > 0]
    return Projected(means2d[order], conics[order], opacities[order], order)


@njit(cache=True)
def _reach(conic, opacity):
    """Half the height of the box of pixels where a splat's alpha is at least ALPHA_MIN; negative for none."""
    det = conic[0] * conic[2] - conic[1] * conic[1]
    if opacity < ALPHA_MIN or det <= 0:
        return -1.0
    return np.sqrt(2 * np.log(opacity / ALPHA_MIN) * conic[0] / det)


@njit(cache=True)
def _columns(mean, conic, opacity, dy, width):
    """First column and the one after the last where row offset `dy` crosses the splat's ellipse."""
    limit = 2 * np.log(opacity / ALPHA_MIN)
    root = conic[1] * conic[1] * dy * dy - conic[0] * (conic[2] * dy * dy - limit)
    if root < 0:
        return 0, 0
    middle, half = mean[0] - conic[1] * dy / conic[0] - 0.5, np.sqrt(root) / conic[0]
    return max(0, int(np.ceil(middle - half))), min(width, int(np.floor(middle + half)) + 1)


@njit(cache=True)
def _blend_row(y, means2d, conics, opacities, reaches, counts, starts, ids):
    """Counts the blends of each pixel of row y; where `ids` is not empty also lists them from `starts` on."""
    width = len(counts)
    transmittance = np.ones(width)
    counts[:] = 0
    for i in range(len(means2d)):
        dy = y + 0.5 - means2d[i, 1]
        if abs(dy) > reaches[i]:
            continue
        first, end = _columns(means2d[i], conics[i], opacities[i], dy, width)
        for x in range(first, end):
            dx = x + 0.5 - means2d[i, 0]
            sigma = 0.5 * (conics[i, 0] * dx * dx + conics[i, 2] * dy * dy) + conics[i, 1] * dx * dy
            alpha = min(ALPHA_MAX, opacities[i] * np.exp(-sigma))
            after = transmittance[x] * (1 - alpha)
            if alpha < ALPHA_MIN or transmittance[x] == 0:
                continue
            if after <= TRANSMITTANCE_MIN:
                transmittance[x] = 0  # finished: neither this splat nor any behind it is shown
                continue
            transmittance[x] = after
            if len(ids):
                ids[starts[x] + counts[x]] = i
            counts[x] += 1


@njit(cache=True, parallel=True)
def _blend_rows(means2d, conics, opacities, counts, starts, ids):
    reaches = np.empty(len(means2d))
    for i in prange(len(means2d)):
        reaches[i] = _reach(conics[i], opacities[i])
    for y in prange(len(counts)):
        _blend_row(y, means2d, conics, opacities, reaches, counts[y], starts[y], ids)


def count_blends(splats: Projected, width: int, height: int) -> I32:
    """[H, W] how many splats each pixel shows."""
    counts = np.empty((height, width), np.int32)
    _blend_rows(splats.means2d, splats.conics, splats.opacities, counts, np.zeros_like(counts, np.int64),
                np.empty(0, np.int32))  # fmt: skip
    return counts


def list_blends(splats: Projected, width: int, height: int) -> tuple[I32, I32]:
    """Splat [M] (rows of the arrays that were sorted) and pixel [M] of every blend, pixel by pixel, nearest first."""
    counts = count_blends(splats, width, height)
    ends = np.cumsum(counts.ravel(), dtype=np.int64)
    starts = (ends - counts.ravel()).reshape(height, width)
    ids = np.empty(int(ends[-1]), np.int32)
    if len(ids):
        _blend_rows(splats.means2d, splats.conics, splats.opacities, counts, starts, ids)
    pixels = np.repeat(np.arange(height * width, dtype=np.int32), counts.ravel())
    return splats.order[ids], pixels
