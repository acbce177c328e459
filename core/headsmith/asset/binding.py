"""Splats bound to the triangles of a mesh, so that they move with it.

Each splat keeps its place, turn and size relative to one triangle's frame: the origin at the splat's barycentric
point, x along the triangle's first edge, z along its normal, and as unit of length the mean of that edge's
length and the height over it (Qian et al. 2023, GaussianAvatars, arXiv 2312.02069, section 3.2).
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Binding, Splats
from headsmith.asset.driving import SplatDriver
from headsmith.asset.frames import MIN_SCALE_M, triangle_frames
from headsmith.asset.quaternions import conjugate, multiply, normalized, quaternions_from_matrices
from headsmith.types import F32, I32

__all__ = ["MIN_SCALE_M", "bind", "deform", "triangle_frames"]


def bind(splats: Splats, triangle: I32, barycentric: F32, vertices_m: F32, faces: I32) -> Binding:
    """Ties each splat to `triangle` [N] of the mesh (`vertices_m` [V, 3], `faces` [F, 3]) where the splats are now.

    `barycentric` [N, 3] is the point of the triangle that the splat's offset is measured from; rows sum to 1.
    """
    rotation, scale = triangle_frames(vertices_m.astype(np.float64), faces)
    rotation, scale = rotation[triangle], scale[triangle][:, None]
    corners = vertices_m.astype(np.float64)[faces[triangle]]
    away = splats.means - np.einsum("nk,nkd->nd", barycentric, corners)
    turn = multiply(conjugate(quaternions_from_matrices(rotation)), normalized(splats.quats.astype(np.float64)))
    return Binding(
        triangle=triangle.astype(np.int32),
        barycentric=barycentric.astype(np.float32),
        offset=(np.einsum("nba,nb->na", rotation, away) / scale).astype(np.float32),
        rotation_wxyz=turn.astype(np.float32),
        log_scale=np.log(np.maximum(splats.scales, 1e-9) / scale).astype(np.float32),
    )


def deform(binding: Binding, rest_splats: Splats, vertices_m: F32, faces: I32) -> Splats:
    """The splats on the mesh as it stands now: `vertices_m` [V, 3] moved, `faces` [F, 3] those of `bind`.

    Means, turns and sizes follow the triangles; the bands of colour that depend on direction turn with them. For many
    poses of the same splats, keep a `SplatDriver`.
    """
    return SplatDriver(binding, rest_splats, faces).splats(vertices_m)
