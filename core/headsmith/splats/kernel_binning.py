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

from headsmith.splats.compositing import ALPHA_MIN, TILE_PX
from headsmith.splats.jit import f32, kernel, parallel_kernel, part
from headsmith.types import F32, I32

TILE = TILE_PX
# columns of a footprint row, all that blending needs to know of a splat, side by side in memory; then its channels
X, Y, A, B, C, OPACITY, SIGMA_MAX, RADIUS_X, RADIUS_Y, CHANNELS = range(10)
MAX_DIGIT_BITS = 12
"""of the radix sort: 4096 counters stay in the first-level cache"""

ZERO, HALF, ONE, TWO, TILE_F = f32(0), f32(0.5), f32(1), f32(2), f32(TILE)
LOWEST_OPACITY, INVERSE_ALPHA_MIN = f32(ALPHA_MIN), f32(1 / ALPHA_MIN)
LARGEST, LARGEST_RADIUS = f32(1e30), f32(1e8)


class Bins(NamedTuple):
    """The arrays that blending forward and backward share."""

    footprints: F32
    """[N, 9 + channels] columns as named above; A, B, C with sigma = A dx^2 + B dx dy + C dy^2,
    alpha = opacity exp(-sigma)"""
    splat_pairs: I32
    """[N + 1] where each splat's pairs begin"""
    pair_tiles: I32
    """[pairs] the tile of each pair"""
    pair_entries: I32
    """[pairs] the entry of each pair"""
    tile_starts: I32
    """[tiles + 1] where each tile's entries begin"""
    tile_splats: I32
    """[pairs] the splat of each entry: tile by tile, nearest first"""
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
        finite &= abs(channels[i, k]) < LARGEST
    return finite


@part
def tile_rows(f, i, tiles_y):
    first = max(ZERO, math.floor((f[i, Y] - f[i, RADIUS_Y]) / TILE_F))
    end = min(f32(tiles_y), math.ceil((f[i, Y] + f[i, RADIUS_Y]) / TILE_F))
    return int(first), int(end)


@part
def tile_span(f, i, row, tiles_x):
    """First and last tile column whose pixel centres footprint i touches in tile row `row`; first > last for none."""
    y, radius_x, radius_y = f[i, Y], f[i, RADIUS_X], f[i, RADIUS_Y]
    a, b, c, limit = TWO * f[i, A], f[i, B], TWO * f[i, C], TWO * f[i, SIGMA_MAX]
    low = max(f32(row * TILE) + HALF - y, -radius_y)
    high = min(f32(row * TILE) + TILE_F - HALF - y, radius_y)
    if low > high:
        return 0, -1
    # the ellipse a dx^2 + 2 b dx dy + c dy^2 = limit at both ends of the row, and its sides between them
    inverse, det = ONE / a, a * c - b * b
    root_low, root_high = (
        math.sqrt(max(a * limit - det * low * low, ZERO)),
        math.sqrt(max(a * limit - det * high * high, ZERO)),
    )
    right = max(root_low - b * low, root_high - b * high) * inverse
    left = min(-root_low - b * low, -root_high - b * high) * inverse
    dy_rightmost = -b / c * radius_x
    right = radius_x if low <= dy_rightmost <= high else right
    left = -radius_x if low <= -dy_rightmost <= high else left
    first = max(ZERO, math.ceil((f[i, X] + left - TILE_F + HALF) / TILE_F))
    last = min(f32(tiles_x - 1), math.floor((f[i, X] + right - HALF) / TILE_F))
    return int(first), int(last)


@parallel_kernel
def count_pairs(means2d, conics, opacities, channels, width, height, footprints, counts):
    """Fills footprints [N, 9 + channels] and counts [N], the number of tiles each splat touches."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(means2d.shape[0]):
        count = 0
        if fill_footprint(footprints, i, means2d, conics, opacities, channels, width, height):
            first_row, end_row = tile_rows(footprints, i, tiles_y)
            for row in range(first_row, end_row):
                first, last = tile_span(footprints, i, row, tiles_x)
                count += max(0, last - first + 1)
        counts[i] = count


@parallel_kernel
def list_tiles(footprints, splat_pairs, width, height, pair_tiles):
    """Fills pair_tiles [pairs], the tile of each pair, splat by splat."""
    tiles_x, tiles_y = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    for i in prange(footprints.shape[0]):
        pair = splat_pairs[i]
        if splat_pairs[i + 1] > pair:
            first_row, end_row = tile_rows(footprints, i, tiles_y)
            for row in range(first_row, end_row):
                first, last = tile_span(footprints, i, row, tiles_x)
                for column in range(first, last + 1):
                    pair_tiles[pair] = row * tiles_x + column
                    pair += 1


@kernel
def bit_length(number):
    bits = 0
    while number >> bits:
        bits += 1
    return bits


@kernel
def depth_order(depths, splat_pairs):
    """The drawn splats, nearest first, equal depths by index.

    A radix sort, as positive floats sort like their bits, of no more bits than the depths differ in.
    """
    n, lowest, highest = 0, np.uint32(0xFFFFFFFF), np.uint32(0)
    bits = depths.view(np.uint32)
    keys, order = np.empty(len(depths), np.uint32), np.empty(len(depths), np.int32)
    for i in range(len(depths)):
        if splat_pairs[i + 1] > splat_pairs[i]:
            keys[n], order[n] = bits[i], i
            lowest, highest = min(lowest, bits[i]), max(highest, bits[i])
            n += 1
    if n == 0:
        return order[:0]
    width = bit_length(highest - lowest)
    digits = max(1, (width + MAX_DIGIT_BITS - 1) // MAX_DIGIT_BITS)
    digit_bits = (width + digits - 1) // digits
    next_keys, next_order = np.empty(len(depths), np.uint32), np.empty(len(depths), np.int32)
    starts, mask = np.empty((1 << digit_bits) + 1, np.int32), np.uint32((1 << digit_bits) - 1)
    for digit in range(digits):
        shift = np.uint32(digit_bits * digit)
        starts[:] = 0
        for i in range(n):
            starts[(((keys[i] - lowest) >> shift) & mask) + 1] += 1
        for b in range(1 << digit_bits):
            starts[b + 1] += starts[b]
        for i in range(n):
            b = ((keys[i] - lowest) >> shift) & mask
            next_keys[starts[b]], next_order[starts[b]] = keys[i], order[i]
            starts[b] += 1
        keys, next_keys, order, next_order = next_keys, keys, next_order, order
    return order[:n]


@kernel
def sort_into_tiles(order, splat_pairs, pair_tiles, tile_starts, tile_splats, pair_entries):
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
            tile_splats[entry], pair_entries[pair] = i, entry


def balanced_order(loads: NDArray[np.int32]) -> I32:
    """Tiles dealt out by falling load: `prange` gives each thread one contiguous share."""
    by_load = np.argsort(-loads, kind="stable").astype(np.int32)
    threads = numba.get_num_threads()
    return np.concatenate([by_load[thread::threads] for thread in range(threads)])


def bin_splats(
    means2d: F32, conics: F32, opacities: F32, channels: F32, depths: F32, *, width: int, height: int
) -> tuple[Bins, I32]:
    """Of float32 means2d [N, 2], conics [N, 3], opacities [N] (0: not drawn), channels [N, n] and depths [N] > 0.

    Also returns [N] how many tiles each splat touches.
    """
    n = len(means2d)
    tiles = -(-width // TILE) * -(-height // TILE)
    footprints, counts = np.empty((n, CHANNELS + channels.shape[1]), f32), np.empty(n, np.int32)
    count_pairs(means2d, conics, opacities, channels, width, height, footprints, counts)
    splat_pairs = np.zeros(n + 1, np.int32)
    np.cumsum(counts, out=splat_pairs[1:])
    pair_tiles, pair_entries, tile_splats = (np.empty(splat_pairs[-1], np.int32) for _ in range(3))
    list_tiles(footprints, splat_pairs, width, height, pair_tiles)
    tile_starts = np.empty(tiles + 1, np.int32)
    sort_into_tiles(depth_order(depths, splat_pairs), splat_pairs, pair_tiles, tile_starts, tile_splats, pair_entries)
    order = balanced_order(np.diff(tile_starts))
    return Bins(footprints, splat_pairs, pair_tiles, pair_entries, tile_starts, tile_splats, order), counts
