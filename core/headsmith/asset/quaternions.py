"""Unit quaternions, wxyz, in numpy; a leading batch shape goes through every function."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32


def normalized(quats: F32) -> F32:
    """[..., 4] of unit length; zero quaternions become the identity."""
    length = np.linalg.norm(quats, axis=-1, keepdims=True)
    identity = np.array([1, 0, 0, 0], quats.dtype)
    return np.where(length > 1e-12, quats / np.maximum(length, 1e-12), identity)


def conjugate(quats: F32) -> F32:
    """[..., 4] the inverse rotations."""
    return quats * np.array([1, -1, -1, -1], quats.dtype)


def multiply(a: F32, b: F32) -> F32:
    """[..., 4] the rotations `b` first, `a` second (Hamilton's product)."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        -1,
    )


def matrices_from_quaternions(quats: F32) -> F32:
    """Unit [..., 4] to rotation matrices [..., 3, 3]."""
    w, x, y, z = np.moveaxis(quats, -1, 0)
    return np.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ],
        -1,
    ).reshape(*quats.shape[:-1], 3, 3)  # fmt: skip


def quaternions_from_matrices(matrices: F32) -> F32:
    """Rotation matrices [..., 3, 3] to unit [..., 4], by the largest component (Shepperd 1978)."""
    m = np.moveaxis(matrices, (-2, -1), (0, 1))
    xx, yy, zz = m[0, 0], m[1, 1], m[2, 2]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    # each row is 4 q_i (w, x, y, z) for i = w, x, y, z; the one with the largest q_i loses no digits
    squares = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz])
    candidates = np.stack([
        squares[0], wx, wy, wz,
        wx, squares[1], xy, xz,
        wy, xy, squares[2], yz,
        wz, xz, yz, squares[3],
    ]).reshape(4, 4, *squares.shape[1:])  # fmt: skip
    best = np.take_along_axis(candidates, np.argmax(squares, axis=0)[None, None], axis=0)[0]
    w, x, y, z = best
    return np.ascontiguousarray(np.moveaxis(best / np.sqrt(w * w + x * x + y * y + z * z), 0, -1))
