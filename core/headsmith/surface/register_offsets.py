"""A smooth field of offsets that carries a head onto a surface.

Smooth over space rather than over the mesh: what lies close together moves alike, so that lips stay closed, lids stay
on the eyeballs, and teeth, tongue and lashes follow the skin. Eyeballs only shift and grow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.surface.topology import edges_of
from headsmith.types import F32, I32

_NEIGHBOURS = 10
_CONTACT_M = 1.5e-3
"""pairs nearer than this pull as if they were this far apart"""
_EYES = ("eye_left", "eye_right")


@dataclass(frozen=True)
class OffsetSpace:
    """What a smooth field on one head is; V vertices, D unknowns per axis."""

    free: sparse.csr_matrix
    """[3 V, D'] offsets, axis by axis within a vertex, as a linear function of the unknowns"""
    bending: sparse.csr_matrix
    """[3 V, 3 V] the field's Laplacian, 1 / metres squared, times the square root of each vertex's share of area"""
    share: F32
    """[V] area of each vertex over the mean vertex's"""


@dataclass(frozen=True)
class OffsetPull:
    """Where points of the head ought to go: `points @ offsets` is `wanted`."""

    points: sparse.csr_matrix
    """[Q, 3 V] each row already times its weight, 1 / metres"""
    wanted: F32
    """[Q]"""


def offset_space(model: HeadModel, vertices_m: F32) -> OffsetSpace:
    """Of the head whose vertices are `vertices_m` [V, 3]."""
    share = area_shares(vertices_m, model.faces)
    laplacian = sparse.diags(np.sqrt(share)) @ _spatial_laplacian(vertices_m, model.faces)
    eye3 = sparse.identity(3)
    return OffsetSpace(_free_motions(model, vertices_m), sparse.kron(laplacian, eye3).tocsr(), share)


def solve_offsets(space: OffsetSpace, pulls: tuple[OffsetPull, ...], bend_std: float, size_std_m: float) -> F32:
    """[V, 3] the field of least cost: pulls, Laplacian over `bend_std` (1 / metres), and size over `size_std_m`."""
    roots = [space.bending / bend_std, sparse.diags(np.repeat(np.sqrt(space.share), 3) / size_std_m)]
    roots += [pull.points for pull in pulls]
    wanted = np.concatenate([np.zeros(2 * roots[0].shape[0]), *(pull.wanted for pull in pulls)])
    A = (sparse.vstack(roots) @ space.free).tocsr()
    solver = splu((A.T @ A).tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return (space.free @ solver.solve(A.T @ wanted)).reshape(-1, 3)


def area_shares(vertices_m: F32, faces: I32) -> F32:
    """[V] area around each vertex over the mean, so that dense parts count no more than others."""
    a, b, c = (vertices_m[faces[:, k]].astype(np.float64) for k in range(3))
    third = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    area = np.bincount(faces.reshape(-1), np.repeat(third, 3), len(vertices_m)).astype(np.float64)
    return np.clip(area / area.mean(), 0.05, 5.0)


def _spatial_laplacian(vertices_m: F32, faces: I32) -> sparse.csr_matrix:
    """[V, V] 4 / sum(w d^2) * sum(w (f_j - f_i)) over the neighbours in space and on the mesh.

    That is the Laplacian of a field on a surface whose neighbours lie evenly around each vertex (Taylor's expansion).
    """
    count = len(vertices_m)
    near = cKDTree(vertices_m).query(vertices_m, _NEIGHBOURS + 1)[1][:, 1:]
    i, j = np.repeat(np.arange(count), _NEIGHBOURS), near.reshape(-1)
    a, b = edges_of(faces).vertices.T
    i, j = np.concatenate([i, j, a, b]), np.concatenate([j, i, b, a])
    linked = sparse.coo_matrix((np.ones(len(i)), (i, j)), (count, count)).tocsr().tocoo()
    i, j = linked.row, linked.col
    squared = np.maximum(np.square(vertices_m[i] - vertices_m[j]).sum(1).astype(np.float64), _CONTACT_M**2)
    weight = 1 / squared
    total = np.bincount(i, weight * squared, count)
    weight = 4 * weight / total[i]
    adjacency = sparse.coo_matrix((weight, (i, j)), (count, count)).tocsr()
    return (adjacency - sparse.diags(np.bincount(i, weight, count))).tocsr()


def _free_motions(model: HeadModel, vertices_m: F32) -> sparse.csr_matrix:
    """[3 V, D] every vertex free, save that each eyeball has a shift and a growth."""
    count = len(vertices_m)
    eyes = [np.unique(model.faces[model.faces_of(part)]) for part in _EYES if part in model.part_names]
    eyes = [rows for rows in eyes if len(rows)]
    bound = np.concatenate(eyes) if eyes else np.zeros(0, int)
    loose = np.setdiff1d(np.arange(count), bound)
    rows = (3 * loose[:, None] + np.arange(3)).reshape(-1)
    parts = [sparse.coo_matrix((np.ones(len(rows)), (rows, np.arange(len(rows)))), (3 * count, len(rows)))]
    for eye in eyes:
        arm = vertices_m[eye] - vertices_m[eye].mean(0)
        arm = arm / np.linalg.norm(arm, axis=1).mean()
        at = (3 * eye[:, None] + np.arange(3)).reshape(-1)
        columns = np.tile(np.arange(3), len(eye))
        shift = sparse.coo_matrix((np.ones(len(at)), (at, columns)), (3 * count, 4))
        growth = sparse.coo_matrix((arm.reshape(-1), (at, np.full(len(at), 3))), (3 * count, 4))
        parts.append(shift + growth)
    return sparse.hstack(parts).tocsr()
