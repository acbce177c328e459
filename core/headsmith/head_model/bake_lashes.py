"""Eyelashes as single hairs: one slender triangle each, growing out of MakeHuman's lash strips.

The strips are made for textures with an alpha channel; hairs of their own need none, in any engine.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32, I32

HAIRS = {"helper-l-eyelashes-1": 18, "helper-l-eyelashes-2": 26}
"""lower and upper lid of the left eye; the right eye's are mirrored"""
STRIP_WIDTH = 5
ROOT_ROW = 0.9
TIP_ROW = {"helper-l-eyelashes-1": 2.9, "helper-l-eyelashes-2": 3.8}
"""across the strip, 0 inside the lid, 4 at the free edge"""
ROOT_WIDTH = 0.25
"""of the distance between hairs"""
SPREAD = 0.25
"""how far the outermost tips lean outwards, in strip cells"""


def lashes_of_left_eye(source: MakeHuman) -> tuple[I32, F32]:
    """Three vertices per hair (root, root, tip) as blends of four base vertices: rows [3 H, 4], weights [3 H, 4]."""
    rows, weights = [], []
    for name, count in HAIRS.items():
        grid = _strip(source, name)
        cells = len(grid) - 1
        for k in range(count):
            root = 0.3 + (cells - 0.6) * (k + 0.5) / count
            half = 0.5 * ROOT_WIDTH * cells / count
            lean = SPREAD * (2 * k / (count - 1) - 1)
            for along, across in ((root - half, ROOT_ROW), (root + half, ROOT_ROW), (root + lean, TIP_ROW[name])):
                corner_rows, corner_weights = _bilinear(grid, along, across)
                rows.append(corner_rows)
                weights.append(corner_weights)
    return np.array(rows, np.int32), np.array(weights)


def _bilinear(grid: I32, along: float, across: float) -> tuple[list[int], list[float]]:
    i = int(np.clip(np.floor(along), 0, len(grid) - 2))
    j = int(np.clip(np.floor(across), 0, STRIP_WIDTH - 2))
    u, v = along - i, across - j
    rows = [int(r) for r in (grid[i, j], grid[i + 1, j], grid[i, j + 1], grid[i + 1, j + 1])]
    return rows, [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v]


def _strip(source: MakeHuman, name: str) -> I32:
    """[N, 5] base vertices of a lash strip, along the lid from the nose outwards, across it from root to tip."""
    quads = source.base.quads[np.array(source.base.quad_group) == name]
    neighbours: dict[int, set[int]] = defaultdict(set)
    for quad in quads:
        for a, b in zip(quad, np.roll(quad, -1), strict=True):
            neighbours[int(a)].add(int(b))
            neighbours[int(b)].add(int(a))
    corners = [v for v in neighbours if len(neighbours[v]) == 2]
    depth = source.base.vertices[:, 2]
    # the two corners nearest the nose end the first row; of them, the root lies deeper in the face
    nose = sorted(corners, key=lambda v: source.base.vertices[v, 0])[:2]
    root, tip = sorted(nose, key=lambda v: depth[v])
    from_root, from_tip = _steps(neighbours, root), _steps(neighbours, tip)
    grid = np.zeros((len(neighbours) // STRIP_WIDTH, STRIP_WIDTH), np.int32)
    for v in neighbours:
        across = (from_root[v] - from_tip[v] + STRIP_WIDTH - 1) // 2
        grid[from_root[v] - across, across] = v
    return grid


def _steps(neighbours: dict[int, set[int]], start: int) -> dict[int, int]:
    """Number of edges from `start` to every vertex."""
    steps, queue = {start: 0}, [start]
    for v in queue:
        for n in neighbours[v] - steps.keys():
            steps[n] = steps[v] + 1
            queue.append(n)
    return steps
