"""Gradients of the blending, exact: each tile's splats again, farthest first, recovering transmittance by division.

Every (splat, tile) pair has its own slot for gradients and a second pass sums a splat's slots in order: no atomics, so
the result does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MAX
from headsmith.splats.jit import f32, inlined, kernel, parallel_kernel
from headsmith.splats.kernel_binning import BLUE, GREEN, OPACITY, RADIUS_Y, RED, SIGMA_MAX, TILE, A, B, C, X, Y
from headsmith.splats.kernel_blend_forward import PIXELS, exp_minus, fill_centres, pixel_rows

ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)
CLAMP = f32(ALPHA_MAX)
# rows of the backward state: transmittance behind the current splat, the gradient's product with all that lies
# behind it, dL/d colour, pixel centres
BEHIND, LOSS_BEHIND, G_RED, G_GREEN, G_BLUE, CENTRE_X, CENTRE_Y = range(7)
# columns of a pair's gradient slot
D_X, D_Y, D_CONIC_A, D_CONIC_B, D_CONIC_C, D_OPACITY, D_RED, D_GREEN, D_BLUE = range(9)
SLOT_COLUMNS = 9


@inlined
def unblend_one(state, last, f, splat, entry, slots, pair):
    """Step back over row `splat` of footprints f on the pixels of state [7, P]; its gradients go to slots[pair]."""
    behind, loss_behind, centre_x, centre_y = state[BEHIND], state[LOSS_BEHIND], state[CENTRE_X], state[CENTRE_Y]
    g_red, g_green, g_blue = state[G_RED], state[G_GREEN], state[G_BLUE]
    # element by element: a view of the row would count references, atomically, for every splat of every tile
    x, y, opacity, sigma_max = f[splat, X], f[splat, Y], f[splat, OPACITY], f[splat, SIGMA_MAX]
    a, b, c = f[splat, A], f[splat, B], f[splat, C]
    red, green, blue = f[splat, RED], f[splat, GREEN], f[splat, BLUE]
    sum_opacity, sum_red, sum_green, sum_blue = ZERO, ZERO, ZERO, ZERO
    sum_x, sum_y, sum_xx, sum_xy, sum_yy = ZERO, ZERO, ZERO, ZERO, ZERO
    for i in range(last.shape[0]):
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
        sum_red += weight * g_red[i]
        sum_green += weight * g_green[i]
        sum_blue += weight * g_blue[i]
        g_color = red * g_red[i] + green * g_green[i] + blue * g_blue[i]
        g_alpha = before * g_color - loss_behind[i] * inverse
        g_alpha = g_alpha if raw < CLAMP else ZERO
        loss_behind[i] += weight * g_color
        g_opacity = falloff * g_alpha
        sum_opacity += g_opacity
        g_sigma = -opacity * g_opacity
        gx, gy = g_sigma * dx, g_sigma * dy
        sum_x += gx
        sum_y += gy
        sum_xx += gx * dx
        sum_xy += gx * dy
        sum_yy += gy * dy
    slots[pair, D_X], slots[pair, D_Y] = -(TWO * a * sum_x + b * sum_y), -(b * sum_x + TWO * c * sum_y)
    slots[pair, D_CONIC_A], slots[pair, D_CONIC_B], slots[pair, D_CONIC_C] = HALF * sum_xx, sum_xy, HALF * sum_yy
    slots[pair, D_OPACITY], slots[pair, D_RED], slots[pair, D_GREEN], slots[pair, D_BLUE] = (
        sum_opacity,
        sum_red,
        sum_green,
        sum_blue,
    )


@kernel
def load_tile(state, last, tile_x, tile_y, transmittance, last_entry, g_image, g_alpha):
    """Fills the state and `last` of one tile; pixels outside the image show nothing."""
    height, width = transmittance.shape
    state[BEHIND, :] = ONE
    fill_centres(state, CENTRE_X, CENTRE_Y, tile_x, tile_y)
    for row in range(min(TILE, height - tile_y * TILE)):
        for column in range(min(TILE, width - tile_x * TILE)):
            i, y, x = row * TILE + column, tile_y * TILE + row, tile_x * TILE + column
            last[i] = last_entry[y, x]
            state[BEHIND, i] = transmittance[y, x]
            # alpha is 1 - transmittance, and what lies behind the last splat is the transmittance
            state[LOSS_BEHIND, i] = -transmittance[y, x] * g_alpha[y, x]
            for channel in range(3):
                state[G_RED + channel, i] = g_image[y, x, channel]


@kernel
def unblend_tile(
    tile, footprints, tile_starts, tile_splats, tile_pairs, transmittance, last_entry, g_image, g_alpha, slots
):
    tiles_x = (transmittance.shape[1] + TILE - 1) // TILE
    tile_y, tile_x = tile // tiles_x, tile % tiles_x
    state, last = np.zeros((7, PIXELS), f32), np.full(PIXELS, -1, np.int32)
    load_tile(state, last, tile_x, tile_y, transmittance, last_entry, g_image, g_alpha)
    row_last = np.empty(TILE, np.int32)
    for row in range(TILE):
        row_last[row] = last[row * TILE : row * TILE + TILE].max()
    for entry in range(row_last.max(), tile_starts[tile] - 1, -1):
        splat = tile_splats[entry]
        first, final = pixel_rows(footprints[splat, Y], footprints[splat, RADIUS_Y], tile_y)
        while first <= final and row_last[first] < entry:
            first += 1
        while first <= final and row_last[final] < entry:
            final -= 1
        if first <= final:
            p, q = first * TILE, final * TILE + TILE
            unblend_one(state[:, p:q], last[p:q], footprints, splat, np.int32(entry), slots, tile_pairs[entry])


@parallel_kernel
def blend_backward(
    footprints, tile_starts, tile_splats, tile_pairs, tile_order, transmittance, last_entry, g_image, g_alpha, slots
):
    """Fills slots [pairs, 9] (zeroed before) from dL/d image [H, W, 3] and dL/d alpha [H, W]."""
    for k in prange(tile_order.shape[0]):
        tile = tile_order[k]
        if tile_starts[tile + 1] > tile_starts[tile]:
            unblend_tile(
                tile, footprints, tile_starts, tile_splats, tile_pairs, transmittance, last_entry, g_image, g_alpha,
                slots,
            )  # fmt: skip


@parallel_kernel
def sum_slots(splat_pairs, slots, g_means2d, g_conics, g_opacities, g_colors):
    """Sums each splat's slots into g_means2d [N, 2], g_conics [N, 3], g_opacities [N], g_colors [N, 3]."""
    for i in prange(splat_pairs.shape[0] - 1):
        x, y, a, b, c, o, red, green, blue = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
        for pair in range(splat_pairs[i], splat_pairs[i + 1]):
            x, y = x + slots[pair, D_X], y + slots[pair, D_Y]
            a, b, c = a + slots[pair, D_CONIC_A], b + slots[pair, D_CONIC_B], c + slots[pair, D_CONIC_C]
            o, red = o + slots[pair, D_OPACITY], red + slots[pair, D_RED]
            green, blue = green + slots[pair, D_GREEN], blue + slots[pair, D_BLUE]
        g_means2d[i, 0], g_means2d[i, 1], g_opacities[i] = x, y, o
        g_conics[i, 0], g_conics[i, 1], g_conics[i, 2] = a, b, c
        g_colors[i, 0], g_colors[i, 1], g_colors[i, 2] = red, green, blue
