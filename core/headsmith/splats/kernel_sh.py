"""Colour of a splat towards the camera: real spherical harmonics up to degree 3, forward and exact backward.

`harmonics` is static(n), n the number of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from headsmith.asset.harmonics import SH_C0
from headsmith.splats.jit import f32, parallel_kernel, part

BLOCK = 256
"""splats that share one scratch array"""
SCRATCH_ROWS = 4
"""rows of 16 of the scratch array that both directions need: the basis and its derivatives by x, y and z"""
ZERO, HALF, ONE, TWO, THREE = f32(0), f32(0.5), f32(1), f32(2), f32(3)
C0, C1 = f32(SH_C0), f32(0.4886025119029199)
C2, C2Z, C2Z0, C2XY = f32(1.092548430592079), f32(0.9461746957575601), f32(0.3153915652525201), f32(0.5462742152960395)
C3, C3XYZ, C3Z, C3Z0 = f32(0.5900435899266435), f32(2.890611442640554), f32(2.285228997322329), f32(0.4570457994644658)
C3ZZZ, C3ZZ0, C3ZXY = f32(1.865881662950577), f32(1.119528997770346), f32(1.445305721320277)


@part
def fill_basis(harmonics, x, y, z, basis):
    """basis [16]: the first n (1, 4, 9 or 16) harmonics of a unit direction."""
    basis[0] = C0
    if len(harmonics) >= 4:
        basis[1], basis[2], basis[3] = -C1 * y, C1 * z, -C1 * x
    if len(harmonics) >= 9:
        basis[4], basis[5], basis[6] = C2 * x * y, -C2 * y * z, C2Z * z * z - C2Z0
        basis[7], basis[8] = -C2 * x * z, C2XY * (x * x - y * y)
    if len(harmonics) >= 16:
        basis[9], basis[10] = -C3 * y * (THREE * x * x - y * y), C3XYZ * x * y * z
        basis[11], basis[12] = y * (C3Z0 - C3Z * z * z), z * (C3ZZZ * z * z - C3ZZ0)
        basis[13], basis[14] = x * (C3Z0 - C3Z * z * z), C3ZXY * z * (x * x - y * y)
        basis[15] = -C3 * x * (x * x - THREE * y * y)


@part
def fill_basis_gradient(harmonics, x, y, z, dx, dy, dz):
    """dx, dy, dz [16]: partial derivatives of the polynomials in `fill_basis`; band 0 has none."""
    for k in range(len(harmonics)):
        dx[k], dy[k], dz[k] = ZERO, ZERO, ZERO
    if len(harmonics) >= 4:
        dy[1], dz[2], dx[3] = -C1, C1, -C1
    if len(harmonics) >= 9:
        dx[4], dy[4] = C2 * y, C2 * x
        dy[5], dz[5] = -C2 * z, -C2 * y
        dz[6] = TWO * C2Z * z
        dx[7], dz[7] = -C2 * z, -C2 * x
        dx[8], dy[8] = TWO * C2XY * x, -TWO * C2XY * y
    if len(harmonics) >= 16:
        dx[9], dy[9] = -f32(6) * C3 * x * y, -THREE * C3 * (x * x - y * y)
        dx[10], dy[10], dz[10] = C3XYZ * y * z, C3XYZ * x * z, C3XYZ * x * y
        dy[11], dz[11] = C3Z0 - C3Z * z * z, -TWO * C3Z * y * z
        dz[12] = THREE * C3ZZZ * z * z - C3ZZ0
        dx[13], dz[13] = C3Z0 - C3Z * z * z, -TWO * C3Z * x * z
        dx[14], dy[14], dz[14] = TWO * C3ZXY * x * z, -TWO * C3ZXY * y * z, C3ZXY * (x * x - y * y)
        dx[15], dy[15] = -THREE * C3 * (x * x - y * y), f32(6) * C3 * x * y


@part
def unit(x, y, z):
    inverse = ONE / max(math.sqrt(x * x + y * y + z * z), f32(1e-12))
    return x * inverse, y * inverse, z * inverse, inverse


@part
def color_towards(sh, i, harmonics, direction, basis):
    """max(0, 0.5 + basis times sh[i]) [N, K >= n, 3] for a direction of any length; sh[i, 0] itself for static(0)."""
    if len(harmonics) == 0:
        return sh[i, 0, 0], sh[i, 0, 1], sh[i, 0, 2]
    x, y, z, _ = unit(direction[0], direction[1], direction[2])
    fill_basis(harmonics, x, y, z, basis)
    red, green, blue = HALF, HALF, HALF
    for k in range(len(harmonics)):
        red += basis[k] * sh[i, k, 0]
        green += basis[k] * sh[i, k, 1]
        blue += basis[k] * sh[i, k, 2]
    # NaN stays, so that the caller can see it
    return (ZERO if red < ZERO else red, ZERO if green < ZERO else green, ZERO if blue < ZERO else blue)


@part
def color_gradient(sh, i, harmonics, direction, color, g_color, scratch, g_sh):
    """Writes g_sh[i, :n] (:1 for static(0)) and returns dL/d direction."""
    if len(harmonics) == 0:
        g_sh[i, 0, 0], g_sh[i, 0, 1], g_sh[i, 0, 2] = g_color[0], g_color[1], g_color[2]
        return ZERO, ZERO, ZERO
    x, y, z, inverse = unit(direction[0], direction[1], direction[2])
    basis, bx, by, bz = scratch[0], scratch[1], scratch[2], scratch[3]
    fill_basis(harmonics, x, y, z, basis)
    fill_basis_gradient(harmonics, x, y, z, bx, by, bz)
    red = g_color[0] if color[0] > ZERO else ZERO
    green = g_color[1] if color[1] > ZERO else ZERO
    blue = g_color[2] if color[2] > ZERO else ZERO
    gx, gy, gz = ZERO, ZERO, ZERO
    for k in range(len(harmonics)):
        weighted = red * sh[i, k, 0] + green * sh[i, k, 1] + blue * sh[i, k, 2]
        gx += weighted * bx[k]
        gy += weighted * by[k]
        gz += weighted * bz[k]
    for k in range(len(harmonics)):
        g_sh[i, k, 0], g_sh[i, k, 1], g_sh[i, k, 2] = red * basis[k], green * basis[k], blue * basis[k]
    along = gx * x + gy * y + gz * z
    return (gx - along * x) * inverse, (gy - along * y) * inverse, (gz - along * z) * inverse


@parallel_kernel
def sh_forward(directions, sh, harmonics, colors):
    """Fills colors [N, 3] of coefficients sh [N, K >= n, 3] along directions [N, 3] of any length."""
    n = sh.shape[0]
    for block in prange((n + BLOCK - 1) // BLOCK):
        basis = np.empty(16, f32)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            direction = (directions[i, 0], directions[i, 1], directions[i, 2])
            colors[i, 0], colors[i, 1], colors[i, 2] = color_towards(sh, i, harmonics, direction, basis)


@parallel_kernel
def sh_backward(directions, sh, harmonics, colors, g_colors, g_directions, g_sh):
    """Fills g_directions [N, 3] and the first n rows of g_sh [N, K, 3]."""
    n = sh.shape[0]
    for block in prange((n + BLOCK - 1) // BLOCK):
        scratch = np.empty((SCRATCH_ROWS, 16), f32)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            direction = (directions[i, 0], directions[i, 1], directions[i, 2])
            color = (colors[i, 0], colors[i, 1], colors[i, 2])
            g_color = (g_colors[i, 0], g_colors[i, 1], g_colors[i, 2])
            g_directions[i, 0], g_directions[i, 1], g_directions[i, 2] = color_gradient(
                sh, i, harmonics, direction, color, g_color, scratch, g_sh
            )
