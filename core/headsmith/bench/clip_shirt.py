"""What the known subject wears in clips: a shirt that follows the bust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from headsmith.asset.normals import vertex_normals
from headsmith.bench.clip_draw import Part
from headsmith.bench.clip_room import SHIRT, in_tile
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32, Bool

_NECKLINE_Y_M, _SLOPE = -0.196, 0.30
"""the shirt covers the mean head below this height; higher behind"""
_CLOTH_M = 0.004
_SHOULDERS = (
    (1.12, 1.05, -0.004),
    (1.45, 1.12, -0.018),
    (1.72, 1.18, -0.055),
    (1.85, 1.22, -0.12),
    (1.80, 1.25, -0.45),
)
"""rings below the bust's edge: how much wider and deeper than it, and how far under its middle in metres"""


@dataclass(frozen=True)
class Shirt:
    weights: sparse.csr_matrix
    """[C, V] the collar's points on the head's skin"""
    faces: I32
    """[K, 3] of the collar"""
    rim: I32
    """[R] vertices of the bust's lower edge, around"""


def make_shirt(model: HeadModel) -> Shirt:
    """The collar is the bust's skin below the neckline, cut along it."""
    v = model.v_template
    above = v[:, 1] - (_NECKLINE_Y_M - _SLOPE * (v[:, 2] + 0.03))
    above[v[:, 2] > 0.03] = 1
    faces = model.faces[model.faces_of("head") & (above[model.faces] < 0).any(1)]
    used, corners = np.unique(faces, return_inverse=True)
    weights = _cut(faces, above, len(v))[used]
    return Shirt(weights.tocsr(), corners.reshape(-1, 3).astype(np.int32), _rim(model, above < 0))


def _cut(faces: I32, above: F32, count: int) -> sparse.csr_matrix:
    """[V, V] that moves each vertex above the line down to where its edges cross it, and leaves the others."""
    edges = np.concatenate([faces[:, pair] for pair in ((0, 1), (1, 2), (2, 0))])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    over, under = edges[(above[edges[:, 0]] >= 0) & (above[edges[:, 1]] < 0)].T
    share = -above[under] / (above[over] - above[under])
    degree = np.bincount(over, minlength=count)
    below = np.flatnonzero(above < 0)
    rows = np.concatenate([over, over, below])
    columns = np.concatenate([over, under, below])
    values = np.concatenate([share / degree[over], (1 - share) / degree[over], np.ones(len(below))])
    return sparse.csr_matrix((values.astype(np.float32), (rows, columns)), shape=(count, count))


def _rim(model: HeadModel, low: Bool) -> I32:
    """The vertices of the open edge among the `low` [V] ones, in order around the neck."""
    edges = np.sort(np.concatenate([model.faces[:, pair] for pair in ((0, 1), (1, 2), (2, 0))]), 1)
    pairs, counts = np.unique(edges, axis=0, return_counts=True)
    rim = np.unique(pairs[(counts == 1) & low[pairs].all(1)])
    offset = model.v_template[rim] - model.v_template[rim].mean(0)
    return rim[np.argsort(np.arctan2(offset[:, 0], offset[:, 2]))].astype(np.int32)


def wear(shirt: Shirt, posed_m: F32, normals: F32) -> Part:
    """The shirt on a posed head [V, 3] with its normals [V, 3]."""
    grown = posed_m + _CLOTH_M * normals
    collar, loop = shirt.weights @ grown, grown[shirt.rim]
    centre = loop.mean(0)
    rings = [loop] + [centre + (loop - centre) * (wide, 1, deep) + (0, under, 0) for wide, deep, under in _SHOULDERS]
    points = np.concatenate([collar, *rings]).astype(np.float32)
    faces = np.concatenate([shirt.faces, *_bands(len(collar), len(loop), len(rings))]).astype(np.int32)
    angle = np.arctan2(points[:, 0] - centre[0], points[:, 2] - centre[2]) / (2 * np.pi) + 0.5
    u = angle[faces]
    # triangles across the seam go on beyond a full turn
    u = np.where((u < 0.25) & (u.max(1, keepdims=True) > 0.75), u + 1, u) / 1.25
    uv = np.stack([u, (points[faces][..., 1] - centre[1] + 0.45) / 0.55], -1)
    return Part(points, faces, vertex_normals(points, faces), in_tile(uv, SHIRT), texture=1)


def _bands(start: int, count: int, rings: int) -> list[I32]:
    """Triangles between rings of `count` points each, the first of which begins at `start`."""
    a = np.arange(count)
    b = (a + 1) % count
    bands = []
    for k in range(rings - 1):
        upper, lower = start + k * count, start + (k + 1) * count
        bands += [np.stack([upper + a, lower + a, lower + b], 1), np.stack([upper + a, lower + b, upper + b], 1)]
    return [band.astype(np.int32) for band in bands]
