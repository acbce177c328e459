"""The spherical harmonics of splat colours: bands 1 to 3 as the 3DGS file format signs and orders them."""

from __future__ import annotations

import numpy as np

from headsmith.asset.quaternions import conjugate, matrices_from_quaternions
from headsmith.types import F32

SH_C0 = 0.28209479177387814
BAND_SIZES = (0, 3, 8, 15)
"""how many coefficients of bands >= 1 there are up to degree 0, 1, 2, 3"""
_SPLATS_AT_A_TIME = 4096


def sh_bands(directions: F32, count: int) -> F32:
    """Unit [..., 3] to the first `count` (3, 8 or 15) basis values of bands 1..3, [..., count].

    The real, orthonormal basis with the Condon-Shortley phase, as splat files use it
    (Kerbl et al. 2023; constants from https://en.wikipedia.org/wiki/Table_of_spherical_harmonics).
    """
    x, y, z = np.moveaxis(directions, -1, 0)
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
    return np.stack(values, -1)


def rotate_sh(coefficients: F32, quats: F32) -> F32:
    """Coefficients [N, K, 3] of bands >= 1 (K = 0, 3, 8, 15), each set turned by its rotation [N, 4] wxyz.

    Exact: the turned function is sampled in fixed directions and solved for, and bands do not mix.
    """
    count = coefficients.shape[1]
    if count == 0:
        return coefficients
    directions = _spread_directions(2 * count)
    solve = np.linalg.pinv(sh_bands(directions, count)).astype(coefficients.dtype)
    out = np.empty_like(coefficients)
    for start in range(0, len(coefficients), _SPLATS_AT_A_TIME):
        part = slice(start, start + _SPLATS_AT_A_TIME)
        back = matrices_from_quaternions(conjugate(quats[part]))
        turned = directions.astype(coefficients.dtype) @ np.swapaxes(back, -1, -2)
        out[part] = solve @ (sh_bands(turned, count) @ coefficients[part])
    return out


def _spread_directions(count: int) -> F32:
    """[count, 3] unit vectors on a Fibonacci spiral."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = k * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], -1)
