"""The spherical harmonics of splat colours: bands 1 to 3 as the 3DGS file format signs and orders them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from headsmith.asset.quaternions import matrices_from_quaternions
from headsmith.types import F32

SH_C0 = 0.28209479177387814
"""band 0 of the real spherical harmonics; sRGB = 0.5 + SH_C0 * sh0"""
BAND_SIZES = (0, 3, 8, 15)
"""how many coefficients of bands >= 1 there are up to degree 0, 1, 2, 3"""
_DIRECTIONS = 12
"""in which a turned band is sampled: the fewest that determine band 3 well (condition 3.2) on a Fibonacci spiral"""
_TURNS_AT_A_TIME = 1024


def sh_bands(directions: F32, count: int) -> F32:
    """Unit [..., 3] to the first `count` (3, 8 or 15) basis values of bands 1..3, [..., count].

    The real, orthonormal basis with the Condon-Shortley phase, as splat files use it
    (Kerbl et al. 2023; constants from https://en.wikipedia.org/wiki/Table_of_spherical_harmonics).
    """
    x, y, z = np.moveaxis(directions, -1, 0)
    return np.stack(_basis(x, y, z, count), -1)


def _basis(x: F32, y: F32, z: F32, count: int) -> list[F32]:
    """`sh_bands`, one array per value."""
    values = [-0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x]
    if count > 3:
        values += [
            1.0925484305920792 * x * y,
            -1.0925484305920792 * y * z,
            0.31539156525252005 * (2 * z * z - x * x - y * y),
            -1.0925484305920792 * x * z,
            0.5462742152960396 * (x * x - y * y),
        ]
    if count > 8:
        values += [
            -0.5900435899266435 * y * (3 * x * x - y * y),
            2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4 * z * z - x * x - y * y),
            0.3731763325901154 * z * (2 * z * z - 3 * x * x - 3 * y * y),
            -0.4570457994644658 * x * (4 * z * z - x * x - y * y),
            1.445305721320277 * z * (x * x - y * y),
            -0.5900435899266435 * x * (x * x - 3 * y * y),
        ]
    return values


def rotate_sh(coefficients: F32, quats: F32) -> F32:
    """Coefficients [N, K, 3] of bands >= 1 (K = 0, 3, 8, 15), each set turned by its rotation [N, 4] wxyz."""
    turns = np.ascontiguousarray(np.transpose(matrices_from_quaternions(quats), (1, 2, 0)))
    matrices = band_matrices(turns.astype(coefficients.dtype, copy=False), coefficients.shape[1])
    return np.ascontiguousarray(np.transpose(turn_bands(matrices, np.transpose(coefficients, (1, 2, 0))), (2, 0, 1)))


def band_matrices(rotations: F32, count: int) -> list[F32]:
    """Rotations [3, 3, M] to the matrices [B, B, M] that turn the coefficients of each band, B = 3, 5, 7.

    Exact: the turned basis is sampled in fixed directions and solved for, and bands do not mix. (Not with BLAS, whose
    threads cost more than products as small as these.)
    """
    directions, turns = _spread_directions(_DIRECTIONS), rotations.shape[-1]
    fixed, directions = sh_bands(directions, count), directions.astype(rotations.dtype)
    bands = _bands(count)
    solve = [np.linalg.pinv(fixed[:, start:end]).astype(rotations.dtype) for start, end in bands]
    out = [np.empty((end - start, end - start, turns), rotations.dtype) for start, end in bands]
    for first in range(0, turns, _TURNS_AT_A_TIME):
        part = slice(first, first + _TURNS_AT_A_TIME)
        # what a turned function has in direction d, the function itself has in direction R^T d
        back = np.einsum("kd,dan->kan", directions, rotations[:, :, part])
        turned = _basis(back[:, 0], back[:, 1], back[:, 2], count)
        for (start, end), solution, matrix in zip(bands, solve, out, strict=True):
            matrix[:, :, part] = np.einsum("bk,kan->ban", solution, np.stack(turned[start:end], 1))
    return out


def turn_bands(matrices: list[F32], coefficients: F32) -> F32:
    """Coefficients [K, 3, M], each band times its matrices [B, B, M] of `band_matrices`."""
    out = np.empty(coefficients.shape, coefficients.dtype)
    for (start, end), matrix in zip(_bands(len(coefficients)), matrices, strict=True):
        np.einsum("abn,bcn->acn", matrix, coefficients[start:end], out=out[start:end])
    return out


def _bands(count: int) -> list[tuple[int, int]]:
    """(first, last + 1) row of each band among the first `count`."""
    return [(start, end) for start, end in pairwise(BAND_SIZES) if end <= count]


def _spread_directions(count: int) -> F32:
    """[count, 3] unit vectors on a Fibonacci spiral."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = k * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], -1)
