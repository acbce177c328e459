"""One pass over all splats for one camera: where each lands in the image, how it looks there, and the way back.

A splat that is not drawn (behind the camera, outside the image, too faint, or not finite) is zero in every output and
has zero gradients.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MIN, COLOR_MAX, EPS2D_PX2, FAR_M, NEAR_M
from headsmith.splats.jit import ceil, f32, kernel, parallel_kernel, part
from headsmith.splats.kernel_projection import (
    axes_gradient,
    combine,
    covariance,
    covariance_gradient,
    load_eye,
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
LARGEST, LARGEST_RADIUS, LARGEST_COLOR = f32(1e30), f32(1e8), f32(COLOR_MAX)


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
def row4(array, i):
    return (array[i, 0], array[i, 1], array[i, 2], array[i, 3])


@part
def set3(array, i, values):
    array[i, 0], array[i, 1], array[i, 2] = values


@part
def pixel_radii(mean2d, variances, opacity, size):
    """Whole pixels to where alpha falls below ALPHA_MIN by x and y; 0 where that leaves out the image."""
    reach = math.sqrt(TWO * f32(math.log(opacity * INVERSE_ALPHA_MIN)))
    x, y = reach * math.sqrt(variances[0]), reach * math.sqrt(variances[1])
    if not (ZERO < x < LARGEST_RADIUS and ZERO < y < LARGEST_RADIUS):
        return 0, 0
    whole_x, whole_y = ceil(x), ceil(y)
    x, y = f32(whole_x), f32(whole_y)
    in_image = -x < mean2d[0] < size[0] + x and -y < mean2d[1] < size[1] + y
    return (whole_x, whole_y) if in_image else (0, 0)


@part
def look(mean, quat, scales, opacity, eye, antialiased):
    """One splat's radii (0: not drawn), pixel, conic, depth and opacity in the image."""
    p = project_axes(mean, quat, eye)
    x, y, z = p.point
    xx, xy, yy, sharp, blurred = covariance(times(p.B[0], scales), times(p.B[1], scales))
    opacity *= math.sqrt(sharp / blurred) if antialiased else ONE
    mean2d = (eye.focal[0] * x / z + eye.principal[0], eye.focal[1] * y / z + eye.principal[1])
    xx, yy, inverse = xx + EPS2D, yy + EPS2D, ONE / blurred
    radii = (0, 0)
    # comparisons, not isfinite, which fast maths may fold; NaN fails every one
    if NEAR < z < FAR and ZERO < blurred < LARGEST and LOWEST_OPACITY < opacity < LARGEST:
        radii = pixel_radii(mean2d, (xx, yy), opacity, eye.size)
    return radii, mean2d, (yy * inverse, -xy * inverse, xx * inverse), z, opacity


@part
def from_centre(mean, eye):
    return (mean[0] - eye.centre[0], mean[1] - eye.centre[1], mean[2] - eye.centre[2])


@part
def is_finite(color):
    return abs(color[0]) < LARGEST_COLOR and abs(color[1]) < LARGEST_COLOR and abs(color[2]) < LARGEST_COLOR


@kernel
def see_block(block, cloud, lens, count, antialiased, seen, radii):
    # out of their tuples: in the loop, each of those would count references, atomically, for every splat
    means, quats, scales, opacities, sh = cloud
    means2d, conics, depths, seen_opacities, colors = seen
    eye, basis, none = load_eye(lens.viewmat, lens.K, lens.centre, lens.size_px), np.empty(16, f32), (ZERO, ZERO, ZERO)
    for i in range(block * BLOCK, min(len(means), (block + 1) * BLOCK)):
        mean = row3(means, i)
        radius, mean2d, conic, depth, opacity = look(
            mean, row4(quats, i), row3(scales, i), opacities[i], eye, antialiased
        )
        color = none
        if radius[0] > 0:
            color = color_towards(sh, i, count, from_centre(mean, eye), basis)
        if not (radius[0] > 0 and is_finite(color)):
            radius, mean2d, conic, depth, opacity, color = (0, 0), (ZERO, ZERO), none, ZERO, ZERO, none
        radii[i, 0], radii[i, 1] = radius
        means2d[i, 0], means2d[i, 1] = mean2d
        depths[i], seen_opacities[i] = depth, opacity
        set3(conics, i, conic)
        set3(colors, i, color)


@parallel_kernel
def see(cloud, lens, count, antialiased, seen, radii):
    """Fills `seen` and radii [N, 2] (0: not drawn); `count` harmonics make a colour, 0 takes colours as they are."""
    for block in prange((len(cloud.means) + BLOCK - 1) // BLOCK):
        see_block(block, cloud, lens, count, antialiased, seen, radii)


@part
def look_back(mean, quat, scales, opacity, eye, antialiased, conic, g_seen):
    """Gradients by mean, quat, scales and opacity, and by the camera's rows; g_seen by pixel, conic, depth, opacity."""
    g_mean2d, g_conic, g_depth, g_opacity = g_seen
    p = project_axes(mean, quat, eye)
    cov = covariance(times(p.B[0], scales), times(p.B[1], scales))
    compensation = math.sqrt(cov[3] / cov[4]) if antialiased else ONE
    g_compensation = g_opacity * opacity if antialiased else ZERO
    g_scales, g_quat, gA = axes_gradient(p, scales, covariance_gradient(cov, conic, g_conic, g_compensation))
    g_point = point_gradient(p, eye, g_mean2d, g_depth, gA)
    rows = view_gradient(p, mean, g_point, gA)
    return row_times_matrix(g_point, eye.W), g_quat, g_scales, g_opacity * compensation, rows


@part
def is_pulled(g_mean2d, g_conic, g_depth, g_opacity, g_color):
    """Whether any gradient is not zero: most splats of a closed surface are hidden, and nothing pulls at them."""
    return not (
        g_mean2d[0] == ZERO and g_mean2d[1] == ZERO and g_conic[0] == ZERO and g_conic[1] == ZERO
        and g_conic[2] == ZERO and g_depth == ZERO and g_opacity == ZERO
        and g_color[0] == ZERO and g_color[1] == ZERO and g_color[2] == ZERO
    )  # fmt: skip


@part
def magnitude(vector):
    total = ZERO
    for value in vector:
        total += abs(value)
    return total


@part
def add_camera_gradient(g_lens, rows, g_direction):
    for row in range(3):
        g_lens[3, row] -= g_direction[row]
        for column in range(4):
            g_lens[row, column] += rows[row][column]


@kernel
def unsee_block(block, cloud, lens, count, antialiased, seen, radii, g_seen, g_cloud, g_lens):
    means, quats, scales, opacities, sh = cloud
    conics, colors = seen.conics, seen.colors
    g_means2d, g_conics, g_depths, g_seen_opacities, g_colors = g_seen
    g_means, g_quats, g_scales, g_opacities, g_sh = g_cloud
    eye, none = load_eye(lens.viewmat, lens.K, lens.centre, lens.size_px), (ZERO, ZERO, ZERO)
    scratch = np.empty((SCRATCH_ROWS, 16), f32)
    for i in range(block * BLOCK, min(len(means), (block + 1) * BLOCK)):
        g_mean2d, g_conic, g_color = (g_means2d[i, 0], g_means2d[i, 1]), row3(g_conics, i), row3(g_colors, i)
        g_depth, g_opacity = g_depths[i], g_seen_opacities[i]
        g_mean, g_quat, g_scale, first_unset = none, (ZERO, ZERO, ZERO, ZERO), none, 0
        if radii[i, 0] > 0 and is_pulled(g_mean2d, g_conic, g_depth, g_opacity, g_color):
            mean = row3(means, i)
            g_mean, g_quat, g_scale, g_opacity, rows = look_back(
                mean, row4(quats, i), row3(scales, i), opacities[i], eye, antialiased, row3(conics, i),
                (g_mean2d, g_conic, g_depth, g_opacity),
            )  # fmt: skip
            g_direction = color_gradient(sh, i, count, from_centre(mean, eye), row3(colors, i), g_color, scratch, g_sh)
            g_mean = combine(ONE, g_mean, ONE, g_direction)
            first_unset = max(count, 1)
            if not (magnitude(g_mean) + magnitude(g_scale) + magnitude(g_quat) + abs(g_opacity) < LARGEST):
                # a splat so strange that its gradients overflow would spoil its camera's, too
                g_mean, g_quat, g_scale, g_opacity, first_unset = none, (ZERO, ZERO, ZERO, ZERO), none, ZERO, 0
            elif len(g_lens) > 0:
                add_camera_gradient(g_lens, rows, g_direction)
        else:
            g_opacity = ZERO
        set3(g_means, i, g_mean)
        set3(g_scales, i, g_scale)
        g_quats[i, 0], g_quats[i, 1], g_quats[i, 2], g_quats[i, 3] = g_quat
        g_opacities[i] = g_opacity
        for k in range(first_unset, g_sh.shape[1]):
            g_sh[i, k, 0], g_sh[i, k, 1], g_sh[i, k, 2] = none


@parallel_kernel
def unsee(cloud, lens, count, antialiased, seen, radii, g_seen, g_cloud, g_lens):
    """Fills `g_cloud` from `g_seen`.

    g_lens [blocks, 4, 4] float64, zero before: each block's share of dL/d view[:3] and, in the last row, of
    dL/d centre; empty in its middle dimension where nobody wants it.
    """
    for block in prange((len(cloud.means) + BLOCK - 1) // BLOCK):
        unsee_block(block, cloud, lens, count, antialiased, seen, radii, g_seen, g_cloud, g_lens[block])
