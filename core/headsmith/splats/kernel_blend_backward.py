"""Gradients of the blending, exact: each tile's splats again, farthest first, recovering transmittance by division.

Every (splat, tile) pair has its own slot for gradients and a second pass sums a splat's slots in order: no atomics, so
the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MAX
from headsmith.splats.jit import f32, inlined, kernel, parallel_kernel
from headsmith.splats.kernel_binning import CHANNELS, OPACITY, RADIUS_Y, SIGMA_MAX, TILE, A, B, C, X, Y
from headsmith.splats.kernel_blend_forward import PIXELS, exp_minus, fill_centres, pixel_rows
from headsmith.types import F32

ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)
CLAMP, LARGEST = f32(ALPHA_MAX), f32(1e30)
"""gradients that overflow count as none"""
BLOCK = 256
"""splats that are summed in one go"""
# rows of the backward state: transmittance behind the current splat, the gradient's product with all that lies
# behind it, pixel centres, then dL/d image by channel
BEHIND, LOSS_BEHIND, CENTRE_X, CENTRE_Y, GRADIENTS = range(5)
STATE_ROWS = GRADIENTS + 4
# columns of an entry's gradient slot, then one for each channel, then two for the absolute gradient by x and y
D_X, D_Y, D_CONIC_A, D_CONIC_B, D_CONIC_C, D_OPACITY, D_CHANNELS = range(7)


def slot_columns(channels: int, absgrad: bool) -> int:
    """Columns of a gradient slot."""
    return D_CHANNELS + channels + (2 if absgrad else 0)


@inlined
def unblend_one(state, last, count, f, splat, entry, pair, slots, channels, absgrad):
    """Step back over row `splat` of footprints f on `count` pixels of state [8, P]; its gradients go to slots[pair].

    `channels` is static: 1, 3 or 4; `absgrad` too: 2 if absolute gradients are wanted, else 1.
    """
    behind, loss_behind, centre_x, centre_y = state[BEHIND], state[LOSS_BEHIND], state[CENTRE_X], state[CENTRE_Y]
    g_0, g_1, g_2, g_3 = state[GRADIENTS], state[GRADIENTS + 1], state[GRADIENTS + 2], state[GRADIENTS + 3]
    # element by element: a view of the row would count references, atomically, for every splat of every tile
    x, y, opacity, sigma_max = f[splat, X], f[splat, Y], f[splat, OPACITY], f[splat, SIGMA_MAX]
    a, b, c = f[splat, A], f[splat, B], f[splat, C]
    value_0 = f[splat, CHANNELS]
    value_1 = f[splat, CHANNELS + 1] if len(channels) > 1 else ZERO
    value_2 = f[splat, CHANNELS + 2] if len(channels) > 1 else ZERO
    value_3 = f[splat, CHANNELS + 3] if len(channels) > 3 else ZERO
    sum_0, sum_1, sum_2, sum_3, sum_falloff = ZERO, ZERO, ZERO, ZERO, ZERO
    sum_x, sum_y, sum_xx, sum_xy, sum_yy, abs_x, abs_y = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    for i in range(count):
        dx, dy = centre_x[i] - x, centre_y[i] - y
        sigma = dx * (a * dx + b * dy) + c * dy * dy
        falloff = exp_minus(sigma)
        falloff = falloff if (sigma <= sigma_max) & (last[i] >= entry) else ZERO
        raw = opacity * falloff
        alpha = raw if raw < CLAMP else CLAMP
        inverse = ONE / (ONE - alpha)
        before = behind[i] * inverse
        behind[i] = before
        weight = alpha * before
        sum_0 += weight * g_0[i]
        g_color = value_0 * g_0[i]
        if len(channels) > 1:
            sum_1 += weight * g_1[i]
            sum_2 += weight * g_2[i]
            g_color += value_1 * g_1[i] + value_2 * g_2[i]
        if len(channels) > 3:
            sum_3 += weight * g_3[i]
            g_color += value_3 * g_3[i]
        g_alpha = before * g_color - loss_behind[i] * inverse
        g_alpha = g_alpha if raw < CLAMP else ZERO
        loss_behind[i] += weight * g_color
        pull = falloff * g_alpha
        pull_x, pull_y = pull * dx, pull * dy
        sum_falloff += pull
        sum_x += pull_x
        sum_y += pull_y
        sum_xx += pull_x * dx
        sum_xy += pull_x * dy
        sum_yy += pull_y * dy
        if len(absgrad) > 1:
            abs_x += abs(TWO * a * pull_x + b * pull_y)
            abs_y += abs(b * pull_x + TWO * c * pull_y)
    slots[pair, D_X] = opacity * (TWO * a * sum_x + b * sum_y)
    slots[pair, D_Y] = opacity * (b * sum_x + TWO * c * sum_y)
    slots[pair, D_CONIC_A], slots[pair, D_CONIC_B] = -HALF * opacity * sum_xx, -opacity * sum_xy
    slots[pair, D_CONIC_C], slots[pair, D_OPACITY] = -HALF * opacity * sum_yy, sum_falloff
    slots[pair, D_CHANNELS] = sum_0
    if len(channels) > 1:
        slots[pair, D_CHANNELS + 1], slots[pair, D_CHANNELS + 2] = sum_1, sum_2
    if len(channels) > 3:
        slots[pair, D_CHANNELS + 3] = sum_3
    if len(absgrad) > 1:
        slots[pair, D_CHANNELS + len(channels)] = opacity * abs_x
        slots[pair, D_CHANNELS + len(channels) + 1] = opacity * abs_y


@kernel
def load_tile(state, last, tile_x, tile_y, background, drawn, upstream, g_background):
    """Fills the state and `last` of one tile, and its share g_background [n] of dL/d background.

    Pixels outside the image show nothing. drawn: (transmittance, last_entry); upstream: (dL/d image, dL/d alpha).
    """
    transmittance, last_entry = drawn
    g_image, g_alpha = upstream
    height, width, channels = g_image.shape
    state[BEHIND, :] = ONE
    fill_centres(state, CENTRE_X, CENTRE_Y, tile_x, tile_y)
    for k in range(channels):
        g_background[k] = ZERO
    for row in range(min(TILE, height - tile_y * TILE)):
        for column in range(min(TILE, width - tile_x * TILE)):
            i, y, x = row * TILE + column, tile_y * TILE + row, tile_x * TILE + column
            last[i] = last_entry[y, x]
            state[BEHIND, i] = transmittance[y, x]
            # alpha is 1 - transmittance, and behind the last splat lies the background
            g_behind = -g_alpha[y, x]
            for k in range(channels):
                state[GRADIENTS + k, i] = g_image[y, x, k]
                g_behind += background[k] * g_image[y, x, k]
                g_background[k] += transmittance[y, x] * g_image[y, x, k]
            state[LOSS_BEHIND, i] = transmittance[y, x] * g_behind


@kernel
def unblend_tile(tile, bins, channels, absgrad, background, drawn, upstream, slots, is_filled, g_background):
    """Fills the slots of one tile's entries up to the last that is seen."""
    tiles_x = (upstream[0].shape[1] + TILE - 1) // TILE
    tile_y, tile_x = tile // tiles_x, tile % tiles_x
    footprints, tile_splats, tile_pairs = bins.footprints, bins.tile_splats, bins.tile_pairs
    state, last = np.zeros((STATE_ROWS, PIXELS), f32), np.full(PIXELS, -1, np.int32)
    load_tile(state, last, tile_x, tile_y, background, drawn, upstream, g_background)
    row_last = np.empty(TILE, np.int32)
    for row in range(TILE):
        row_last[row] = last[row * TILE : row * TILE + TILE].max()
    for entry in range(row_last.max(), bins.tile_starts[tile] - 1, -1):
        splat = tile_splats[entry]
        first, final = pixel_rows(footprints[splat, Y], footprints[splat, RADIUS_Y], tile_y)
        while first <= final and row_last[first] < entry:
            first += 1
        while first <= final and row_last[final] < entry:
            final -= 1
        if first <= final:
            p, count, pair = first * TILE, (final - first + 1) * TILE, tile_pairs[entry]
            is_filled[pair] = True
            unblend_one(
                state[:, p:], last[p:], count, footprints, splat, np.int32(entry), pair, slots, channels, absgrad
            )


@parallel_kernel
def blend_backward(bins, channels, absgrad, background, drawn, upstream, slots, is_filled, g_backgrounds):
    """Fills slots [pairs, columns] where it sets is_filled [pairs], False before, and g_backgrounds [tiles, n].

    drawn: (transmittance [H, W], last_entry [H, W]); upstream: (dL/d image [H, W, n], dL/d alpha [H, W]).
    `channels` and `absgrad` are static(n) and static(2 if absolute gradients are wanted else 1).
    """
    for k in prange(len(bins.tile_order)):
        tile = bins.tile_order[k]
        unblend_tile(tile, bins, channels, absgrad, background, drawn, upstream, slots, is_filled, g_backgrounds[tile])


class SplatGradients(NamedTuple):
    """Gradients by what blending takes of a splat."""

    means2d: F32
    """[N, 2]"""
    conics: F32
    """[N, 3]"""
    opacities: F32
    """[N]"""
    channels: F32
    """[N, n]"""
    absolute: F32
    """[N, 2] sum over the pixels of each pixel's |dL/d means2d|; [0, 2] if nobody wants it"""


@kernel
def sum_block(block, bins, channels, absgrad, slots, is_filled, g):
    # out of their tuples: in the loop, each of those would count references, atomically, for every splat
    pair_starts, pair_counts = bins.pair_starts, bins.pair_counts
    g_means2d, g_conics, g_opacities, g_channels, g_absolute = g
    n = len(channels)
    for i in range(block * BLOCK, min(len(g_opacities), (block + 1) * BLOCK)):
        x, y, xx, xy, yy, opacity, abs_x, abs_y = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
        sum_0, sum_1, sum_2, sum_3 = ZERO, ZERO, ZERO, ZERO
        for k in range(pair_starts[i], pair_starts[i] + pair_counts[i]):
            if is_filled[k]:
                x, y, xx, xy = x + slots[k, D_X], y + slots[k, D_Y], xx + slots[k, D_CONIC_A], xy + slots[k, D_CONIC_B]
                yy, opacity = yy + slots[k, D_CONIC_C], opacity + slots[k, D_OPACITY]
                sum_0 += slots[k, D_CHANNELS]
                if n > 1:
                    sum_1, sum_2 = sum_1 + slots[k, D_CHANNELS + 1], sum_2 + slots[k, D_CHANNELS + 2]
                if n > 3:
                    sum_3 += slots[k, D_CHANNELS + 3]
                if len(absgrad) > 1:
                    abs_x, abs_y = abs_x + slots[k, D_CHANNELS + n], abs_y + slots[k, D_CHANNELS + n + 1]
        if not (abs(x) + abs(y) + abs(xx) + abs(xy) + abs(yy) + abs(opacity) < LARGEST):
            x, y, xx, xy, yy, opacity, abs_x, abs_y = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
        g_means2d[i, 0], g_means2d[i, 1], g_opacities[i] = x, y, opacity
        g_conics[i, 0], g_conics[i, 1], g_conics[i, 2] = xx, xy, yy
        g_channels[i, 0] = sum_0
        if n > 1:
            g_channels[i, 1], g_channels[i, 2] = sum_1, sum_2
        if n > 3:
            g_channels[i, 3] = sum_3
        if len(absgrad) > 1:
            g_absolute[i, 0], g_absolute[i, 1] = abs_x, abs_y


@parallel_kernel
def sum_slots(bins, channels, absgrad, slots, is_filled, g):
    """Sums each splat's slots, pair by pair, into the SplatGradients `g`."""
    for block in prange((len(bins.footprints) + BLOCK - 1) // BLOCK):
        sum_block(block, bins, channels, absgrad, slots, is_filled, g)
