"""The frame of a triangle: what splats are bound to (see `headsmith.asset.binding`).

Inside, arrays run along the triangles in their last axis, which numpy computes several times faster than the first.
"""

from __future__ import annotations

import numpy as np

from headsmith.types import F32, I32

MIN_SCALE_M = 1e-7
"""a triangle that collapses in some pose shrinks its splats to this, never to zero"""


def triangle_frames(vertices_m: F32, faces: I32) -> tuple[F32, F32]:
    """Each triangle's rotation [F, 3, 3] (columns x, y, z) and scale [F] in metres; a collapsed one gets any frame."""
    axes, scale = frames_of_corners(corners_of(vertices_m, faces))
    return np.ascontiguousarray(np.transpose(axes, (2, 1, 0))), scale


def corners_of(vertices_m: F32, faces: I32) -> F32:
    """[3 corners, 3 coordinates, F] from vertices [V, 3] and faces [F, 3]."""
    return np.take(np.ascontiguousarray(vertices_m.T), faces.T, axis=1).transpose(1, 0, 2)


def frames_of_corners(corners_m: F32) -> tuple[F32, F32]:
    """[3 corners, 3 coordinates, F] to the axes [3 axes, 3 coordinates, F] of the frames and their scales [F]."""
    edge = corners_m[1] - corners_m[0]
    normal = cross(edge, corners_m[2] - corners_m[0])
    length, double_area = _norm(edge), _norm(normal)
    unit = np.eye(3, dtype=edge.dtype)
    x = np.where(length > 1e-12, edge / np.maximum(length, 1e-12), unit[0][:, None])
    flat = double_area <= 1e-9 * np.maximum(length, MIN_SCALE_M) ** 2
    if flat.any():
        normal[:, flat] = cross(x[:, flat], unit[:, np.argmin(np.abs(x[:, flat]), axis=0)])
        z = normal / _norm(normal)
    else:
        z = normal / double_area
    height = double_area / np.maximum(length, 1e-12)
    return np.stack([x, cross(z, x), z]), np.maximum((length + height) / 2, MIN_SCALE_M)


def cross(a: F32, b: F32) -> F32:
    """[3, ...] the cross products along the first axis."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _norm(vectors: F32) -> F32:
    """[3, ...] to [...]."""
    x, y, z = vectors
    return np.sqrt(x * x + y * y + z * z)
