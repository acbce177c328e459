"""Bound splats that follow their mesh through many poses: what does not change between poses is prepared once.

Arrays run along the splats or triangles in their last axis, and the splats are taken in blocks that stay in the
processor's cache: both make numpy several times faster. Everything is float32, and the same for any block size.
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Binding, Splats
from headsmith.asset.frames import corners_of, frames_of_corners
from headsmith.asset.harmonics import band_matrices, turn_bands
from headsmith.asset.quaternions import (
    conjugate,
    matrices_from_quaternions,
    multiply,
    normalized,
    quaternions_from_matrices,
)
from headsmith.types import F32, I32

_SPLATS_AT_A_TIME = 8192


class SplatDriver:
    """Splats bound to a mesh, ready to be put where the mesh goes.

    `rest` holds what poses do not change (opacities, colours) and the turns from which direction-dependent colours
    are measured; `faces` [F, 3] are those of the mesh that the splats were bound to.
    """

    def __init__(self, binding: Binding, rest: Splats, faces: I32) -> None:
        used, first, row = np.unique(binding.triangle, return_index=True, return_inverse=True)
        self._rest = rest
        self._faces = faces[used]
        self._row = row.astype(np.intp)
        """[N] row of `_faces`"""
        self._coefficients = _columns(np.concatenate([binding.barycentric, binding.offset], 1))
        """[6, N] of the triangle's corners and of its axes"""
        self._sizes = _columns(np.exp(binding.log_scale))
        """[3, N] in units of the triangle's scale"""
        local = normalized(binding.rotation_wxyz)
        self._turns = _right_factors(_columns(local))
        """[4, 4, N]"""
        # all splats of a triangle share its frame at rest, so that the first one tells it
        self._rest_frames_back = conjugate(multiply(normalized(rest.quats[first]), conjugate(local[first])))
        """[U, 4] from each used triangle's frame at rest to head space, undone"""
        self._colors = _columns(rest.shN)
        """[K, 3, N]"""

    def splats(self, vertices_m: F32) -> Splats:
        """The splats on the mesh as it stands now, `vertices_m` [V, 3].

        Means, turns and sizes follow the triangles; the bands of colour that depend on direction turn with them.
        """
        corners = corners_of(vertices_m.astype(np.float32, copy=False), self._faces)
        axes, scale = frames_of_corners(corners)
        frames = quaternions_from_matrices(np.transpose(axes, (2, 1, 0)))
        table = np.concatenate([corners.reshape(9, -1), (axes * scale).reshape(9, -1), frames.T, scale[None]])
        bands = self._band_matrices(frames)
        n, rest = len(self._row), self._rest
        means, quats, scales = (np.empty((n, k), np.float32) for k in (3, 4, 3))
        shN = np.empty(rest.shN.shape, np.float32) if bands else rest.shN
        for start in range(0, n, _SPLATS_AT_A_TIME):
            part = slice(start, start + _SPLATS_AT_A_TIME)
            row = self._row[part]
            own = np.take(table, row, axis=1)
            means[part] = np.einsum("kcn,kn->cn", own[:18].reshape(6, 3, -1), self._coefficients[:, part]).T
            quats[part] = np.einsum("abn,bn->an", self._turns[:, :, part], own[18:22]).T
            scales[part] = (self._sizes[:, part] * own[22]).T
            if bands:
                own_bands = [np.take(matrix, row, axis=2) for matrix in bands]
                shN[part] = turn_bands(own_bands, self._colors[:, :, part]).transpose(2, 0, 1)
        return Splats(means, quats, scales, rest.opacities, rest.sh0, shN)

    def _band_matrices(self, frames: F32) -> list[F32]:
        """For each band of colour the matrices [B, B, U] from rest to the turned frames [U, 4]."""
        if not len(self._colors):
            return []
        turns = matrices_from_quaternions(multiply(frames, self._rest_frames_back))
        return band_matrices(np.ascontiguousarray(np.transpose(turns, (1, 2, 0))), len(self._colors))


def _columns(rows: F32) -> F32:
    """[N, ...] to [..., N], float32, each column of its own."""
    return np.ascontiguousarray(np.moveaxis(rows, 0, -1), np.float32)


def _right_factors(quats: F32) -> F32:
    """[4, N] to the matrices [4, 4, N] that, times a quaternion p, give p times `quats` (Hamilton's product)."""
    w, x, y, z = quats
    return np.stack([np.stack(row) for row in ((w, -x, -y, -z), (x, w, z, -y), (y, -z, w, x), (z, y, -x, w))])
