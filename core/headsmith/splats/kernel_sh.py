"""Colour of a splat towards the camera: real spherical harmonics up to degree 3, forward and exact backward."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from headsmith.splats.compositing import SH_C0
from headsmith.splats.jit import f32, kernel, parallel_kernel

BLOCK = 256
"""splats that share one scratch array"""
ZERO, HALF, ONE, TWO, THREE = f32(0), f32(0.5), f32(1), f32(2), f32(3)
C0, C1 = f32(SH_C0), f32(0.4886025119029199)
C2, C2Z, C2Z0, C2XY = f32(1.092548430592079), f32(0.9461746957575601), f32(0.3153915652525201), f32(0.5462742152960395)
C3, C3XYZ, C3Z, C3Z0 = f32(0.5900435899266435), f32(2.890611442640554), f32(2.285228997322329), f32(0.4570457994644658)
C3ZZZ, C3ZZ0, C3ZXY = f32(1.865881662950577), f32(1.119528997770346), f32(1.445305721320277)


@kernel
def fill_basis(count, x, y, z, basis):
    """basis [16]: the first `count` (1, 4, 9 or 16) harmonics of a unit direction."""
    basis[0] = C0
    if count >= 4:
        basis[1], basis[2], basis[3] = -C1 * y, C1 * z, -C1 * x
    if count >= 9:
        basis[4], basis[5], basis[6] = C2 * x * y, -C2 * y * z, C2Z * z * z - C2Z0
        basis[7], basis[8] = -C2 * x * z, C2XY * (x * x - y * y)
    if count >= 16:
        basis[9], basis[10] = -C3 * y * (THREE * x * x - y * y), C3XYZ * x * y * z
        basis[11], basis[12] = y * (C3Z0 - C3Z * z * z), z * (C3ZZZ * z * z - C3ZZ0)
        basis[13], basis[14] = x * (C3Z0 - C3Z * z * z), C3ZXY * z * (x * x - y * y)
        basis[15] = -C3 * x * (x * x - THREE * y * y)


@kernel
def fill_basis_gradient(count, x, y, z, dx, dy, dz):
    """dx, dy, dz [16]: partial derivatives of the polynomials in `fill_basis`; band 0 has none."""
    dx[:count], dy[:count], dz[:count] = ZERO, ZERO, ZERO
    if count >= 4:
        dy[1], dz[2], dx[3] = -C1, C1, -C1
    if count >= 9:
        dx[4], dy[4] = C2 * y, C2 * x
        dy[5], dz[5] = -C2 * z, -C2 * y
        dz[6] = TWO * C2Z * z
        dx[7], dz[7] = -C2 * z, -C2 * x
        dx[8], dy[8] = TWO * C2XY * x, -TWO * C2XY * y
    if count >= 16:
        dx[9], dy[9] = -f32(6) * C3 * x * y, -THREE * C3 * (x * x - y * y)
        dx[10], dy[10], dz[10] = C3XYZ * y * z, C3XYZ * x * z, C3XYZ * x * y
        dy[11], dz[11] = C3Z0 - C3Z * z * z, -TWO * C3Z * y * z
        dz[12] = THREE * C3ZZZ * z * z - C3ZZ0
        dx[13], dz[13] = C3Z0 - C3Z * z * z, -TWO * C3Z * x * z
        dx[14], dy[14], dz[14] = TWO * C3ZXY * x * z, -TWO * C3ZXY * y * z, C3ZXY * (x * x - y * y)
        dx[15], dy[15] = -THREE * C3 * (x * x - y * y), f32(6) * C3 * x * y


@kernel
def unit(directions, i):
    x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
    inverse = ONE / max(math.sqrt(x * x + y * y + z * z), f32(1e-12))
    return x * inverse, y * inverse, z * inverse, inverse


@parallel_kernel
def sh_forward(directions, sh, count, colors):
    """colors [N, 3] = max(0, 0.5 + sum of basis times sh [N, K >= count, 3]) for `directions` [N, 3] of any length."""
    n = sh.shape[0]
    for block in prange((n + BLOCK - 1) // BLOCK):
        basis = np.empty(16, f32)
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            x, y, z, _ = unit(directions, i)
            fill_basis(count, x, y, z, basis)
            for channel in range(3):
                value = HALF
                for k in range(count):
                    value += basis[k] * sh[i, k, channel]
                colors[i, channel] = max(value, ZERO)


@parallel_kernel
def sh_backward(directions, sh, count, colors, g_colors, g_directions, g_sh):
    """Fills g_directions [N, 3] and the first `count` rows of g_sh [N, K, 3]."""
    n = sh.shape[0]
    for block in prange((n + BLOCK - 1) // BLOCK):
        scratch = np.empty((4, 16), f32)
        basis, bx, by, bz = scratch[0], scratch[1], scratch[2], scratch[3]
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            x, y, z, inverse = unit(directions, i)
            fill_basis(count, x, y, z, basis)
            fill_basis_gradient(count, x, y, z, bx, by, bz)
            gx, gy, gz = ZERO, ZERO, ZERO
            for channel in range(3):
                g = g_colors[i, channel] if colors[i, channel] > ZERO else ZERO
                for k in range(count):
                    g_sh[i, k, channel] = g * basis[k]
                    weighted = g * sh[i, k, channel]
                    gx += weighted * bx[k]
                    gy += weighted * by[k]
                    gz += weighted * bz[k]
            along = gx * x + gy * y + gz * z
            g_directions[i, 0] = (gx - along * x) * inverse
            g_directions[i, 1] = (gy - along * y) * inverse
            g_directions[i, 2] = (gz - along * z) * inverse
