"""Which splats touch which 16x16 tile, nearest first.

A splat ends where its alpha falls below ALPHA_MIN: an exact ellipse, so that no tile lists a splat in vain.
One depth sort of the splats and a counting sort of the (splat, tile) pairs; every pair knows two places: where its
splat's pairs lie together (`pair`, for summing gradients) and where its tile's do (`tile_splats`, for blending).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from headsmith.splats.compositing import ALPHA_MIN
from headsmith.splats.jit import f32, inlined, kernel, parallel_kernel
from headsmith.types import F32, I32

TILE = 16
# columns of a footprint row, all that blending needs to know of a splat, side by side in memory
X, Y, A, B, C, OPACITY, SIGMA_MAX, RADIUS_X, RADIUS_Y, RED, GREEN, BLUE = range(12)
FOOTPRINT_COLUMNS = 12
RADIX_BITS = 11
RADIX_BINS = 1 << RADIX_BITS

ZERO, HALF, ONE, TWO, TILE_F = f32(0), f32(0.5), f32(1), f32(2), f32(TILE)
LOWEST_OPACITY, INVERSE_ALPHA_MIN = f32(ALPHA_MIN), f32(1 / ALPHA_MIN)
LARGEST_RADIUS = f32(1e8)


class Bins(NamedTuple):
    footprints: F32
    """[N, 12] columns as named above; A, B, C with sigma = A dx^2 + B dx dy + C dy^2, alpha = opacity exp(-sigma)"""
    splat_pairs: I32
    """[N + 1] where each splat's pairs begin"""
    tile_starts: I32
    """[tiles + 1] where each tile's entries begin"""
    tile_splats: I32
    """[pairs] splats, tile by tile, nearest first"""
    tile_pairs: I32
    """[pairs] the pair of each entry of `tile_splats`"""
    tile_order: I32
    """[tiles] an order of work that gives every thread the same load"""


@inlined
def ellipse_edge(dy, side, a, b, c, limit):
    """dx of the ellipse a dx^2 + 2 b dx dy + c dy^2 = limit at `dy`, on the right (side 1) or left (-1)."""
    root = max(b * b * dy * dy - a * (c * dy * dy - limit), ZERO)
    return (side * math.sqrt(root) - b * dy) / a


@kernel
def tile_span(row, tiles_x, f):
    """First and last tile column that the footprint row `f` touches in tile row `row`; first > last for none."""
    a, b, c, limit = TWO * f[A], f[B], TWO * f[C], TWO * f[SIGMA_MAX]
    low = max(f32(row * TILE) + HALF - f[Y], -f[RADIUS_Y])
    high = min(f32(row * TILE) + TILE_F - HALF - f[Y], f[RADIUS_Y])
    if low > high:
        return 0, -1
    dy_rightmost = -b / c * f[RADIUS_X]
    if low <= dy_rightmost <= high:
        right = f[RADIUS_X]
    else:
        right = max(ellipse_edge(low, ONE, a, b, c, limit), ellipse_edge(high, ONE, a, b, c, limit))
    if low <= -dy_rightmost <= high:
        left = -f[RADIUS_X]
    else:
        left = min(ellipse_edge(low, -ONE, a, b, c, limit), ellipse_edge(high, -ONE, a, b, c, limit))
    first = max(ZERO, math.ceil((f[X] + left - TILE_F + HALF) / TILE_F))
    last = min(f32(tiles_x - 1), math.floor((f[X] + right - HALF) / TILE_F))
    return int(first), int(last)


@inlined
def tile_rows(f, tiles_y):
    first = max(ZERO, math.floor((f[Y] - f[RADIUS_Y]) / TILE_F))
    end = min(f32(tiles_y), math.ceil((f[Y] + f[RADIUS_Y]) / TILE_F))
    return int(first), int(end)


@kernel
def fill_footprint(f, mean, conic, opacity, color, width, height):
    """Writes one footprint row; False when the splat cannot be seen."""
    a, b, c = conic[0], conic[1], conic[2]
    det = a * c - b * b
    if not (opacity >= LOWEST_OPACITY and det > ZERO and a > ZERO):
        return False
    limit = TWO * f32(math.log(opacity * INVERSE_ALPHA_MIN))
    radius_x, radius_y = math.sqrt(limit * c / det), math.sqrt(limit * a / det)
    x, y = mean[0], mean[1]
    if not (radius_x < LARGEST_RADIUS and radius_y < LARGEST_RADIUS):
        return False
    if not (x + radius_x > ZERO and x - radius_x < width and y + radius_y > ZERO and y - radius_y < height):
        return False
    f[X], f[Y], f[A], f[B], f[C], f[OPACITY] = x, y, HALF * a, b, HALF * c, opacity
    f[SIGMA_MAX], f[RADIUS_X], f[RADIUS_Y] = HALF * limit, radius_x, radius_y
    f[RED], f[GREEN], f[BLUE] = color[0], color[1], color[2]
    return True


@parallel_kernel
def count_pairs(means2d, conics, opacities, colors, depths, width, height, footprints, counts):
    """Fills footprints [N, 12] and counts [N], the number of tiles each splat touches (0 when not drawn)."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(means2d.shape[0]):
        counts[i] = 0
        f = footprints[i]
        if depths[i] > ZERO and fill_footprint(f, means2d[i], conics[i], opacities[i], colors[i], width, height):
            first_row, end_row = tile_rows(f, tiles_y)
            for row in range(first_row, end_row):
                first, last = tile_span(row, tiles_x, f)
                counts[i] += max(0, last - first + 1)


@parallel_kernel
def list_tiles(footprints, splat_pairs, width, height, pair_tiles):
    """Fills pair_tiles [pairs], the tile of each pair, splat by splat."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(footprints.shape[0]):
        pair = splat_pairs[i]
        if splat_pairs[i + 1] > pair:
            f = footprints[i]
            first_row, end_row = tile_rows(f, tiles_y)
            for row in range(first_row, end_row):
                first, last = tile_span(row, tiles_x, f)
                for column in range(first, last + 1):
                    pair_tiles[pair] = row * tiles_x + column
                    pair += 1


@kernel
def depth_order(depths, splat_pairs):
    """The drawn splats, nearest first, equal depths by index: a radix sort, as positive floats sort like their bits."""
    n = 0
    bits = depths.view(np.uint32)
    keys, order = np.empty(len(depths), np.uint32), np.empty(len(depths), np.int32)
    for i in range(len(depths)):
        if splat_pairs[i + 1] > splat_pairs[i]:
            keys[n], order[n] = bits[i], i
            n += 1
    next_keys, next_order = np.empty(n, np.uint32), np.empty(n, np.int32)
    starts = np.empty(RADIX_BINS + 1, np.int64)
    for digit in range(3):
        shift, mask = np.uint32(RADIX_BITS * digit), np.uint32(RADIX_BINS - 1)
        starts[:] = 0
        for i in range(n):
            starts[((keys[i] >> shift) & mask) + 1] += 1
        for b in range(RADIX_BINS):
            starts[b + 1] += starts[b]
        for i in range(n):
            b = (keys[i] >> shift) & mask
            next_keys[starts[b]], next_order[starts[b]] = keys[i], order[i]
            starts[b] += 1
        keys, next_keys, order, next_order = next_keys, keys[:n], next_order, order[:n]
    return order[:n]


@kernel
def sort_into_tiles(order, splat_pairs, pair_tiles, tile_starts, tile_splats, tile_pairs):
    """Counting sort of the pairs by tile, keeping the depth order; fills the last three arrays."""
    tile_starts[:] = 0
    for tile in pair_tiles:
        tile_starts[tile + 1] += 1
    for tile in range(len(tile_starts) - 1):
        tile_starts[tile + 1] += tile_starts[tile]
    cursor = tile_starts.copy()
    for i in order:
        for pair in range(splat_pairs[i], splat_pairs[i + 1]):
            entry = cursor[pair_tiles[pair]]
            cursor[pair_tiles[pair]] += 1
            tile_splats[entry], tile_pairs[entry] = i, pair


def balanced_order(loads: NDArray[np.int32]) -> I32:
    """Tiles dealt out by falling load: `prange` gives each thread one contiguous share."""
    by_load = np.argsort(-loads, kind="stable").astype(np.int32)
    threads = numba.get_num_threads()
    return np.concatenate([by_load[thread::threads] for thread in range(threads)])


def bin_splats(means2d: F32, conics: F32, opacities: F32, colors: F32, depths: F32, *, width: int, height: int) -> Bins:
    """Of float32 means2d [N, 2], conics [N, 3], opacities [N], colors [N, 3] and depths [N] (0: not drawn)."""
    n = len(means2d)
    tiles = -(-width // TILE) * -(-height // TILE)
    footprints, counts = np.empty((n, FOOTPRINT_COLUMNS), f32), np.empty(n, np.int32)
    count_pairs(means2d, conics, opacities, colors, depths, width, height, footprints, counts)
    splat_pairs = np.zeros(n + 1, np.int32)
    np.cumsum(counts, out=splat_pairs[1:])
    pair_tiles, tile_splats, tile_pairs = (np.empty(splat_pairs[-1], np.int32) for _ in range(3))
    list_tiles(footprints, splat_pairs, width, height, pair_tiles)
    tile_starts = np.empty(tiles + 1, np.int32)
    order = depth_order(depths, splat_pairs)
    sort_into_tiles(order, splat_pairs, pair_tiles, tile_starts, tile_splats, tile_pairs)
    tile_order = balanced_order(np.diff(tile_starts))
    return Bins(footprints, splat_pairs, tile_starts, tile_splats, tile_pairs, tile_order)
