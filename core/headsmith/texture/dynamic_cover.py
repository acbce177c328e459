"""Hands, hair and cups in front of a face: what covers eyes or mouth also covers skin beside them.

That skin does not change with the face, so its colour is known in every picture. Where it differs from what is usual
for its place among all pictures, whatever is near is not believed.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.texture.project import smoothstep
from headsmith.types import F32, I32

GRID = 64
"""cells along a side of the texture"""
FEWEST = 5
"""pictures that show a cell, from which it has a usual colour"""
REACH_M = 0.010
"""standard deviation of how far a strange colour casts doubt"""
STRANGE = (0.035, 0.08)
"""mean difference from the usual, sRGB, at which doubt begins and is complete"""


@dataclass(frozen=True)
class PlainSkin:
    """The N pixels of one picture that show skin which moves little."""

    size_px: tuple[int, int]
    """height, width of the picture"""
    pixel: I32
    """[N, 2] row, column"""
    uv: F32
    """[N, 2]"""
    difference: F32
    """[N, 3] sRGB, between the picture and what texture and light say"""
    px_per_m: float

    @property
    def cell(self) -> I32:
        """[N] row * GRID + column"""
        column, row = np.clip((self.uv * [1, -1] + [0, 1]) * GRID, 0, GRID - 1).astype(np.int32).T
        return row * GRID + column


def usual_difference(pictures: Sequence[PlainSkin]) -> F32:
    """[GRID², 3] the median over the pictures, 0 where too few show a cell."""
    means = np.full((len(pictures), GRID * GRID, 3), np.nan, np.float32)
    for row, skin in zip(means, pictures, strict=True):
        count = np.bincount(skin.cell, minlength=GRID * GRID)
        for channel in range(3):
            total = np.bincount(skin.cell, skin.difference[:, channel], GRID * GRID)
            row[count > 0, channel] = total[count > 0] / count[count > 0]
    known = (~np.isnan(means[..., 0])).sum(0) >= FEWEST
    with warnings.catch_warnings():
        # cells that no picture shows
        warnings.simplefilter("ignore", RuntimeWarning)
        usual = np.nanmedian(means, axis=0)
    return np.where(known[:, None], usual, 0).astype(np.float32)


def uncovered(skin: PlainSkin, usual: F32) -> F32:
    """[H, W] 1 where nothing seems to lie over the face, 0 where something does."""
    if not len(skin.pixel):
        return np.ones(skin.size_px, np.float32)
    strange = np.abs(skin.difference - usual[skin.cell]).mean(1)
    values, known = np.zeros(skin.size_px, np.float32), np.zeros(skin.size_px, np.float32)
    values[tuple(skin.pixel.T)], known[tuple(skin.pixel.T)] = strange, 1
    sigma = max(REACH_M * skin.px_per_m, 1.0)
    near, weight = (ndimage.gaussian_filter(a, sigma, truncate=5) for a in (values, known))
    return 1 - smoothstep(*STRANGE, near / np.maximum(weight, 1e-6))
