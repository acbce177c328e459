"""What must hold of a fitted head whatever the photo says: lids outside the eyeballs, no folded skin."""

from __future__ import annotations

import numpy as np

from headsmith.fit.offsets import eyeballs
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32, Bool

TOUCHING_M, CLEAR_M = 2.5e-3, 7e-3
"""skin nearer to an eyeball than the first keeps its distance fully, beyond the second not at all"""
SHRINK = 0.85
MAX_SHRINKS = 12


def lids_on_eyes(model: HeadModel, rest_m: F32) -> F32:
    """Neutral head [V, 3] whose lids and lashes lie as far from the eyeballs' surface as the mean head's."""
    out = rest_m.copy()
    for rows in eyeballs(model):
        others = np.setdiff1d(np.arange(len(rest_m)), rows)
        mean_center, mean_radius = _sphere(model.v_template[rows])
        center, radius = _sphere(rest_m[rows])
        gap = np.linalg.norm(model.v_template[others] - mean_center, axis=1) - mean_radius
        arm = out[others] - center
        distance = np.linalg.norm(arm, axis=1)
        share = np.clip((CLEAR_M - gap) / (CLEAR_M - TOUCHING_M), 0, 1)
        # behind the lids (negative gap) nothing is visible, and the socket moves with the head
        share = share**2 * (3 - 2 * share) * (gap > -TOUCHING_M)
        wanted = radius + gap * radius / mean_radius
        out[others] += arm / distance[:, None] * (share * (wanted - distance))[:, None]
    return out


def _sphere(points: F32) -> tuple[F32, float]:
    """Centre and radius of an eyeball: the least-squares sphere of its vertices."""
    A = np.column_stack([2 * points, np.ones(len(points))]).astype(np.float64)
    x = np.linalg.lstsq(A, np.square(points).sum(1).astype(np.float64), rcond=None)[0]
    return x[:3], float(np.sqrt(x[3] + x[:3] @ x[:3]))


def folded(before_m: F32, after_m: F32, faces: I32) -> Bool:
    """[F] True for triangles that a deformation turned by more than a right angle."""
    return (_normals(before_m, faces) * _normals(after_m, faces)).sum(1) < 0


def unfold(model: HeadModel, rest_m: F32, offsets_m: F32) -> F32:
    """The offsets [V, 3], made smaller until they fold no triangle of the head `rest_m` [V, 3]."""
    for _ in range(MAX_SHRINKS):
        if not folded(rest_m, rest_m + offsets_m, model.faces).any():
            return offsets_m
        offsets_m = offsets_m * SHRINK
    return offsets_m


def _normals(vertices_m: F32, faces: I32) -> F32:
    a, b, c = np.moveaxis(vertices_m[faces].astype(np.float64), 1, 0)
    return np.cross(b - a, c - a)
