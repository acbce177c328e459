"""Splats bound to the triangles of a mesh, so that they move with it.

Each splat keeps its place, turn and size relative to one triangle's frame: the origin at the splat's barycentric
point, x along the triangle's first edge, z along its normal, and as unit of length the mean of that edge's
length and the height over it (Qian et al. 2023, GaussianAvatars, arXiv 2312.02069, section 3.2).
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Binding, Splats
from headsmith.asset.harmonics import rotate_sh
from headsmith.asset.quaternions import conjugate, multiply, normalized, quaternions_from_matrices
from headsmith.types import F32, I32

MIN_SCALE_M = 1e-7
"""a triangle that collapses in some pose shrinks its splats to this, never to zero"""


def triangle_frames(vertices_m: F32, faces: I32) -> tuple[F32, F32]:
    """Each triangle's rotation [F, 3, 3] (columns x, y, z) and scale [F] in metres; a collapsed one gets any frame."""
    a, b, c = (vertices_m[faces[:, k]] for k in range(3))
    edge = b - a
    normal = np.cross(edge, c - a)
    length, double_area = np.linalg.norm(edge, axis=1), np.linalg.norm(normal, axis=1)
    x = np.where(length[:, None] > 1e-12, edge / np.maximum(length, 1e-12)[:, None], np.eye(3, dtype=edge.dtype)[0])
    flat = double_area <= 1e-9 * np.maximum(length, MIN_SCALE_M) ** 2
    if flat.any():
        normal[flat] = np.cross(x[flat], np.eye(3, dtype=edge.dtype)[np.argmin(np.abs(x[flat]), axis=1)])
    z = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    rotation = np.stack([x, np.cross(z, x), z], axis=-1)
    height = double_area / np.maximum(length, 1e-12)
    return rotation, np.maximum((length + height) / 2, MIN_SCALE_M)


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

    Means, turns and sizes follow the triangles; the bands of colour that depend on direction turn with them.
    """
    rotation, scale = triangle_frames(vertices_m, faces)
    frame_quats = quaternions_from_matrices(rotation)
    tri = binding.triangle
    scale_of = scale[tri][:, None]
    means = np.einsum("nab,nb->na", rotation[tri], binding.offset) * scale_of
    for k in range(3):
        means += binding.barycentric[:, k, None] * vertices_m[faces[tri, k]]
    quats = normalized(multiply(frame_quats[tri], binding.rotation_wxyz))
    shN = rest_splats.shN
    if shN.shape[1]:
        shN = rotate_sh(shN, multiply(quats, conjugate(normalized(rest_splats.quats))))
    return Splats(
        means=means.astype(np.float32),
        quats=quats.astype(np.float32),
        scales=(np.exp(binding.log_scale) * scale_of).astype(np.float32),
        opacities=rest_splats.opacities,
        sh0=rest_splats.sh0,
        shN=shN,
    )
