"""Flattening the outer head: cut at the back, laid into a rectangle without overlaps, dense where it matters.

A convex-combination map onto a convex boundary cannot fold (Tutte 1963, Floater 1997); its weights are then changed
step by step so that every triangle gets its share of the area (Yoshizawa, Belyaev and Seidel 2004).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from headsmith.head_model.bake_relax import relax
from headsmith.types import F32, I32, Bool

SEAM_END_Z_M = -0.045
"""the seam ends on the crown, under the hair"""
STEPS = 12
HOLE_IMPORTANCE = 1.0
RATE = 0.7
"""exponent of each step's change; 1 overshoots on the folds of the ears"""


def unwrap(vertices_m: F32, faces: I32, importance: F32, box: tuple[float, float, float, float]) -> tuple[F32, I32]:
    """Texture coordinates [U, 2] in `box` (u, v, width, height) and their rows [F, 3] for a head with a neck rim.

    `vertices_m` [V, 3]; `faces` [F, 3] the outer surface; `importance` [V] the wished texel density, relative.
    """
    cut_faces, source = _cut_at_the_back(vertices_m, faces)
    boundary, holes = _boundary_and_holes(cut_faces, source, vertices_m)
    points, importance = vertices_m[source].astype(np.float64), importance[source]
    fixed = _on_rectangle(points, boundary, importance, box)
    # the openings of eyes and mouth are closed by fans, so that they keep some room and their rims stay apart
    filled = np.concatenate([cut_faces, *(_fan(hole, len(points) + k) for k, hole in enumerate(holes))])
    points = np.concatenate([points, *(points[hole].mean(0, keepdims=True) for hole in holes)])
    importance = np.append(importance, [HOLE_IMPORTANCE] * len(holes))
    edges = np.concatenate([filled[:, [0, 1]], filled[:, [1, 2]], filled[:, [2, 0]]])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    weights = np.ones(len(edges))
    best, best_stretch = fixed, np.inf
    for _ in range(STEPS):
        uv = _solve(edges, weights, boundary, fixed)
        stretch, total = _vertex_stretch(points, importance, filled, uv)
        if total < best_stretch:
            best, best_stretch = uv, total
        weights /= stretch[edges[:, 1]] ** RATE
    pinned = _edges_of_the_box(best, boundary, box)
    evened = relax(best, filled, points[filled], importance[filled].mean(1), pinned)
    return evened[: len(source)], cut_faces


def _edges_of_the_box(uv: F32, boundary: I32, box: tuple[float, float, float, float]) -> Bool:
    """[U, 2] the coordinates that keep the boundary on the rectangle: it may slide, but not leave or round a corner."""
    u, v, width, height = box
    pinned = np.zeros(uv.shape, bool)
    for axis, low, high in ((0, u, u + width), (1, v, v + height)):
        at = uv[boundary, axis]
        pinned[boundary, axis] = (np.abs(at - low) < 1e-9) | (np.abs(at - high) < 1e-9)
    # the boundary's own vertices nearest to each corner do not slide, so that the corner stays covered
    for corner in ((u, v), (u + width, v), (u, v + height), (u + width, v + height)):
        pinned[boundary[np.argmin(np.linalg.norm(uv[boundary] - corner, axis=1))]] = True
    return pinned


def _cut_at_the_back(vertices_m: F32, faces: I32) -> tuple[I32, I32]:
    """Faces with the seam's vertices doubled, and the original vertex of each row."""
    seam = _seam(vertices_m, faces)
    used = np.unique(faces)
    lookup = {int(v): i for i, v in enumerate(used)}
    copies = {int(v): len(used) + k for k, v in enumerate(seam[:-1])}
    right = vertices_m[faces].mean(1)[:, 0] < 0
    out = np.array([[lookup[int(v)] for v in f] for f in faces], np.int32)
    for f in np.flatnonzero(right):
        for k in range(3):
            out[f, k] = copies.get(int(faces[f, k]), out[f, k])
    return out, np.concatenate([used, seam[:-1]]).astype(np.int32)


def _seam(vertices_m: F32, faces: I32) -> list[int]:
    """Midline vertices from the neck rim at the back up to the crown, in order."""
    middle = {int(v) for v in np.unique(faces) if abs(vertices_m[v, 0]) < 1e-6}
    along = defaultdict(set)
    for a, b in np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]):
        if int(a) in middle and int(b) in middle:
            along[int(a)].add(int(b))
            along[int(b)].add(int(a))
    ends = [v for v in along if len(along[v]) == 1]
    seam = [min(ends, key=lambda v: vertices_m[v, 2])]
    while len(seam) < 2 or not (vertices_m[seam[-1], 1] > 0.05 and vertices_m[seam[-1], 2] > SEAM_END_Z_M):
        seam.append(next(n for n in along[seam[-1]] if n not in seam[-2:]))
    return seam


def _boundary_and_holes(faces: I32, source: I32, vertices_m: F32) -> tuple[I32, list[I32]]:
    """The outer loop, counter-clockwise from the top of the seam, and the loops of eyes and mouth."""
    directed = {(int(a), int(b)) for f in faces for a, b in zip(f, np.roll(f, -1), strict=True)}
    following = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while following:
        loop = [next(iter(following))]
        while (n := following.pop(loop[-1])) != loop[0]:
            loop.append(n)
        loops.append(np.array(loop))
    loops.sort(key=len)
    outer = loops.pop()
    start = int(np.argmax(vertices_m[source[outer], 1] + vertices_m[source[outer], 2] * 0.5))
    return np.roll(outer, -start), loops


def _on_rectangle(points: F32, boundary: I32, importance: F32, box: tuple[float, float, float, float]) -> F32:
    """[n, 2] the boundary loop, starting at the middle of the top edge, spread around the rectangle.

    Counter-clockwise: half the top edge to the left, the left edge, the bottom (the neck rim), and back up.
    """
    u, v, width, height = box
    steps = np.linalg.norm(points[np.roll(boundary, -1)] - points[boundary], axis=1)
    # the seam's two copies run down from the first vertex and up again to it; the rim lies between them
    at = np.concatenate([[0], np.cumsum(steps * importance[boundary])])
    rim = _rim_span(points[boundary])
    low, high = at[rim[0]], at[rim[1]]
    corner = low * (width / 2) / (width / 2 + height)
    knots = [0, corner, low, high, at[-1] - corner, at[-1]]
    corners = np.array([[u + width / 2, v + height], [u, v + height], [u, v], [u + width, v], [u + width, v + height],
                        [u + width / 2, v + height]])  # fmt: skip
    return np.stack([np.interp(at[:-1], knots, corners[:, k]) for k in (0, 1)], 1)


def _rim_span(loop: F32) -> tuple[int, int]:
    """First and last row of the neck rim in a boundary loop [n, 3]: where it leaves the midline and comes back."""
    off = np.flatnonzero(np.abs(loop[:, 0]) > 1e-6)
    return int(off[0]) - 1, int(off[-1]) + 1


def _fan(hole: I32, centre: int) -> I32:
    return np.stack([np.full(len(hole), centre), np.roll(hole, -1), hole], 1)


def _solve(edges: I32, weights: F32, boundary: I32, fixed: F32) -> F32:
    """Every inner vertex at the weighted mean of its neighbours."""
    n = int(edges.max()) + 1
    matrix = coo_matrix((weights, edges.T), (n, n)).tocsr()
    matrix = diags(1 / np.asarray(matrix.sum(1)).ravel()) @ matrix
    uv = np.zeros((n, 2))
    uv[boundary] = fixed
    inner = np.setdiff1d(np.arange(n), boundary)
    system = (diags(np.ones(n)) - matrix).tocsc()
    right_side = -system[inner][:, boundary] @ fixed
    uv[inner] = spsolve(system[inner][:, inner], right_side)
    return uv


def _vertex_stretch(points: F32, importance: F32, faces: I32, uv: F32) -> tuple[F32, float]:
    """[U] the L2 stretch around each vertex, relative to its mean, and the whole map's."""
    q, s = points[faces] * 1.0, uv[faces]
    area = _doubled_area(s)
    du = (q[:, 0] * (s[:, 1, 1] - s[:, 2, 1])[:, None] + q[:, 1] * (s[:, 2, 1] - s[:, 0, 1])[:, None]
          + q[:, 2] * (s[:, 0, 1] - s[:, 1, 1])[:, None]) / area[:, None]  # fmt: skip
    dv = (q[:, 0] * (s[:, 2, 0] - s[:, 1, 0])[:, None] + q[:, 1] * (s[:, 0, 0] - s[:, 2, 0])[:, None]
          + q[:, 2] * (s[:, 1, 0] - s[:, 0, 0])[:, None]) / area[:, None]  # fmt: skip
    scale = importance[faces].mean(1)
    squared = ((du**2).sum(1) + (dv**2).sum(1)) / 2 * scale**2
    surface = np.linalg.norm(np.cross(q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]), axis=1) * scale**2
    total = np.bincount(faces.ravel(), np.repeat(surface, 3), len(points))
    around = np.bincount(faces.ravel(), np.repeat(surface * squared, 3), len(points)) / np.maximum(total, 1e-15)
    mean = (surface * squared).sum() / surface.sum()
    return np.sqrt(around / mean), float(np.sqrt(mean))


def _doubled_area(s: F32) -> F32:
    a, b = s[:, 1] - s[:, 0], s[:, 2] - s[:, 0]
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
