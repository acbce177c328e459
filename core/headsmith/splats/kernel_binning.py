"""Which splats touch which 16x16 tile, nearest first.

A splat ends where its alpha falls below ALPHA_MIN: an exact ellipse, so that no tile lists a splat in vain.
One depth sort of the splats and a counting sort of the (splat, tile) pairs; every pair knows two places: where its
splat's pairs lie together (`pair`, for summing gradients) and where its tile's do (`entry`, for blending).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from headsmith.splats.compositing import ALPHA_MIN, COLOR_MAX, TILE_PX
from headsmith.splats.jit import ceil, f32, floor, parallel_kernel, part
from headsmith.splats.kernel_sorting import depth_order, sort_into_tiles
from headsmith.types import F32, I32

TILE = TILE_PX
# columns of a footprint row, all that blending needs to know of a splat, side by side in memory; then its channels
X, Y, A, B, C, OPACITY, SIGMA_MAX, RADIUS_X, RADIUS_Y, CHANNELS = range(10)

ZERO, HALF, ONE, TWO, TILE_F = f32(0), f32(0.5), f32(1), f32(2), f32(TILE)
LOWEST_OPACITY, INVERSE_ALPHA_MIN = f32(ALPHA_MIN), f32(1 / ALPHA_MIN)
LARGEST_CHANNEL, LARGEST_RADIUS = f32(COLOR_MAX), f32(1e8)


class Bins(NamedTuple):
    """The arrays that blending forward and backward share."""

    footprints: F32
    """[N, 9 + channels] columns as named above; A, B, C with sigma = A dx^2 + B dx dy + C dy^2,
    alpha = opacity exp(-sigma)"""
    pair_starts: I32
    """[N + 1] where each splat's pairs begin; between the end of one's and the next's may be a gap"""
    pair_counts: I32
    """[N] how many each splat has, which is the number of tiles that it touches"""
    tile_starts: I32
    """[tiles + 1] where each tile's entries begin"""
    tile_splats: I32
    """[entries] the splat of each entry: tile by tile, nearest first"""
    tile_pairs: I32
    """[entries] the pair of each entry"""
    tile_order: I32
    """[tiles] an order of work that gives every thread the same load"""


@part
def fill_footprint(f, i, means2d, conics, opacities, channels, width, height):
    """Writes footprint row i; False when the splat cannot be seen."""
    a, b, c, opacity = conics[i, 0], conics[i, 1], conics[i, 2], opacities[i]
    det = a * c - b * b
    if not (opacity > LOWEST_OPACITY and det > ZERO and a > ZERO):
        return False
    limit = TWO * f32(math.log(opacity * INVERSE_ALPHA_MIN))
    radius_x, radius_y = math.sqrt(limit * c / det), math.sqrt(limit * a / det)
    x, y = means2d[i, 0], means2d[i, 1]
    if not (radius_x < LARGEST_RADIUS and radius_y < LARGEST_RADIUS):
        return False
    if not (x + radius_x > ZERO and x - radius_x < width and y + radius_y > ZERO and y - radius_y < height):
        return False
    f[i, X], f[i, Y], f[i, A], f[i, B], f[i, C], f[i, OPACITY] = x, y, HALF * a, b, HALF * c, opacity
    f[i, SIGMA_MAX], f[i, RADIUS_X], f[i, RADIUS_Y] = HALF * limit, radius_x, radius_y
    finite = True
    for k in range(channels.shape[1]):
        f[i, CHANNELS + k] = channels[i, k]
        finite &= abs(channels[i, k]) < LARGEST_CHANNEL
    return finite


@part
def tile_box(x, y, radius_x, radius_y, tiles_x, tiles_y):
    """First and end tile row, first and end tile column of a footprint's box."""
    first_row, end_row = max(0, floor((y - radius_y) / TILE_F)), min(tiles_y, ceil((y + radius_y) / TILE_F))
    first_column, end_column = max(0, floor((x - radius_x) / TILE_F)), min(tiles_x, ceil((x + radius_x) / TILE_F))
    return first_row, end_row, first_column, end_column


@parallel_kernel
def measure(means2d, conics, opacities, channels, width, height, footprints, most):
    """Fills footprints [N, 9 + channels] and most [N], the number of tiles in each splat's box (0: not drawn)."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(means2d.shape[0]):
        most[i] = 0
        if fill_footprint(footprints, i, means2d, conics, opacities, channels, width, height):
            x, y = footprints[i, X], footprints[i, Y]
            first_row, end_row, first_column, end_column = tile_box(
                x, y, footprints[i, RADIUS_X], footprints[i, RADIUS_Y], tiles_x, tiles_y
            )
            most[i] = (end_row - first_row) * (end_column - first_column)


@part
def list_one(f, i, tiles_x, tiles_y, pair_tiles, pair):
    """Writes the tiles whose pixel centres footprint i touches to pair_tiles[pair:]; returns how many they are."""
    x, y, radius_x, radius_y = f[i, X], f[i, Y], f[i, RADIUS_X], f[i, RADIUS_Y]
    # the ellipse a dx^2 + 2 b dx dy + c dy^2 = limit
    a, b, c, limit = TWO * f[i, A], f[i, B], TWO * f[i, C], TWO * f[i, SIGMA_MAX]
    inverse, det, dy_rightmost = ONE / a, a * c - b * b, -b / c * radius_x
    first_row, end_row, _, _ = tile_box(x, y, radius_x, radius_y, tiles_x, tiles_y)
    count = 0
    for row in range(first_row, end_row):
        low = max(f32(row * TILE) + HALF - y, -radius_y)
        high = min(f32(row * TILE) + TILE_F - HALF - y, radius_y)
        # its sides at both ends of the row, or its outermost points where they lie between
        root_low = math.sqrt(max(a * limit - det * low * low, ZERO))
        root_high = math.sqrt(max(a * limit - det * high * high, ZERO))
        right = max(root_low - b * low, root_high - b * high) * inverse
        left = min(-root_low - b * low, -root_high - b * high) * inverse
        right = radius_x if low <= dy_rightmost <= high else right
        left = -radius_x if low <= -dy_rightmost <= high else left
        if low <= high:
            first = max(0, ceil((x + left + HALF) / TILE_F) - 1)
            last = min(tiles_x - 1, floor((x + right - HALF) / TILE_F))
            for column in range(first, last + 1):
                pair_tiles[pair + count] = row * tiles_x + column
                count += 1
    return count


@parallel_kernel
def list_tiles(footprints, pair_starts, width, height, pair_tiles, pair_counts):
    """Fills pair_tiles [pairs], the tile of each pair, splat by splat, and pair_counts [N]."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(footprints.shape[0]):
        pair_counts[i] = 0
        if pair_starts[i + 1] > pair_starts[i]:
            pair_counts[i] = list_one(footprints, i, tiles_x, tiles_y, pair_tiles, pair_starts[i])


def balanced_order(loads: NDArray[np.int32]) -> I32:
    """Tiles dealt out by falling load: `prange` gives each thread one contiguous share."""
    by_load = np.argsort(-loads, kind="stable").astype(np.int32)
    threads = numba.get_num_threads()
    return np.concatenate([by_load[thread::threads] for thread in range(threads)])


def bin_splats(
    means2d: F32, conics: F32, opacities: F32, channels: F32, depths: F32, *, width: int, height: int
) -> Bins:
    """Of float32 means2d [N, 2], conics [N, 3], opacities [N] (0: not drawn), channels [N, n] and depths [N] > 0."""
    n = len(means2d)
    footprints, pair_starts = np.empty((n, CHANNELS + channels.shape[1]), f32), np.zeros(n + 1, np.int32)
    pair_counts = np.empty(n, np.int32)
    measure(means2d, conics, opacities, channels, width, height, footprints, pair_counts)
    np.cumsum(pair_counts, out=pair_starts[1:])
    pair_tiles = np.empty(pair_starts[-1], np.int32)
    list_tiles(footprints, pair_starts, width, height, pair_tiles, pair_counts)
    tile_starts = np.empty(-(-width // TILE) * -(-height // TILE) + 1, np.int32)
    tile_splats, tile_pairs = (np.empty(pair_counts.sum(), np.int32) for _ in range(2))
    order = depth_order(depths, pair_counts)
    cursors = np.empty((numba.get_num_threads(), len(tile_starts) - 1), np.int32)
    sort_into_tiles(order, pair_starts, pair_counts, pair_tiles, cursors, tile_starts, tile_splats, tile_pairs)
    return Bins(footprints, pair_starts, pair_counts, tile_starts, tile_splats, tile_pairs,
                balanced_order(np.diff(tile_starts)))  # fmt: skip
