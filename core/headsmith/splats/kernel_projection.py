"""From 3D Gaussians to their footprints in the image (EWA splatting, Zwicker et al. 2001), forward and exact backward.

Names: W is the camera's rotation, J the Jacobian of the pinhole projection, A = J W; R is the splat's rotation,
B = A R the image of its unit axes, U = B * scales. The covariance in the image is U U^T + eps I, the conic its inverse.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from numba import prange

from headsmith.splats.compositing import EPS2D_PX2, FRUSTUM_MARGIN, NEAR_M
from headsmith.splats.jit import f32, kernel, parallel_kernel

ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)
EPS2D, NEAR, MARGIN = f32(EPS2D_PX2), f32(NEAR_M), f32(FRUSTUM_MARGIN)
LARGEST = f32(1e30)
SMALLEST_NORM = f32(1e-12)
SMALLEST_COMPENSATION = f32(1e-6)


class ProjectedAxes(NamedTuple):
    """What forward and backward both need of one splat; vectors are tuples, matrices tuples of rows."""

    point: tuple
    """camera coordinates, metres"""
    slope: tuple
    """x/z and y/z, clamped to a little beyond the image"""
    inside: tuple
    """whether each slope was inside the clamp"""
    J: tuple
    """the Jacobian's four entries that are not zero: xx, xz, yy, yz"""
    A: tuple
    quat: tuple
    inverse_norm: float
    R: tuple
    B: tuple


@kernel
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@kernel
def combine(p, a, q, b):
    """p a + q b of 3-vectors."""
    return (p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2])


@kernel
def times(a, b):
    """Elementwise product of 3-vectors."""
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


@kernel
def row_times_matrix(a, M):
    return (
        a[0] * M[0][0] + a[1] * M[1][0] + a[2] * M[2][0],
        a[0] * M[0][1] + a[1] * M[1][1] + a[2] * M[2][1],
        a[0] * M[0][2] + a[1] * M[1][2] + a[2] * M[2][2],
    )


@kernel
def matrix_times_column(M, a):
    return (dot(M[0], a), dot(M[1], a), dot(M[2], a))


@kernel
def row3(array, i):
    return (array[i, 0], array[i, 1], array[i, 2])


@kernel
def rotation_rows(w, x, y, z):
    """The rotation matrix of a unit quaternion."""
    return (
        (ONE - TWO * (y * y + z * z), TWO * (x * y - w * z), TWO * (x * z + w * y)),
        (TWO * (x * y + w * z), ONE - TWO * (x * x + z * z), TWO * (y * z - w * x)),
        (TWO * (x * z - w * y), TWO * (y * z + w * x), ONE - TWO * (x * x + y * y)),
    )


@kernel
def rotation_backward(quat, inverse_norm, G):
    """dL/dquat (not normalised) from dL/dR."""
    w, x, y, z = quat
    gw = TWO * (x * (G[2][1] - G[1][2]) + y * (G[0][2] - G[2][0]) + z * (G[1][0] - G[0][1]))
    gx = TWO * (y * (G[0][1] + G[1][0]) + z * (G[0][2] + G[2][0]) + w * (G[2][1] - G[1][2])
                - TWO * x * (G[1][1] + G[2][2]))  # fmt: skip
    gy = TWO * (x * (G[0][1] + G[1][0]) + z * (G[1][2] + G[2][1]) + w * (G[0][2] - G[2][0])
                - TWO * y * (G[0][0] + G[2][2]))  # fmt: skip
    gz = TWO * (x * (G[0][2] + G[2][0]) + y * (G[1][2] + G[2][1]) + w * (G[1][0] - G[0][1])
                - TWO * z * (G[0][0] + G[1][1]))  # fmt: skip
    along = gw * w + gx * x + gy * y + gz * z
    n = inverse_norm
    return ((gw - along * w) * n, (gx - along * x) * n, (gy - along * y) * n, (gz - along * z) * n)


@kernel
def clamped_slope(slope, focal, principal, size):
    margin = MARGIN * HALF * size / focal
    return min(max(slope, -(principal / focal + margin)), (size - principal) / focal + margin)


@kernel
def project_axes(i, means, quats, view, K, width, height):
    W0, W1, W2 = row3(view, 0), row3(view, 1), row3(view, 2)
    mean = row3(means, i)
    x, y, z = dot(W0, mean) + view[0, 3], dot(W1, mean) + view[1, 3], dot(W2, mean) + view[2, 3]
    inverse_z = ONE / z
    fx, fy = K[0, 0], K[1, 1]
    sx = clamped_slope(x * inverse_z, fx, K[0, 2], width)
    sy = clamped_slope(y * inverse_z, fy, K[1, 2], height)
    J = (fx * inverse_z, -fx * sx * inverse_z, fy * inverse_z, -fy * sy * inverse_z)
    A = (combine(J[0], W0, J[1], W2), combine(J[2], W1, J[3], W2))
    qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
    n = ONE / max(math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz), SMALLEST_NORM)
    quat = (qw * n, qx * n, qy * n, qz * n)
    R = rotation_rows(quat[0], quat[1], quat[2], quat[3])
    B = (row_times_matrix(A[0], R), row_times_matrix(A[1], R))
    inside = (sx == x * inverse_z, sy == y * inverse_z)
    return ProjectedAxes((x, y, z), (sx, sy), inside, J, A, quat, n, R, B)


@kernel
def covariance(u, v):
    """xx, xy, yy of U U^T, blurred, and its determinant."""
    a, b, c = dot(u, u) + EPS2D, dot(u, v), dot(v, v) + EPS2D
    return a, b, c, a * c - b * b


@kernel
def project_one(i, means, quats, scales, view, K, size, means2d, conics, depths, compensations):
    p = project_axes(i, means, quats, view, K, size[0], size[1])
    s = row3(scales, i)
    a, b, c, det = covariance(times(p.B[0], s), times(p.B[1], s))
    x, y, z = p.point
    means2d[i, 0], means2d[i, 1] = K[0, 0] * x / z + K[0, 2], K[1, 1] * y / z + K[1, 2]
    # comparisons, not isfinite: fast maths may fold the subtraction in that one, and NaN fails every comparison
    drawn = z > NEAR and ZERO < det < LARGEST and abs(means2d[i, 0]) < LARGEST and abs(means2d[i, 1]) < LARGEST
    depths[i] = z if drawn else ZERO
    conics[i, 0], conics[i, 1], conics[i, 2] = c / det, -b / det, a / det
    compensations[i] = math.sqrt(max(((a - EPS2D) * (c - EPS2D) - b * b) / det, ZERO))


@parallel_kernel
def project_forward(means, quats, scales, view, K, size, means2d, conics, depths, compensations):
    """Fills means2d [N, 2], conics [N, 3], depths [N], compensations [N]; depth 0 marks a splat that is not drawn."""
    for i in prange(means.shape[0]):
        project_one(i, means, quats, scales, view, K, size, means2d, conics, depths, compensations)


@kernel
def covariance_gradient(conic, g_conic, cov, compensation, g_compensation):
    """dL/d covariance (xx, xy, yy of a symmetric matrix) from the gradients of the conic and the compensation."""
    qa, qb, qc = conic
    ga, gb, gc = g_conic[0], HALF * g_conic[1], g_conic[2]
    t00, t01 = ga * qa + gb * qb, ga * qb + gb * qc
    t10, t11 = gb * qa + gc * qb, gb * qb + gc * qc
    a, b, c, det = cov
    k = HALF * g_compensation / ((compensation + SMALLEST_COMPENSATION) * det)
    ratio = compensation * compensation
    return (
        k * (c - EPS2D - ratio * c) - (qa * t00 + qb * t10),
        k * b * (ratio - ONE) - (qa * t01 + qb * t11),
        k * (a - EPS2D - ratio * a) - (qb * t01 + qc * t11),
    )


@kernel
def point_gradient(p, K, g_mean2d, g_depth, gA, view):
    """dL/d camera point from the gradients of its pixel, its depth and A."""
    fx, fy = K[0, 0], K[1, 1]
    W0, W1, W2 = row3(view, 0), row3(view, 1), row3(view, 2)
    x, y, z = p.point
    r = ONE / z
    r2 = r * r
    g_xx, g_xz, g_yy, g_yz = dot(gA[0], W0), dot(gA[0], W2), dot(gA[1], W1), dot(gA[1], W2)
    gx, gy = fx * r * g_mean2d[0], fy * r * g_mean2d[1]
    gz = g_depth - r * (gx * x + gy * y) - r2 * (fx * g_xx + fy * g_yy)
    gz += r2 * (fx * p.slope[0] * g_xz + fy * p.slope[1] * g_yz)
    # a clamped slope does not follow the point
    if p.inside[0]:
        gx -= fx * r2 * g_xz
        gz += fx * r2 * p.slope[0] * g_xz
    if p.inside[1]:
        gy -= fy * r2 * g_yz
        gz += fy * r2 * p.slope[1] * g_yz
    return (gx, gy, gz)


@kernel
def write_view_gradient(out, i, mean, p, g_point, gA):
    """This splat's share of dL/d viewmat[:3, :4]."""
    zero = (ZERO, ZERO, ZERO)
    from_axes = (
        combine(p.J[0], gA[0], ZERO, zero),
        combine(p.J[2], gA[1], ZERO, zero),
        combine(p.J[1], gA[0], p.J[3], gA[1]),
    )
    for row in range(3):
        for column in range(3):
            out[i, row, column] = g_point[row] * mean[column] + from_axes[row][column]
        out[i, row, 3] = g_point[row]


@kernel
def project_one_backward(
    i, means, quats, scales, view, K, size, conics, compensations, g_means2d, g_conics, g_depths, g_compensations,
    g_means, g_quats, g_scales, g_view,
):  # fmt: skip
    p = project_axes(i, means, quats, view, K, size[0], size[1])
    s = row3(scales, i)
    u, v = times(p.B[0], s), times(p.B[1], s)
    conic, g_conic = row3(conics, i), row3(g_conics, i)
    vxx, vxy, vyy = covariance_gradient(conic, g_conic, covariance(u, v), compensations[i], g_compensations[i])
    gu, gv = combine(TWO * vxx, u, TWO * vxy, v), combine(TWO * vxy, u, TWO * vyy, v)
    g_scale = combine(ONE, times(gu, p.B[0]), ONE, times(gv, p.B[1]))
    gB = (times(gu, s), times(gv, s))
    gR = (
        combine(p.A[0][0], gB[0], p.A[1][0], gB[1]),
        combine(p.A[0][1], gB[0], p.A[1][1], gB[1]),
        combine(p.A[0][2], gB[0], p.A[1][2], gB[1]),
    )
    g_quat = rotation_backward(p.quat, p.inverse_norm, gR)
    gA = (matrix_times_column(p.R, gB[0]), matrix_times_column(p.R, gB[1]))
    g_point = point_gradient(p, K, (g_means2d[i, 0], g_means2d[i, 1]), g_depths[i], gA, view)
    g_mean = row_times_matrix(g_point, (row3(view, 0), row3(view, 1), row3(view, 2)))
    for k in range(3):
        g_means[i, k], g_scales[i, k] = g_mean[k], g_scale[k]
    for k in range(4):
        g_quats[i, k] = g_quat[k]
    if g_view.shape[0] > 0:
        write_view_gradient(g_view, i, row3(means, i), p, g_point, gA)


@parallel_kernel
def project_backward(
    means, quats, scales, view, K, size, conics, depths, compensations, g_means2d, g_conics, g_depths, g_compensations,
    g_means, g_quats, g_scales, g_view,
):  # fmt: skip
    """Fills g_means [N, 3], g_quats [N, 4], g_scales [N, 3] and, if it has rows, g_view [N, 3, 4], all zero before."""
    for i in prange(means.shape[0]):
        # most splats of a closed surface are hidden and nothing pulls at them
        pulled = g_conics[i, 0] != ZERO or g_conics[i, 2] != ZERO or g_depths[i] != ZERO or g_compensations[i] != ZERO
        if depths[i] > ZERO and (pulled or g_means2d[i, 0] != ZERO or g_means2d[i, 1] != ZERO):
            project_one_backward(
                i, means, quats, scales, view, K, size, conics, compensations, g_means2d, g_conics, g_depths,
                g_compensations, g_means, g_quats, g_scales, g_view,
            )  # fmt: skip
