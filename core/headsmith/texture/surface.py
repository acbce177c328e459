"""Smooth fields on the mesh: colours solved on the vertices know no UV seams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from headsmith.types import F32, I32


@dataclass(frozen=True)
class Guide:
    """Differences along the edges that a solved field should have where it is not observed."""

    values: F32
    """[V, C] only their differences count"""
    known: F32
    """[V] 0..1; the differences of an edge count as far as both its ends are known, else they are taken as zero"""


def edges_of(faces: I32) -> I32:
    """[E, 2] each undirected edge once, the smaller vertex first."""
    return _edges(np.ascontiguousarray(faces, np.int32).tobytes())


@lru_cache(maxsize=4)
def _edges(corners: bytes) -> I32:
    faces = np.frombuffer(corners, np.int32).reshape(-1, 3)
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


_ANCHOR = 1e-6
"""pull towards the mean, for parts of the mesh that nothing else holds"""


def _laplacian(edges: I32, count: int, stiffness: float) -> sparse.spmatrix:
    i, j = edges.T
    graph = sparse.coo_matrix((np.full(len(edges), stiffness), (i, j)), (count, count))
    graph = graph + graph.T
    return sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph


def _factored(system: sparse.spmatrix) -> SuperLU:
    """The factors of a symmetric positive matrix."""
    return splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def solve_field(faces: I32, observed: F32, weight: F32, guide: Guide | None = None, stiffness: float = 1.0) -> F32:
    """The field x [V, C] that minimises sum weight |x - observed|² + stiffness sum over edges |dx - d guide|².

    `observed` [V, C] counts as far as `weight` [V] says; a part of the mesh without observations gets their mean.
    """
    count = len(observed)
    edges = edges_of(faces)
    pull = np.maximum(weight, 0).astype(np.float64)
    mean = (pull @ observed) / max(float(pull.sum()), 1e-12)
    i, j = edges.T
    system = _laplacian(edges, count, stiffness) + sparse.diags(pull + _ANCHOR)
    right = pull[:, None] * observed + _ANCHOR * mean
    if guide is not None:
        shared = np.minimum(guide.known[i], guide.known[j]).astype(np.float64)[:, None]
        difference = stiffness * shared * (guide.values[i] - guide.values[j])
        for c in range(observed.shape[1]):
            right[:, c] += np.bincount(i, difference[:, c], count) - np.bincount(j, difference[:, c], count)
    return _factored(system).solve(right).astype(np.float32)


def smooth_field(faces: I32, values: F32, strength: float) -> F32:
    """Values [V, C] blurred over roughly sqrt(strength) edges."""
    right = values.astype(np.float64) + _ANCHOR * values.mean(0, dtype=np.float64)
    return (
        _smoother(np.ascontiguousarray(faces, np.int32).tobytes(), len(values), strength)
        .solve(right)
        .astype(np.float32)
    )


@lru_cache(maxsize=8)
def _smoother(corners: bytes, count: int, strength: float) -> SuperLU:
    graph = _laplacian(_edges(corners), count, strength)
    return _factored(graph + sparse.diags(np.full(count, 1 + _ANCHOR)))


def grow(faces: I32, values: F32, rings: int) -> F32:
    """Values [V] replaced `rings` times by the largest among the neighbours."""
    out = values.copy()
    i, j = edges_of(faces).T
    for _ in range(rings):
        before = out.copy()
        np.maximum.at(out, i, before[j])
        np.maximum.at(out, j, before[i])
    return out
