"""One pass over all splats for one camera: where each lands in the image, how it looks there, and the way back.

A splat that is not drawn (behind the camera, outside the image, too faint, or not finite) is zero in every output and
has zero gradients.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MIN, EPS2D_PX2, FAR_M, NEAR_M
from headsmith.splats.jit import f32, kernel, parallel_kernel, part
from headsmith.splats.kernel_projection import (
    axes_gradient,
    covariance,
    covariance_gradient,
    point_gradient,
    project_axes,
    row3,
    row_times_matrix,
    times,
    view_gradient,
)
from headsmith.splats.kernel_sh import BLOCK, SCRATCH_ROWS, color_gradient, color_towards
from headsmith.types import F32

ZERO, ONE, TWO = f32(0), f32(1), f32(2)
NEAR, FAR, EPS2D = f32(NEAR_M), f32(FAR_M), f32(EPS2D_PX2)
LOWEST_OPACITY, INVERSE_ALPHA_MIN = f32(ALPHA_MIN), f32(1 / ALPHA_MIN)
LARGEST, LARGEST_RADIUS = f32(1e30), f32(1e8)


class Cloud(NamedTuple):
    """Splats in the world, or the gradients of their parts."""

    means: F32
    """[N, 3] metres"""
    quats: F32
    """[N, 4] wxyz, any length"""
    scales: F32
    """[N, 3] metres"""
    opacities: F32
    """[N]"""
    colors: F32
    """[N, K, 3] coefficients of spherical harmonics, or [N, 1, 3] plain colours"""


class Lens(NamedTuple):
    """One camera."""

    viewmat: F32
    """[4, 4] world to camera"""
    K: F32
    """[3, 3]"""
    centre: F32
    """[3] its place in the world"""
    size_px: F32
    """width and height"""


class Seen(NamedTuple):
    """Splats in the image, or the gradients of their parts."""

    means2d: F32
    """[N, 2] px"""
    conics: F32
    """[N, 3] xx, xy, yy of the inverse covariance"""
    depths: F32
    """[N] m"""
    opacities: F32
    """[N] compensated, if antialiased"""
    colors: F32
    """[N, 3]"""


@part
def write_pixel_extent(radii, i, lens, x, y, variance_x, variance_y, opacity):
    """Writes radii[i], whole pixels to where alpha falls below ALPHA_MIN; False where that leaves out the image."""
    reach = math.sqrt(TWO * f32(math.log(opacity * INVERSE_ALPHA_MIN)))
    radius_x, radius_y = math.ceil(reach * math.sqrt(variance_x)), math.ceil(reach * math.sqrt(variance_y))
    in_image = (
        ZERO < radius_x < LARGEST_RADIUS and ZERO < radius_y < LARGEST_RADIUS
        and -radius_x < x < lens.size_px[0] + radius_x and -radius_y < y < lens.size_px[1] + radius_y
    )  # fmt: skip
    if in_image:
        radii[i, 0], radii[i, 1] = int(radius_x), int(radius_y)
    return in_image


@part
def direction_from(lens, mean):
    return (mean[0] - lens.centre[0], mean[1] - lens.centre[1], mean[2] - lens.centre[2])


@part
def is_finite(color):
    # comparisons, not isfinite, which fast maths may fold; NaN fails every one
    return abs(color[0]) < LARGEST and abs(color[1]) < LARGEST and abs(color[2]) < LARGEST


@kernel
def see_one(i, cloud, lens, count, antialiased, basis, seen, radii):
    """Writes row i of `seen` and `radii`; False, and maybe half of it, for a splat that is not drawn."""
    p = project_axes(i, cloud.means, cloud.quats, lens.viewmat, lens.K, lens.size_px[0], lens.size_px[1])
    x, y, z = p.point
    s = row3(cloud.scales, i)
    xx, xy, yy, sharp, blurred = covariance(times(p.B[0], s), times(p.B[1], s))
    opacity = cloud.opacities[i] * (math.sqrt(sharp / blurred) if antialiased else ONE)
    if not (NEAR < z < FAR and ZERO < blurred < LARGEST and LOWEST_OPACITY < opacity < LARGEST):
        return False
    px, py = lens.K[0, 0] * x / z + lens.K[0, 2], lens.K[1, 1] * y / z + lens.K[1, 2]
    if not write_pixel_extent(radii, i, lens, px, py, xx + EPS2D, yy + EPS2D, opacity):
        return False
    color = color_towards(cloud.colors, i, count, direction_from(lens, row3(cloud.means, i)), basis)
    seen.means2d[i, 0], seen.means2d[i, 1] = px, py
    inverse = ONE / blurred
    seen.conics[i, 0], seen.conics[i, 1], seen.conics[i, 2] = (
        (yy + EPS2D) * inverse,
        -xy * inverse,
        (xx + EPS2D) * inverse,
    )
    seen.depths[i], seen.opacities[i] = z, opacity
    seen.colors[i, 0], seen.colors[i, 1], seen.colors[i, 2] = color
    return is_finite(color)


@part
def clear(seen, radii, i):
    seen.means2d[i, 0], seen.means2d[i, 1], seen.depths[i], seen.opacities[i] = ZERO, ZERO, ZERO, ZERO
    for k in range(3):
        seen.conics[i, k], seen.colors[i, k] = ZERO, ZERO
    radii[i, 0], radii[i, 1] = 0, 0


@parallel_kernel
def see(cloud, lens, count, antialiased, seen, radii):
    """Fills `seen` and radii [N, 2] (0: not drawn); `count` harmonics make a colour, 0 takes colours as they are."""
    n = len(cloud.means)
    for block in prange((n + BLOCK - 1) // BLOCK):
        basis = np.empty(16, f32)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            if not see_one(i, cloud, lens, count, antialiased, basis, seen, radii):
                clear(seen, radii, i)


@part
def is_pulled(g_seen, i):
    """Whether any gradient reaches splat i: most splats of a closed surface are hidden, and none does."""
    return not (
        g_seen.conics[i, 0] == ZERO and g_seen.conics[i, 2] == ZERO and g_seen.means2d[i, 0] == ZERO
        and g_seen.means2d[i, 1] == ZERO and g_seen.depths[i] == ZERO and g_seen.opacities[i] == ZERO
        and g_seen.colors[i, 0] == ZERO and g_seen.colors[i, 1] == ZERO and g_seen.colors[i, 2] == ZERO
    )  # fmt: skip


@part
def clear_gradient(g_cloud, i):
    for k in range(3):
        g_cloud.means[i, k], g_cloud.scales[i, k] = ZERO, ZERO
    for k in range(4):
        g_cloud.quats[i, k] = ZERO
    g_cloud.opacities[i] = ZERO
    for k in range(g_cloud.colors.shape[1]):
        g_cloud.colors[i, k, 0], g_cloud.colors[i, k, 1], g_cloud.colors[i, k, 2] = ZERO, ZERO, ZERO


@part
def add_camera_gradient(g_lens, rows, g_direction):
    for row in range(3):
        g_lens[3, row] -= g_direction[row]
        for column in range(4):
            g_lens[row, column] += rows[row][column]


@kernel
def unsee_one(i, cloud, lens, count, antialiased, seen, g_seen, scratch, g_cloud, g_lens):
    """Writes row i of `g_cloud`; adds to g_lens [4, 4], if it is not empty."""
    mean, s, g_color = row3(cloud.means, i), row3(cloud.scales, i), row3(g_seen.colors, i)
    direction = direction_from(lens, mean)
    for k in range(count, g_cloud.colors.shape[1]):
        g_cloud.colors[i, k, 0], g_cloud.colors[i, k, 1], g_cloud.colors[i, k, 2] = ZERO, ZERO, ZERO
    g_direction = color_gradient(
        cloud.colors, i, count, direction, row3(seen.colors, i), g_color, scratch, g_cloud.colors
    )
    p = project_axes(i, cloud.means, cloud.quats, lens.viewmat, lens.K, lens.size_px[0], lens.size_px[1])
    cov = covariance(times(p.B[0], s), times(p.B[1], s))
    g_opacity, g_compensation = g_seen.opacities[i], ZERO
    if antialiased:
        g_compensation = g_opacity * cloud.opacities[i]
        g_opacity *= math.sqrt(cov[3] / cov[4])
    g_cov = covariance_gradient(cov, row3(seen.conics, i), row3(g_seen.conics, i), g_compensation)
    g_scales, g_quat, gA = axes_gradient(p, s, g_cov)
    g_mean2d = (g_seen.means2d[i, 0], g_seen.means2d[i, 1])
    g_point = point_gradient(p, lens.K, g_mean2d, g_seen.depths[i], gA, lens.viewmat)
    g_mean = row_times_matrix(g_point, (row3(lens.viewmat, 0), row3(lens.viewmat, 1), row3(lens.viewmat, 2)))
    for k in range(3):
        g_cloud.means[i, k], g_cloud.scales[i, k] = g_mean[k] + g_direction[k], g_scales[k]
    for k in range(4):
        g_cloud.quats[i, k] = g_quat[k]
    g_cloud.opacities[i] = g_opacity
    if len(g_lens) > 0:
        add_camera_gradient(g_lens, view_gradient(p, mean, g_point, gA), g_direction)


@parallel_kernel
def unsee(cloud, lens, count, antialiased, seen, radii, g_seen, g_cloud, g_lens):
    """Fills `g_cloud` from `g_seen`.

    g_lens [blocks, 4, 4] float64, zero before: each block's share of dL/d view[:3] and, in the last row, of
    dL/d centre; empty in its middle dimension where nobody wants it.
    """
    n = len(cloud.means)
    for block in prange((n + BLOCK - 1) // BLOCK):
        scratch = np.empty((SCRATCH_ROWS, 16), f32)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            if radii[i, 0] > 0 and is_pulled(g_seen, i):
                unsee_one(i, cloud, lens, count, antialiased, seen, g_seen, scratch, g_cloud, g_lens[block])
            else:
                clear_gradient(g_cloud, i)
