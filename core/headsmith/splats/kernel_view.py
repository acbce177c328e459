"""One pass over all splats for one camera: where each lands in the image, how it looks there, and the way back.

A splat that is not drawn (behind the camera, outside the image, too faint, or not finite) is zero in every output and
has zero gradients.

The arithmetic runs over lanes: a block's splats are copied into one scratch array, a row for each of their numbers, so
that one vector instruction serves several splats. A row begins LANES numbers after the one before it, a constant, and
only therefore does the compiler know that rows do not overlap.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from headsmith.splats.compositing import ALPHA_MIN, COLOR_MAX, EPS2D_PX2, FAR_M, NEAR_M
from headsmith.splats.jit import ceil, f32, kernel, parallel_kernel, part
from headsmith.splats.kernel_projection import covariance, load_eye, project_axes, row3, times
from headsmith.splats.kernel_sh import color_towards
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


LANES = 128
"""splats of a block; all rows of both directions together stay in the first-level cache"""
# rows of lanes: what comes of the cloud, then what `look` makes of it
MEAN, QUAT, SCALES, OPACITY = 0, 3, 7, 10
PIXEL, CONIC, VARIANCES, DEPTH, SEEN_OPACITY, SEE_ROWS = 11, 13, 16, 18, 19, 20


@part
def set2(array, i, values):
    array[i, 0], array[i, 1] = values


@part
def set3(array, i, values):
    array[i, 0], array[i, 1], array[i, 2] = values


@part
def lane2(lanes, row, j):
    return (lanes[row * LANES + j], lanes[(row + 1) * LANES + j])


@part
def lane3(lanes, row, j):
    return (lanes[row * LANES + j], lanes[(row + 1) * LANES + j], lanes[(row + 2) * LANES + j])


@part
def lane4(lanes, row, j):
    return (lanes[row * LANES + j], lanes[(row + 1) * LANES + j], lanes[(row + 2) * LANES + j],
            lanes[(row + 3) * LANES + j])  # fmt: skip


@part
def set_lane2(lanes, row, j, values):
    lanes[row * LANES + j], lanes[(row + 1) * LANES + j] = values


@part
def set_lane3(lanes, row, j, values):
    lanes[row * LANES + j], lanes[(row + 1) * LANES + j], lanes[(row + 2) * LANES + j] = values


@part
def set_lane4(lanes, row, j, values):
    lanes[row * LANES + j], lanes[(row + 1) * LANES + j] = values[0], values[1]
    lanes[(row + 2) * LANES + j], lanes[(row + 3) * LANES + j] = values[2], values[3]


@part
def load_splat(means, quats, scales, opacities, i, lanes, j):
    set_lane3(lanes, MEAN, j, row3(means, i))
    set_lane4(lanes, QUAT, j, (quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]))
    set_lane3(lanes, SCALES, j, row3(scales, i))
    lanes[OPACITY * LANES + j] = opacities[i]


@kernel
def look(lanes, eye, antialiased):
    """Pixel, conic, variances, depth and opacity in the image of all lanes; opacity 0 for what is not drawn."""
    for j in range(LANES):
        scales, opacity = lane3(lanes, SCALES, j), lanes[OPACITY * LANES + j]
        p = project_axes(lane3(lanes, MEAN, j), lane4(lanes, QUAT, j), eye)
        x, y, z = p.point
        xx, xy, yy, sharp, blurred = covariance(times(p.B[0], scales), times(p.B[1], scales))
        opacity *= math.sqrt(sharp / blurred) if antialiased else ONE
        set_lane2(lanes, PIXEL, j, (eye.focal[0] * x / z + eye.principal[0], eye.focal[1] * y / z + eye.principal[1]))
        xx, yy, inverse = xx + EPS2D, yy + EPS2D, ONE / blurred
        set_lane3(lanes, CONIC, j, (yy * inverse, -xy * inverse, xx * inverse))
        set_lane2(lanes, VARIANCES, j, (xx, yy))
        lanes[DEPTH * LANES + j] = z
        # comparisons, not isfinite, which fast maths may fold; NaN fails every one. And no short circuits: a branch
        # prevents vectorisation
        is_drawn = (z > NEAR) & (z < FAR) & (blurred > ZERO) & (blurred < LARGEST)
        is_drawn &= (opacity > LOWEST_OPACITY) & (opacity < LARGEST)
        lanes[SEEN_OPACITY * LANES + j] = opacity if is_drawn else ZERO


@part
def pixel_radii(mean2d, variances, opacity, size):
    """Whole pixels to where alpha falls below ALPHA_MIN by x and y; 0 where that leaves out the image."""
    if opacity == ZERO:
        return 0, 0
    reach = TWO * f32(math.log(opacity * INVERSE_ALPHA_MIN))
    x, y = math.sqrt(reach * variances[0]), math.sqrt(reach * variances[1])
    if not (ZERO < x < LARGEST_RADIUS and ZERO < y < LARGEST_RADIUS):
        return 0, 0
    whole_x, whole_y = ceil(x), ceil(y)
    x, y = f32(whole_x), f32(whole_y)
    in_image = -x < mean2d[0] < size[0] + x and -y < mean2d[1] < size[1] + y
    return (whole_x, whole_y) if in_image else (0, 0)


@part
def from_centre(mean, eye):
    return (mean[0] - eye.centre[0], mean[1] - eye.centre[1], mean[2] - eye.centre[2])


@part
def is_finite(color):
    return abs(color[0]) < LARGEST_COLOR and abs(color[1]) < LARGEST_COLOR and abs(color[2]) < LARGEST_COLOR


@kernel
def see_block(block, cloud, lens, harmonics, antialiased, seen, radii):
    # out of their tuples: in the loop, each of those would count references, atomically, for every splat
    means, quats, scales, opacities, sh = cloud
    means2d, conics, depths, seen_opacities, colors = seen
    eye, basis, none = load_eye(lens.viewmat, lens.K, lens.centre, lens.size_px), np.empty(16, f32), (ZERO, ZERO, ZERO)
    lanes, first = np.zeros(SEE_ROWS * LANES, f32), block * LANES
    count = min(len(means) - first, LANES)
    for j in range(count):
        load_splat(means, quats, scales, opacities, first + j, lanes, j)
    look(lanes, eye, antialiased)
    for j in range(count):
        i, mean2d, conic, color = first + j, lane2(lanes, PIXEL, j), lane3(lanes, CONIC, j), none
        depth, opacity = lanes[DEPTH * LANES + j], lanes[SEEN_OPACITY * LANES + j]
        radius = pixel_radii(mean2d, lane2(lanes, VARIANCES, j), opacity, eye.size)
        if radius[0] > 0:
            color = color_towards(sh, i, harmonics, from_centre(lane3(lanes, MEAN, j), eye), basis)
        if not (radius[0] > 0 and is_finite(color)):
            radius, mean2d, conic, depth, opacity, color = (0, 0), (ZERO, ZERO), none, ZERO, ZERO, none
        set2(radii, i, radius)
        set2(means2d, i, mean2d)
        depths[i], seen_opacities[i] = depth, opacity
        set3(conics, i, conic)
        set3(colors, i, color)


@parallel_kernel
def see(cloud, lens, harmonics, antialiased, seen, radii):
    """Fills `seen` and radii [N, 2] (0: not drawn); static(n) `harmonics` make a colour, n = 0 takes colours as is."""
    for block in prange((len(cloud.means) + LANES - 1) // LANES):
        see_block(block, cloud, lens, harmonics, antialiased, seen, radii)
