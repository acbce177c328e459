"""The sorts of `kernel_binning`: splats by depth, then their (splat, tile) pairs by tile. Both keep equals in order."""

from __future__ import annotations

import numpy as np
from numba import prange

from headsmith.splats.jit import kernel, parallel_kernel

MAX_DIGIT_BITS = 12
"""of the radix sort: 4096 counters stay in the first-level cache"""


@kernel
def bit_length(number):
    bits = 0
    while number >> bits:
        bits += 1
    return bits


@kernel
def depth_order(depths, pair_counts):
    """The drawn splats, nearest first, equal depths by index.

    A radix sort, as positive floats sort like their bits, of no more bits than the depths differ in.
    """
    n, lowest, highest = 0, np.uint32(0xFFFFFFFF), np.uint32(0)
    bits = depths.view(np.uint32)
    keys, order = np.empty(len(depths), np.uint32), np.empty(len(depths), np.int32)
    for i in range(len(depths)):
        if pair_counts[i] > 0:
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
def count_by_tile(splats, pair_starts, pair_counts, pair_tiles, counts):
    counts[:] = 0
    for i in splats:
        for pair in range(pair_starts[i], pair_starts[i] + pair_counts[i]):
            counts[pair_tiles[pair]] += 1


@kernel
def deal_to_tiles(splats, pair_starts, pair_counts, pair_tiles, cursors, tile_splats, tile_pairs):
    for i in splats:
        for pair in range(pair_starts[i], pair_starts[i] + pair_counts[i]):
            entry = cursors[pair_tiles[pair]]
            cursors[pair_tiles[pair]] += 1
            tile_splats[entry], tile_pairs[entry] = i, pair


@parallel_kernel
def sort_into_tiles(order, pair_starts, pair_counts, pair_tiles, cursors, tile_starts, tile_splats, tile_pairs):
    """Counting sort of the pairs by tile, keeping the depth order; fills the last three arrays.

    The nearest splats are dealt by one thread, the next ones by another: cursors [threads, tiles] is where each begins.
    """
    chunks = cursors.shape[0]
    share = (len(order) + chunks - 1) // chunks
    for c in prange(chunks):
        count_by_tile(order[c * share : (c + 1) * share], pair_starts, pair_counts, pair_tiles, cursors[c])
    entry = 0
    for tile in range(cursors.shape[1]):
        tile_starts[tile] = entry
        for c in range(chunks):
            count = cursors[c, tile]
            cursors[c, tile] = entry
            entry += count
    tile_starts[cursors.shape[1]] = entry
    for c in prange(chunks):
        deal_to_tiles(
            order[c * share : (c + 1) * share], pair_starts, pair_counts, pair_tiles, cursors[c], tile_splats,
            tile_pairs,
        )  # fmt: skip
