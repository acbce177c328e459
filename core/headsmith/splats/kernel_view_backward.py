"""The way back from `kernel_view.see`: gradients of the splats, and of the camera, from those of what it shows."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from headsmith.splats.jit import f32, kernel, parallel_kernel, part
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
from headsmith.splats.kernel_sh import SCRATCH_ROWS, color_gradient
from headsmith.splats.kernel_view import (
    LANES,
    LARGEST,
    MEAN,
    OPACITY,
    QUAT,
    SCALES,
    from_centre,
    lane2,
    lane3,
    lane4,
    load_splat,
    set3,
    set_lane2,
    set_lane3,
    set_lane4,
)

ZERO, ONE = f32(0), f32(1)
# rows of lanes after those of the splat itself: its conic, what pulls at it, then what `look_back` makes of all
CONIC, G_PIXEL, G_CONIC, G_DEPTH, G_SEEN_OPACITY = 11, 14, 16, 19, 20
G_MEAN, G_QUAT, G_SCALES, G_OPACITY, G_VIEW, UNSEE_ROWS = 21, 24, 28, 31, 32, 44


@kernel
def look_back(lanes, eye, antialiased):
    """Gradients by mean, quat, scales and opacity, and by the camera's rows, of all lanes.

    Lanes that hold no splat cost less than a loop of unknown length, which the compiler does not vectorise.
    """
    for j in range(LANES):
        mean, scales = lane3(lanes, MEAN, j), lane3(lanes, SCALES, j)
        g_opacity = lanes[G_SEEN_OPACITY * LANES + j]
        p = project_axes(mean, lane4(lanes, QUAT, j), eye)
        cov = covariance(times(p.B[0], scales), times(p.B[1], scales))
        compensation, g_compensation = math.sqrt(cov[3] / cov[4]), g_opacity * lanes[OPACITY * LANES + j]
        compensation = compensation if antialiased else ONE
        g_compensation = g_compensation if antialiased else ZERO
        g_cov = covariance_gradient(cov, lane3(lanes, CONIC, j), lane3(lanes, G_CONIC, j), g_compensation)
        g_scales, g_quat, gA = axes_gradient(p, scales, g_cov)
        g_point = point_gradient(p, eye, lane2(lanes, G_PIXEL, j), lanes[G_DEPTH * LANES + j], gA)
        rows = view_gradient(p, mean, g_point, gA)
        set_lane3(lanes, G_MEAN, j, row_times_matrix(g_point, eye.W))
        set_lane4(lanes, G_QUAT, j, g_quat)
        set_lane3(lanes, G_SCALES, j, g_scales)
        lanes[G_OPACITY * LANES + j] = g_opacity * compensation
        set_lane4(lanes, G_VIEW, j, rows[0])
        set_lane4(lanes, G_VIEW + 4, j, rows[1])
        set_lane4(lanes, G_VIEW + 8, j, rows[2])


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
def add_camera_gradient(g_lens, lanes, j, g_direction):
    for column in range(4):
        for row in range(3):
            g_lens[row, column] += lanes[(G_VIEW + 4 * row + column) * LANES + j]
    for row in range(3):
        g_lens[3, row] -= g_direction[row]


@part
def set_gradient(g_cloud, i, g_mean, g_quat, g_scales, g_opacity):
    g_means, g_quats, g_all_scales, g_opacities = g_cloud
    set3(g_means, i, g_mean)
    set3(g_all_scales, i, g_scales)
    g_quats[i, 0], g_quats[i, 1], g_quats[i, 2], g_quats[i, 3] = g_quat
    g_opacities[i] = g_opacity


@kernel
def gather_pulled(block, cloud, seen, radii, g_seen, g_cloud, lanes, who):
    """Fills the lanes with those splats of a block that something pulls at, and `who` with which they are.

    Returns how many they are; the others' gradients are set to zero.
    """
    means, quats, scales, opacities, _ = cloud
    conics = seen.conics
    g_means2d, g_conics, g_depths, g_seen_opacities, g_colors = g_seen
    g_means, g_quats, g_scales, g_opacities, g_sh = g_cloud
    none, count = (ZERO, ZERO, ZERO), 0
    for i in range(block * LANES, min(len(means), (block + 1) * LANES)):
        g_mean2d, g_conic = (g_means2d[i, 0], g_means2d[i, 1]), row3(g_conics, i)
        g_depth, g_opacity = g_depths[i], g_seen_opacities[i]
        if radii[i, 0] > 0 and is_pulled(g_mean2d, g_conic, g_depth, g_opacity, row3(g_colors, i)):
            load_splat(means, quats, scales, opacities, i, lanes, count)
            set_lane3(lanes, CONIC, count, row3(conics, i))
            set_lane2(lanes, G_PIXEL, count, g_mean2d)
            set_lane3(lanes, G_CONIC, count, g_conic)
            lanes[G_DEPTH * LANES + count], lanes[G_SEEN_OPACITY * LANES + count] = g_depth, g_opacity
            who[count] = i
            count += 1
        else:
            set_gradient((g_means, g_quats, g_scales, g_opacities), i, none, (ZERO, ZERO, ZERO, ZERO), none, ZERO)
            for k in range(g_sh.shape[1]):
                g_sh[i, k, 0], g_sh[i, k, 1], g_sh[i, k, 2] = none
    return count


@kernel
def unsee_block(block, cloud, lens, harmonics, antialiased, seen, radii, g_seen, g_cloud, g_lens):
    eye, none = load_eye(lens.viewmat, lens.K, lens.centre, lens.size_px), (ZERO, ZERO, ZERO)
    lanes, who = np.zeros(UNSEE_ROWS * LANES, f32), np.empty(LANES, np.int32)
    scratch = np.empty((SCRATCH_ROWS, 16), f32)
    count = gather_pulled(block, cloud, seen, radii, g_seen, g_cloud, lanes, who)
    look_back(lanes, eye, antialiased)
    # out of their tuples: in the loop, each of those would count references, atomically, for every splat
    sh, colors, g_colors = cloud.colors, seen.colors, g_seen.colors
    g_means, g_quats, g_scales, g_opacities, g_sh = g_cloud
    for j in range(count):
        i, direction = who[j], from_centre(lane3(lanes, MEAN, j), eye)
        g_direction = color_gradient(sh, i, harmonics, direction, row3(colors, i), row3(g_colors, i), scratch, g_sh)
        g_mean, g_quat = combine(ONE, lane3(lanes, G_MEAN, j), ONE, g_direction), lane4(lanes, G_QUAT, j)
        g_scale, g_opacity = lane3(lanes, G_SCALES, j), lanes[G_OPACITY * LANES + j]
        first_unset = max(len(harmonics), 1)
        if not (magnitude(g_mean) + magnitude(g_scale) + magnitude(g_quat) + abs(g_opacity) < LARGEST):
            # a splat so strange that its gradients overflow would spoil its camera's, too
            g_mean, g_quat, g_scale, g_opacity, first_unset = none, (ZERO, ZERO, ZERO, ZERO), none, ZERO, 0
        elif len(g_lens) > 0:
            add_camera_gradient(g_lens, lanes, j, g_direction)
        set_gradient((g_means, g_quats, g_scales, g_opacities), i, g_mean, g_quat, g_scale, g_opacity)
        for k in range(first_unset, g_sh.shape[1]):
            g_sh[i, k, 0], g_sh[i, k, 1], g_sh[i, k, 2] = none


@parallel_kernel
def unsee(cloud, lens, harmonics, antialiased, seen, radii, g_seen, g_cloud, g_lens):
    """Fills `g_cloud` from `g_seen`.

    g_lens [blocks of LANES, 4, 4] float64, zero before: each block's share of dL/d view[:3] and, in the last row, of
    dL/d centre; empty in its middle dimension where nobody wants it.
    """
    for block in prange((len(cloud.means) + LANES - 1) // LANES):
        unsee_block(block, cloud, lens, harmonics, antialiased, seen, radii, g_seen, g_cloud, g_lens[block])
