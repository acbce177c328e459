"""Which point of the default head each vertex of another head is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from headsmith.asset.alignment import similarity
from headsmith.asset.normals import vertex_normals
from headsmith.head_model.embedding import Embedding
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

# a surface that faces the other way is as far as one that lies this much away: upper lip is not lower lip
NORMAL_WEIGHT_M = 0.012
SUBDIVISIONS = 3
WELL_PLACED = 0.3


@dataclass(frozen=True)
class Correspondence:
    """Points on the default head for the vertices of another."""

    corners: I32
    """[V, 3] vertices of the default head"""
    barycentric: F32
    """[V, 3]"""
    scale: float
    """size of the other head over the default head's"""
    rotation: F32
    """[3, 3] default head to the other"""
    triangle: I32
    """[V] triangle of the default head"""

    def interpolate(self, values: F32) -> F32:
        """Values at the default head's vertices [W, C] to the other head's [V, C]."""
        return (values[self.corners] * self.barycentric[..., None]).sum(1).astype(np.float32)


def correspond(default: HeadModel, vertices_m: F32, faces: I32, part: I32, embedding: Embedding) -> Correspondence:
    """Matches by position, normal and part, after bending the default head onto the other by their landmarks.

    `part` [V] is the part of each vertex, as rows of the default head's `part_names`.
    """
    target = (vertices_m[faces[embedding.triangle]] * embedding.barycentric[..., None]).sum(1)
    source = default.landmarks(default.v_template)
    use = (embedding.weight > WELL_PLACED) & (default.landmark_weight > WELL_PLACED)
    scale, R, t = similarity(source[use], target[use])
    moved = scale * default.v_template @ R.T + t
    bend = RBFInterpolator(scale * source[use] @ R.T + t, (target - (scale * source @ R.T + t))[use],
                           kernel="linear", smoothing=1e-3)  # fmt: skip
    # the landmarks know nothing of the back of the head: bend less, the farther away they are
    distance = cKDTree(scale * source[use] @ R.T + t).query(moved)[0]
    moved = moved + bend(moved) * np.exp(-((distance / 0.05) ** 2))[:, None]
    triangle, barycentric = _nearest(default, moved, vertices_m, vertex_normals(vertices_m, faces), part)
    return Correspondence(default.faces[triangle], barycentric, scale, R.astype(np.float32), triangle)


def _nearest(default: HeadModel, moved: F32, vertices_m: F32, normals: F32, part: I32) -> tuple[I32, F32]:
    """The default head's nearest surface sample of the same part: triangle [V] and barycentric [V, 3]."""
    samples = _sample_weights()
    triangle = np.zeros(len(vertices_m), np.int32)
    barycentric = np.zeros((len(vertices_m), 3), np.float32)
    moved_normals = vertex_normals(moved.astype(np.float32), default.faces)
    for p in np.unique(part):
        rows = np.flatnonzero(default.face_part == p)
        corners = default.faces[rows]
        points = np.einsum("sk,fkc->fsc", samples, moved[corners]).reshape(-1, 3)
        facing = np.einsum("sk,fkc->fsc", samples, moved_normals[corners]).reshape(-1, 3)
        tree = cKDTree(np.concatenate([points, NORMAL_WEIGHT_M * facing], 1))
        mine = part == p
        found = tree.query(np.concatenate([vertices_m[mine], NORMAL_WEIGHT_M * normals[mine]], 1))[1]
        triangle[mine] = rows[found // len(samples)]
        barycentric[mine] = samples[found % len(samples)]
    return triangle, barycentric


def _sample_weights() -> F32:
    """[S, 3] barycentric coordinates of a regular grid on a triangle."""
    n = SUBDIVISIONS
    return np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)], np.float32) / n
