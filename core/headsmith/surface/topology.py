"""Which edges and neighbours a triangle mesh has, and finer meshes of the same shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from headsmith.surface.mesh import TriangleMesh
from headsmith.types import F32, I32


@dataclass(frozen=True)
class Edges:
    vertices: I32
    """[E, 2] each edge once, the smaller index first"""
    faces: I32
    """[E, 2] its triangles, the second -1 at the mesh's border"""


def edges_of(faces: I32) -> Edges:
    """Of triangles [K, 3]; where more than two share an edge, the first two count."""
    pairs = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(len(faces)), 3)
    vertices, first, edge = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    second = np.full(len(vertices), -1)
    later = np.ones(len(pairs), bool)
    later[first] = False
    rows = np.flatnonzero(later)[::-1]
    second[edge.reshape(-1)[rows]] = owner[rows]
    return Edges(vertices.astype(np.int32), np.stack([owner[first], second], 1).astype(np.int32))


def graph_laplacian(edges: I32, count: int) -> sparse.csc_matrix:
    """[M, M] degree minus adjacency of edges [E, 2]; symmetric, positive semidefinite."""
    i, j = edges.T
    one = np.ones(len(edges))
    adjacency = sparse.coo_matrix((one, (i, j)), (count, count))
    adjacency = adjacency + adjacency.T
    return (sparse.diags(np.asarray(adjacency.sum(1)).reshape(-1)) - adjacency).tocsc()


def mean_edge_m(mesh: TriangleMesh) -> float:
    i, j = edges_of(mesh.faces).vertices.T
    return float(np.linalg.norm(mesh.vertices_m[i] - mesh.vertices_m[j], axis=1).mean())


def split_long_edges(mesh: TriangleMesh, limit_m: float) -> TriangleMesh:
    """The same surface with every edge longer than `limit_m` halved once; vertices of `mesh` keep their numbers."""
    edges = edges_of(mesh.faces).vertices
    ends = mesh.vertices_m[edges]
    long = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) > limit_m
    count = len(mesh.vertices_m)
    vertices = np.concatenate([mesh.vertices_m, ends[long].mean(1)]).astype(np.float32)
    middle = sparse.coo_matrix((count + np.arange(long.sum()), edges[long].T), (count, count)).tocsr()
    middle = middle + middle.T
    corners = mesh.faces
    halves = np.stack([np.asarray(middle[corners[:, k], corners[:, (k + 1) % 3]]).reshape(-1) for k in range(3)], 1)
    return TriangleMesh(vertices, _split(corners, halves, vertices))


def _split(corners: I32, halves: I32, vertices_m: F32) -> I32:
    """Triangles [K, 3] divided at the middles `halves` [K, 3] of edges 01, 12, 20 (0: that edge stays whole)."""
    cut = halves > 0
    count = cut.sum(1)
    out = [corners[count == 0]]
    a, b, c, ab, bc, ca = _turned(corners, halves, (count == 1) & cut.any(1), np.argmax(cut, 1))
    out += [_rows(a, ab, c), _rows(ab, b, c)]
    # two edges cut: turned so that the whole edge is the last
    a, b, c, ab, bc, ca = _turned(corners, halves, count == 2, (np.argmin(cut, 1) + 1) % 3)
    short = np.linalg.norm(vertices_m[a] - vertices_m[bc], axis=1) < np.linalg.norm(
        vertices_m[ab] - vertices_m[c], axis=1
    )
    out += [_rows(ab, b, bc)]
    out += [np.where(short[:, None], _rows(a, ab, bc), _rows(a, ab, c))]
    out += [np.where(short[:, None], _rows(a, bc, c), _rows(ab, bc, c))]
    a, b, c, ab, bc, ca = _turned(corners, halves, count == 3, np.zeros(len(corners), int))
    out += [_rows(a, ab, ca), _rows(ab, b, bc), _rows(ca, bc, c), _rows(ab, bc, ca)]
    return np.concatenate(out).astype(np.int32)


def _turned(corners: I32, halves: I32, chosen: np.ndarray, first: I32) -> tuple[I32, ...]:
    """Corners and middles of the chosen triangles, turned so that edge `first` [K] is their edge 01."""
    turn = (first[chosen, None] + np.arange(3)) % 3
    c, h = np.take_along_axis(corners[chosen], turn, 1), np.take_along_axis(halves[chosen], turn, 1)
    return (*c.T, *h.T)


def _rows(a: I32, b: I32, c: I32) -> I32:
    return np.stack([a, b, c], 1)
