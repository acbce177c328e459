"""Fewer triangles from the same vertices: edges are collapsed where that moves the surface least, in several poses.

Quadric errors (Garland and Heckbert 1997, "Surface simplification using quadric error metrics") summed over poses, as
Mohr and Gleicher 2003, "Deformation sensitive decimation", do it. A vertex is only ever merged into a neighbour, so
what stays keeps its place, its texture coordinates and its displacements exactly.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from headsmith.types import F32, I32, Bool

_LEAST_COSINE = 0.3
"""between a triangle's normals before and after: below it the surface would fold"""
_EVENNESS = 1e-3
"""how much the squared length of an edge counts against it, beside the squared distance to the planes"""


@dataclass(frozen=True)
class Poses:
    """A mesh in several poses, and what of it has to stay."""

    points_m: F32
    """[P, V, 3] the first is the rest pose"""
    worth: F32
    """[V] how much an error counts"""
    locked: Bool
    """[V] True for vertices that stay"""


def simplified(faces: I32, poses: Poses, target: int) -> I32:
    """[F', 3] about `target` of the triangles `faces` [F, 3]; more where nothing more can go. Deterministic."""
    mesh = _Mesh(faces, poses)
    for vertex in range(poses.points_m.shape[1]):
        mesh.offer(vertex)
    while mesh.count > target and mesh.heap:
        mesh.collapse_next()
    kept = [face for face in mesh.faces if face is not None]
    return np.array(kept, np.int32).reshape(-1, 3)


def open_or_seam(faces: I32, same: I32) -> Bool:
    """[V] True for vertices on an open edge, and for those of which several are the same point (`same` [V])."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    locked = np.zeros(len(same), bool)
    # two triangles share an inner edge; more cannot be told apart
    locked[unique[counts != 2]] = True
    return locked | (np.bincount(same)[same] > 1)


class _Mesh:
    """Triangles that lose vertices one by one."""

    def __init__(self, faces: I32, poses: Poses) -> None:
        count = poses.points_m.shape[1]
        self.faces: list[list[int] | None] = faces.tolist()
        self.count = len(faces)
        self.heap: list[tuple[float, int, int, int]] = []
        self._around: list[set[int]] = [set() for _ in range(count)]
        for row, face in enumerate(faces.tolist()):
            for vertex in face:
                self._around[vertex].add(row)
        self._points = poses.points_m.astype(np.float64)
        self._free = ~poses.locked
        self._worth = poses.worth
        self._terms = _monomials(poses.points_m)
        self._quadrics = _quadrics(faces, poses.points_m)
        self._version = [0] * count

    def offer(self, vertex: int) -> None:
        """Puts the cheapest way to remove a vertex on the heap."""
        if self._free[vertex] and self._around[vertex]:
            cost, into = self._cheapest(vertex, set())
            heapq.heappush(self.heap, (cost, vertex, into, self._version[vertex]))

    def collapse_next(self) -> None:
        """Takes the cheapest vertex away, if that leaves a surface."""
        _, vertex, into, version = heapq.heappop(self.heap)
        if version != self._version[vertex]:
            return
        tried = set[int]()
        while not self._is_sound(vertex, into):
            tried.add(into)
            if tried >= self._neighbours(vertex):
                return
            _, into = self._cheapest(vertex, tried)
        self._merge(vertex, into)

    def _cheapest(self, vertex: int, tried: set[int]) -> tuple[float, int]:
        """What it costs to merge a vertex into a neighbour that was not tried, and which."""
        others = sorted(self._neighbours(vertex) - tried)
        error = ((self._quadrics[vertex] + self._quadrics[others]) * self._terms[others]).sum((1, 2))
        length = ((self._points[0, others] - self._points[0, vertex]) ** 2).sum(1)
        cost = (np.maximum(error, 0) + _EVENNESS * length) * self._worth[vertex]
        best = int(cost.argmin())
        return float(cost[best]), others[best]

    def _merge(self, vertex: int, into: int) -> None:
        for row in list(self._around[vertex]):
            face = self.faces[row]
            assert face is not None
            if into in face:
                for corner in face:
                    self._around[corner].discard(row)
                self.faces[row] = None
                self.count -= 1
            else:
                self.faces[row] = [into if corner == vertex else corner for corner in face]
                self._around[into].add(row)
        self._around[vertex] = set()
        self._quadrics[into] += self._quadrics[vertex]
        for changed in sorted({into} | self._neighbours(into)):
            self._version[changed] += 1
            self.offer(changed)

    def _is_sound(self, vertex: int, into: int) -> bool:
        """Whether the surface stays one (two triangles at the edge, no other bridge) and nothing folds in a pose."""
        both = self._around[vertex] & self._around[into]
        if len(both) != 2 or len(self._neighbours(vertex) & self._neighbours(into)) != 2:
            return False
        moved = [self.faces[row] for row in sorted(self._around[vertex] - both)]
        if not moved:
            return False
        corners = np.array(moved)
        before = _normals(self._points[:, corners])
        after = _normals(self._points[:, np.where(corners == vertex, into, corners)])
        lengths = np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
        return bool(((before * after).sum(-1) > _LEAST_COSINE * lengths).all())

    def _neighbours(self, vertex: int) -> set[int]:
        found: set[int] = set()
        for row in self._around[vertex]:
            found.update(self.faces[row] or ())
        found.discard(vertex)
        return found


def _normals(corners: F32) -> F32:
    return np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :])


def _quadrics(faces: I32, points_m: F32) -> F32:
    """[V, P, 10] sums of squared distances to the planes around each vertex, as coefficients of `_monomials`."""
    out = np.zeros((points_m.shape[1], len(points_m), 10))
    for pose, points in enumerate(points_m.astype(np.float64)):
        normals = _normals(points[faces])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        plane = np.concatenate([normals, -(normals * points[faces[:, 0]]).sum(1, keepdims=True)], axis=1)
        products = plane[:, _ROWS] * plane[:, _COLUMNS] * np.where(_ROWS == _COLUMNS, 1, 2)
        for corner in faces.T:
            np.add.at(out[:, pose], corner, products)
    return out


_ROWS, _COLUMNS = np.triu_indices(4)


def _monomials(points_m: F32) -> F32:
    """[V, P, 10] products of the coordinates (x, y, z, 1)."""
    points = np.concatenate([points_m, np.ones((*points_m.shape[:2], 1))], axis=2).astype(np.float64)
    return np.ascontiguousarray((points[..., _ROWS] * points[..., _COLUMNS]).transpose(1, 0, 2))
