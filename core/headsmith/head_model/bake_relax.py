"""Evening out a flattening: the symmetric Dirichlet energy, lowered by reweighted least squares without any fold.

Rabinovich, Poranne, Panozzo and Sorkine-Hornung, Scalable Locally Injective Mappings, 2017.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import bmat, coo_matrix, csr_matrix, diags
from scipy.sparse.linalg import spsolve

from headsmith.types import F32, I32, Bool

STEPS = 30
PROXIMAL = 1e-4
"""weight that ties each step to the last, against a singular system"""
HALVINGS = 20


def relax(uv: F32, faces: I32, corners_m: F32, importance: F32, pinned: Bool) -> F32:
    """Texture coordinates [U, 2] with less shear and a density nearer to `importance`.

    `faces` [F, 3] rows of `uv`, none folded; `corners_m` [F, 3, 3]; `importance` [F] wished texels per metre,
    relative; `pinned` [U, 2] the coordinates that must stay.
    """
    gradients, area = _target_gradients(uv, faces, corners_m, importance)
    pairs = _Jacobian(faces, gradients, len(uv))
    energy = _energy(pairs.of(uv), area)
    for _ in range(STEPS):
        direction = _step(pairs, uv, area, pinned)
        length, better = 1.0, None
        for _ in range(HALVINGS):
            trial = uv + length * direction
            now = _energy(pairs.of(trial), area)
            if now < energy:
                better = trial
                break
            length /= 2
        if better is None or energy - now < 1e-4 * energy:
            return uv if better is None else better
        uv, energy = better, now
    return uv


def _target_gradients(uv: F32, faces: I32, corners_m: F32, importance: F32) -> tuple[F32, F32]:
    """[F, 3, 2] gradients of the corners' hat functions on flat triangles of the wished size, and their areas [F]."""
    a, b = corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0]
    normal = np.cross(a, b)
    doubled = np.linalg.norm(normal, axis=1)
    x = a / np.linalg.norm(a, axis=1, keepdims=True)
    y = np.cross(normal / doubled[:, None], x)
    s = uv[faces]
    p, q = s[:, 1] - s[:, 0], s[:, 2] - s[:, 0]
    drawn = p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]
    scale = importance * np.sqrt(drawn.sum() / (doubled * importance**2).sum())
    flat = np.stack([np.stack([(e * x).sum(1), (e * y).sum(1)], 1) for e in (a, b)], 2) * scale[:, None, None]
    inverse = np.linalg.inv(flat)
    gradients = np.stack([-inverse.sum(1), inverse[:, 0], inverse[:, 1]], 1)
    return gradients, doubled * scale**2 / 2


class _Jacobian:
    """The linear map from texture coordinates to the Jacobian of each triangle."""

    def __init__(self, faces: I32, gradients: F32, count: int) -> None:
        self.count = count
        triangle = np.repeat(np.arange(len(faces)), 3)
        self.by_axis = [coo_matrix((gradients[:, :, b].ravel(), (triangle, faces.ravel())), (len(faces), count)).tocsr()
                        for b in (0, 1)]  # fmt: skip

    def of(self, uv: F32) -> F32:
        """[F, 2, 2] d uv_a / d x_b."""
        return np.stack([m @ uv for m in self.by_axis], 2)

    def weighted(self, weight: F32) -> csr_matrix:
        """[4 F, 2 U] all entries of weight [F, 2, 2] @ Jacobian, of unknowns ordered u then v."""
        blocks = [[diags(weight[:, c, a]) @ m for a in (0, 1)] for c in (0, 1) for m in self.by_axis]
        return bmat(blocks).tocsr()


def _energy(jacobian: F32, area: F32) -> float:
    """Infinite where a triangle folds."""
    determinant = np.linalg.det(jacobian)
    if determinant.min() <= 0:
        return np.inf
    squared = (jacobian**2).sum((1, 2))
    return float((area * (squared + squared / determinant**2)).sum())


def _step(pairs: _Jacobian, uv: F32, area: F32, pinned: Bool) -> F32:
    """[U, 2] towards the minimum of the quadratic proxy around `uv`."""
    left, stretch, right = np.linalg.svd(pairs.of(uv))
    rotation = left @ right
    gap = np.where(np.abs(stretch - 1) < 1e-4, 1e-4, stretch - 1)
    moved = 1 + gap
    strength = np.sqrt(np.maximum((moved - moved**-3) / gap, 1e-6)) * np.sqrt(area)[:, None]
    weight = (left * strength[:, None]) @ left.transpose(0, 2, 1)
    matrix = pairs.weighted(weight)
    target = (weight @ rotation).transpose(1, 2, 0).reshape(-1)
    normal = matrix.T @ matrix + PROXIMAL * area.mean() * diags(np.ones(2 * len(uv)))
    flat = uv.T.reshape(-1)
    free = np.flatnonzero(~pinned.T.reshape(-1))
    residual = matrix.T @ (target - matrix @ flat)
    out = np.zeros(2 * len(uv))
    out[free] = spsolve(normal[free][:, free].tocsc(), residual[free])
    return out.reshape(2, -1).T
