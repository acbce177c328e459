"""A closed triangle mesh from a field on a voxel grid (naive surface nets, Gibson 1998)."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from headsmith.types import F32, I32

_JUST_INSIDE = 0.02
"""value, in voxels, of a corner that is filled to keep the surface manifold"""


def surface_nets(field: F32, origin_m: F32, voxel_m: float) -> tuple[F32, I32]:
    """The zero surface of `field` [X, Y, Z] (metres, negative inside) as vertices [M, 3] and faces [K, 3].

    Corner (0, 0, 0) lies at `origin_m` [3]. The border counts as outside, so that the mesh is closed; corners that
    would join two sheets at one edge are filled, so that every edge belongs to exactly two triangles.
    """
    field = np.pad(np.asarray(field, np.float32), 1, constant_values=voxel_m)
    field = _separate_sheets(field, voxel_m)
    vertex_of_cell, vertices = _cell_vertices(field)
    faces = [_quads(field < 0, vertex_of_cell, axis) for axis in range(3)]
    points = np.asarray(origin_m) + (vertices - 1.0) * voxel_m
    return points.astype(np.float32), np.concatenate(faces).astype(np.int32)


def _separate_sheets(field: F32, voxel_m: float) -> F32:
    """Fill the empty corners of every 2 x 2 checkerboard (an edge with four faces) until none is left."""
    field = field.copy()
    while True:
        inside = field < 0
        fill = np.zeros_like(inside)
        for a, b in combinations(range(3), 2):
            corners = [_shifted(inside, ((a, i), (b, j))) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
            crossed = (corners[0] == corners[2]) & (corners[1] == corners[3]) & (corners[0] != corners[1])
            for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)):
                _shifted(fill, ((a, i), (b, j)))[crossed] = True
        fill &= ~inside
        if not fill.any():
            return field
        field[fill] = -_JUST_INSIDE * voxel_m


def _shifted(array: np.ndarray, shifts: tuple[tuple[int, int], ...]) -> np.ndarray:
    """The view of `array` that starts at 0 or 1 along the named axes and is one shorter there."""
    window = [slice(None)] * array.ndim
    for axis, start in shifts:
        window[axis] = slice(start, array.shape[axis] - 1 + start)
    return array[tuple(window)]


def _cell_vertices(field: F32) -> tuple[I32, F32]:
    """The number of each crossed cell's vertex [X-1, Y-1, Z-1] (-1: none) and their places [M, 3] in voxels."""
    total = np.zeros((*(n - 1 for n in field.shape), 3), np.float32)
    count = np.zeros(total.shape[:3], np.float32)
    for axis in range(3):
        others = [k for k in range(3) if k != axis]
        for i in (0, 1):
            for j in (0, 1):
                low = _shifted(field, ((axis, 0), (others[0], i), (others[1], j)))
                high = _shifted(field, ((axis, 1), (others[0], i), (others[1], j)))
                crossed = (low < 0) != (high < 0)
                place = np.zeros((int(crossed.sum()), 3), np.float32)
                place[:, axis] = low[crossed] / (low[crossed] - high[crossed])
                place[:, others[0]], place[:, others[1]] = i, j
                total[crossed] += place
                count[crossed] += 1
    cells = np.argwhere(count > 0)
    number = np.full(count.shape, -1, np.int32)
    number[tuple(cells.T)] = np.arange(len(cells), dtype=np.int32)
    return number, cells + total[tuple(cells.T)] / count[tuple(cells.T)][:, None]


def _quads(inside: np.ndarray, vertex_of_cell: I32, axis: int) -> I32:
    """[K, 3] two triangles around each grid edge along `axis` that crosses the surface."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    low, high = _shifted(inside, ((axis, 0),)), _shifted(inside, ((axis, 1),))
    edges = np.argwhere(low != high)
    outward = low[tuple(edges.T)]
    ring = []
    for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)):
        cell = edges.copy()
        cell[:, a] += i - 1
        cell[:, b] += j - 1
        ring.append(vertex_of_cell[tuple(cell.T)])
    q = np.stack(ring, 1)
    q = np.where(outward[:, None], q, q[:, ::-1])
    return np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
