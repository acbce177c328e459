"""Front-to-back blending of the binned splats, tile by tile.

A tile's pixels lie in one block of rows by quantity, and a splat is blended only over the pixel rows that its ellipse
reaches, as a slice that is indexed from 0: then the compiler vectorises the pixel loop.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MAX, TRANSMITTANCE_MIN
from headsmith.splats.jit import ceil, f32, floor, inlined, kernel, parallel_kernel, part
from headsmith.splats.kernel_binning import CHANNELS, OPACITY, RADIUS_Y, SIGMA_MAX, TILE, A, B, C, X, Y

PIXELS = TILE * TILE
ZERO, HALF, ONE = f32(0), f32(0.5), f32(1)
CLAMP, FINISHED = f32(ALPHA_MAX), f32(TRANSMITTANCE_MIN)
# exp(-sigma / 8) = 1 + E1 sigma + ... + E5 sigma^5, fitted to the least relative error for sigma 0..5.56
E1, E2, E3 = f32(-0.12499936787873481), f32(0.007810976548176702), f32(-0.00032429910058234004)
E4, E5 = f32(9.734308291159486e-06), f32(-1.8005494560862506e-07)
# rows of the forward state: transmittance, with a minus sign once the pixel is finished; pixel centres; then the sum
# of each channel
TRANSMITTANCE, CENTRE_X, CENTRE_Y, SUMS = range(4)
STATE_ROWS = SUMS + 4
CHECK_EVERY = 16
"""splats between two looks at which pixel rows are still open"""


@inlined
def exp_minus(sigma):
    """exp(-sigma) for 0 <= sigma <= 5.56 to 3e-6 of itself: a polynomial to the eighth power."""
    p = ((((E5 * sigma + E4) * sigma + E3) * sigma + E2) * sigma + E1) * sigma + ONE
    p = p * p
    p = p * p
    return p * p


@part
def pixel_rows(y, radius_y, tile_y):
    """First and last pixel row of the tile (0..15) that a footprint reaches."""
    middle = y - f32(tile_y * TILE) - HALF
    return max(0, ceil(middle - radius_y)), min(TILE - 1, floor(middle + radius_y))


@inlined
def blend_one(state, last, count, f, splat, entry, channels):
    """Blend row `splat` of footprints f over `count` pixels, whole rows: state [8, P], last [P] the last entry shown.

    `channels` is static: 1, 3 or 4. All loads come first, so that no choice holds one: it would become a branch and
    its store a masked one, which the next splat's loads have to wait for.
    """
    transmittance, centre_x, centre_y = state[TRANSMITTANCE], state[CENTRE_X], state[CENTRE_Y]
    sum_0, sum_1, sum_2, sum_3 = state[SUMS], state[SUMS + 1], state[SUMS + 2], state[SUMS + 3]
    # element by element: a view of the row would count references, atomically, for every splat of every tile
    x, y, opacity, sigma_max = f[splat, X], f[splat, Y], f[splat, OPACITY], f[splat, SIGMA_MAX]
    a, b, c = f[splat, A], f[splat, B], f[splat, C]
    value_0 = f[splat, CHANNELS]
    value_1 = f[splat, CHANNELS + 1] if len(channels) > 1 else ZERO
    value_2 = f[splat, CHANNELS + 2] if len(channels) > 1 else ZERO
    value_3 = f[splat, CHANNELS + 3] if len(channels) > 3 else ZERO
    for i in range(count):
        old, old_last = transmittance[i], last[i]
        dx, dy = centre_x[i] - x, centre_y[i] - y
        sigma = dx * (a * dx + b * dy) + c * dy * dy
        falloff = exp_minus(sigma)  # outside the choice below: a call in a branch is not vectorised
        falloff = falloff if sigma <= sigma_max else ZERO
        raw = opacity * falloff
        alpha = raw if raw < CLAMP else CLAMP
        before = max(old, ZERO)
        weight = alpha * before
        after = before - weight
        is_open = after > FINISHED
        weight = weight if is_open else ZERO
        after = after if is_open else -ONE
        transmittance[i] = max(after, -abs(old))
        last[i] = entry if weight > ZERO else old_last
        sum_0[i] += weight * value_0
        if len(channels) > 1:
            sum_1[i] += weight * value_1
            sum_2[i] += weight * value_2
        if len(channels) > 3:
            sum_3[i] += weight * value_3


@kernel
def row_is_finished(state, row):
    most = -ONE
    for i in range(row * TILE, row * TILE + TILE):
        most = max(most, state[TRANSMITTANCE, i])
    return most < ZERO


@inlined
def fill_centres(state, row_x, row_y, tile_x, tile_y):
    for row in range(TILE):
        for column in range(TILE):
            state[row_x, row * TILE + column] = f32(tile_x * TILE + column) + HALF
            state[row_y, row * TILE + column] = f32(tile_y * TILE + row) + HALF


@kernel
def store_tile(state, last, tile_x, tile_y, background, image, transmittance, last_entry):
    height, width, channels = image.shape
    for row in range(min(TILE, height - tile_y * TILE)):
        for column in range(min(TILE, width - tile_x * TILE)):
            i, y, x = row * TILE + column, tile_y * TILE + row, tile_x * TILE + column
            behind = abs(state[TRANSMITTANCE, i])
            transmittance[y, x], last_entry[y, x] = behind, last[i]
            for k in range(channels):
                image[y, x, k] = state[SUMS + k, i] + behind * background[k]


@kernel
def blend_tile(tile, bins, channels, background, image, transmittance, last_entry):
    """Blend one tile and write its pixels. The state is made here, so that the compiler knows its strides."""
    height, width = transmittance.shape
    tiles_x = (width + TILE - 1) // TILE
    tile_y, tile_x = tile // tiles_x, tile % tiles_x
    footprints, tile_splats = bins.footprints, bins.tile_splats
    state, last = np.zeros((STATE_ROWS, PIXELS), f32), np.full(PIXELS, -1, np.int32)
    state[TRANSMITTANCE, :] = ONE
    fill_centres(state, CENTRE_X, CENTRE_Y, tile_x, tile_y)
    start, first_open, last_open = bins.tile_starts[tile], 0, min(TILE, height - tile_y * TILE) - 1
    for entry in range(start, bins.tile_starts[tile + 1]):
        if (entry - start) % CHECK_EVERY == CHECK_EVERY - 1:
            while first_open <= last_open and row_is_finished(state, first_open):
                first_open += 1
            while first_open <= last_open and row_is_finished(state, last_open):
                last_open -= 1
            if first_open > last_open:
                break
        splat = tile_splats[entry]
        first, final = pixel_rows(footprints[splat, Y], footprints[splat, RADIUS_Y], tile_y)
        first, final = max(first, first_open), min(final, last_open)
        if first <= final:
            p, count = first * TILE, (final - first + 1) * TILE
            blend_one(state[:, p:], last[p:], count, footprints, splat, np.int32(entry), channels)
    store_tile(state, last, tile_x, tile_y, background, image, transmittance, last_entry)


@parallel_kernel
def blend_forward(bins, channels, background, image, transmittance, last_entry):
    """Fills image [H, W, n] over background [n], transmittance [H, W] and last_entry [H, W], -1 where none is seen.

    `channels` is static(n), n = 1, 3 or 4.
    """
    for k in prange(len(bins.tile_order)):
        blend_tile(bins.tile_order[k], bins, channels, background, image, transmittance, last_entry)
