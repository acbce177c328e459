"""From 3D Gaussians to their footprints in the image (EWA splatting, Zwicker et al. 2001), forward and exact backward.

Names: W is the camera's rotation, J the Jacobian of the pinhole projection, A = J W; R is the splat's rotation,
B = A R the image of its unit axes, U = B * scales. The covariance in the image is U U^T + eps I, the conic its inverse.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from headsmith.splats.compositing import EPS2D_PX2, FRUSTUM_MARGIN
from headsmith.splats.jit import f32, part

ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)
EPS2D, MARGIN = f32(EPS2D_PX2), f32(FRUSTUM_MARGIN)
SMALLEST_NORM = f32(1e-12)
SMALLEST_COMPENSATION = f32(1e-6)


class Eye(NamedTuple):
    """One camera as numbers, which a loop can keep in registers."""

    W: tuple
    """rows of the rotation, world to camera"""
    shift: tuple
    focal: tuple
    principal: tuple
    size: tuple
    """width and height, px"""
    centre: tuple
    """the camera's place in the world"""


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


@part
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@part
def combine(p, a, q, b):
    """p a + q b of 3-vectors."""
    return (p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2])


@part
def times(a, b):
    """Elementwise product of 3-vectors."""
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


@part
def row_times_matrix(a, M):
    return (
        a[0] * M[0][0] + a[1] * M[1][0] + a[2] * M[2][0],
        a[0] * M[0][1] + a[1] * M[1][1] + a[2] * M[2][1],
        a[0] * M[0][2] + a[1] * M[1][2] + a[2] * M[2][2],
    )


@part
def matrix_times_column(M, a):
    return (dot(M[0], a), dot(M[1], a), dot(M[2], a))


@part
def row3(array, i):
    return (array[i, 0], array[i, 1], array[i, 2])


@part
def rotation_rows(w, x, y, z):
    """The rotation matrix of a unit quaternion."""
    return (
        (ONE - TWO * (y * y + z * z), TWO * (x * y - w * z), TWO * (x * z + w * y)),
        (TWO * (x * y + w * z), ONE - TWO * (x * x + z * z), TWO * (y * z - w * x)),
        (TWO * (x * z - w * y), TWO * (y * z + w * x), ONE - TWO * (x * x + y * y)),
    )


@part
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


@part
def clamped_slope(slope, focal, principal, size):
    margin = MARGIN * HALF * size / focal
    return min(max(slope, -(principal / focal + margin)), (size - principal) / focal + margin)


@part
def load_eye(viewmat, K, centre, size_px):
    return Eye(
        (row3(viewmat, 0), row3(viewmat, 1), row3(viewmat, 2)),
        (viewmat[0, 3], viewmat[1, 3], viewmat[2, 3]),
        (K[0, 0], K[1, 1]),
        (K[0, 2], K[1, 2]),
        (size_px[0], size_px[1]),
        (centre[0], centre[1], centre[2]),
    )


@part
def project_axes(mean, quat, eye):
    W, t = eye.W, eye.shift
    x, y, z = dot(W[0], mean) + t[0], dot(W[1], mean) + t[1], dot(W[2], mean) + t[2]
    inverse_z = ONE / z
    fx, fy = eye.focal
    sx = clamped_slope(x * inverse_z, fx, eye.principal[0], eye.size[0])
    sy = clamped_slope(y * inverse_z, fy, eye.principal[1], eye.size[1])
    J = (fx * inverse_z, -fx * sx * inverse_z, fy * inverse_z, -fy * sy * inverse_z)
    A = (combine(J[0], W[0], J[1], W[2]), combine(J[2], W[1], J[3], W[2]))
    qw, qx, qy, qz = quat
    n = ONE / max(math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz), SMALLEST_NORM)
    unit = (qw * n, qx * n, qy * n, qz * n)
    R = rotation_rows(unit[0], unit[1], unit[2], unit[3])
    B = (row_times_matrix(A[0], R), row_times_matrix(A[1], R))
    inside = (sx == x * inverse_z, sy == y * inverse_z)
    return ProjectedAxes((x, y, z), (sx, sy), inside, J, A, unit, n, R, B)


@part
def covariance(u, v):
    """xx, xy, yy of U U^T and its determinant before and after the blur.

    Not xx yy - xy^2: for thin splats that is the small difference of large numbers.
    """
    xx, xy, yy = dot(u, u), dot(u, v), dot(v, v)
    cross = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    sharp = dot(cross, cross)
    return xx, xy, yy, sharp, sharp + EPS2D * (xx + yy) + EPS2D * EPS2D


@part
def covariance_gradient(cov, conic, g_conic, g_compensation):
    """dL/d covariance (xx, xy, yy of a symmetric matrix) from the gradients of the conic and the compensation."""
    qa, qb, qc = conic
    ga, gb, gc = g_conic[0], HALF * g_conic[1], g_conic[2]
    t00, t01 = ga * qa + gb * qb, ga * qb + gb * qc
    t10, t11 = gb * qa + gc * qb, gb * qb + gc * qc
    xx, xy, yy, sharp, blurred = cov
    ratio = sharp / blurred
    k = HALF * g_compensation / ((math.sqrt(ratio) + SMALLEST_COMPENSATION) * blurred)
    return (
        k * (yy - ratio * (yy + EPS2D)) - (qa * t00 + qb * t10),
        k * xy * (ratio - ONE) - (qa * t01 + qb * t11),
        k * (xx - ratio * (xx + EPS2D)) - (qb * t01 + qc * t11),
    )


@part
def point_gradient(p, eye, g_mean2d, g_depth, gA):
    """dL/d camera point from the gradients of its pixel, its depth and A."""
    fx, fy = eye.focal
    W0, W1, W2 = eye.W
    x, y, z = p.point
    r = ONE / z
    r2 = r * r
    g_xx, g_xz, g_yy, g_yz = dot(gA[0], W0), dot(gA[0], W2), dot(gA[1], W1), dot(gA[1], W2)
    gx, gy = fx * r * g_mean2d[0], fy * r * g_mean2d[1]
    gz = g_depth - r * (gx * x + gy * y) - r2 * (fx * g_xx + fy * g_yy)
    gz += r2 * (fx * p.slope[0] * g_xz + fy * p.slope[1] * g_yz)
    # a clamped slope does not follow the point; chosen, not branched to, so that the lanes can do it together
    g_x = fx * r2 * g_xz if p.inside[0] else ZERO
    g_y = fy * r2 * g_yz if p.inside[1] else ZERO
    return (gx - g_x, gy - g_y, gz + g_x * p.slope[0] + g_y * p.slope[1])


@part
def view_gradient(p, mean, g_point, gA):
    """This splat's share of dL/d viewmat[:3, :4], as rows."""
    from_axes = (
        (p.J[0] * gA[0][0], p.J[0] * gA[0][1], p.J[0] * gA[0][2]),
        (p.J[2] * gA[1][0], p.J[2] * gA[1][1], p.J[2] * gA[1][2]),
        combine(p.J[1], gA[0], p.J[3], gA[1]),
    )
    return (
        (*combine(g_point[0], mean, ONE, from_axes[0]), g_point[0]),
        (*combine(g_point[1], mean, ONE, from_axes[1]), g_point[1]),
        (*combine(g_point[2], mean, ONE, from_axes[2]), g_point[2]),
    )


@part
def axes_gradient(p, s, g_cov):
    """dL/d scales, dL/d quat (of any length) and dL/dA from the covariance's gradient (xx, xy, yy)."""
    u, v = times(p.B[0], s), times(p.B[1], s)
    xx, xy, yy = TWO * g_cov[0], TWO * g_cov[1], TWO * g_cov[2]
    gu, gv = combine(xx, u, xy, v), combine(xy, u, yy, v)
    g_scales = combine(ONE, times(gu, p.B[0]), ONE, times(gv, p.B[1]))
    gB = (times(gu, s), times(gv, s))
    gR = (
        combine(p.A[0][0], gB[0], p.A[1][0], gB[1]),
        combine(p.A[0][1], gB[0], p.A[1][1], gB[1]),
        combine(p.A[0][2], gB[0], p.A[1][2], gB[1]),
    )
    g_quat = rotation_backward(p.quat, p.inverse_norm, gR)
    return g_scales, g_quat, (matrix_times_column(p.R, gB[0]), matrix_times_column(p.R, gB[1]))
