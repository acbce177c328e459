"""Keeping the lips closed: MakeHuman's mouth controls part them, but a neutral head has its mouth shut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.head_model.default import PARTS
from headsmith.head_model.raster import rasterize_projected
from headsmith.types import F32, I32, Bool

NEAR_LOW_M, NEAR_HIGH_M = np.array([-0.034, -0.095, -0.005]), np.array([0.034, -0.048, 0.06])
"""the box around the mouth of the mean head"""
CONTACT_M = 0.0032
COLUMN_M = 0.003
"""width over which the gap between the lips is averaged along the mouth"""
FALLOFF_M = 0.007
MOST_OVERLAP_M = 0.003
VIEW_PX = 512
CORNER_M = 0.0015
"""around the corners of the mouth, where upper and lower lip meet, the sides fade into each other over this length"""


@dataclass(frozen=True)
class LipCloser:
    """A correction of heads: the gap between the lips is shared out to both."""

    rows: I32
    """[N] vertices around the mouth"""
    rest_y_m: F32
    """[N] their heights on the mean head, whose mouth is closed"""
    share: F32
    """[N] what each vertex moves for a gap of 1: the upper lip down, the lower lip up"""
    gap: F32
    """[N, N] from heights' changes to the change of the gap around each vertex"""
    overlap_m: float
    """how much the mean head's lips must come nearer each other to be shut"""

    def close(self, head: F32) -> F32:
        """[V, 3] the head with its lips shut."""
        out = head.copy()
        out[self.rows, 1] += self.share * (self.gap @ (head[self.rows, 1] - self.rest_y_m) + self.overlap_m)
        return out


def lip_closer(rest: F32, layout: HeadLayout, lip_rim: I32) -> LipCloser:
    """From the average head [V, 3] and the loop of vertices where lips and mouth cavity meet."""
    head = layout.part_rows("head")
    rows = head[((rest[head] > NEAR_LOW_M) & (rest[head] < NEAR_HIGH_M)).all(1)]
    side, distance = _sides(rest, layout.faces, rows, lip_rim)
    p = rest[rows]
    upper, lower = np.flatnonzero(side > 0.5), np.flatnonzero(side < -0.5)
    upper_contact = upper[cKDTree(p[lower]).query(p[upper])[0] < CONTACT_M]
    lower_contact = lower[cKDTree(p[upper]).query(p[lower])[0] < CONTACT_M]
    gap = _column_mean(p[:, 0], upper_contact) - _column_mean(p[:, 0], lower_contact)
    share = -0.5 * side * np.exp(-((distance / FALLOFF_M) ** 2))
    behind = np.isin(layout.face_part, [PARTS.index(n) for n in ("teeth_upper", "teeth_lower", "tongue")])
    for overlap_m in np.arange(0.0, MOST_OVERLAP_M, 1e-4):
        closer = LipCloser(rows, p[:, 1].copy(), share, gap, float(overlap_m))
        if not _seen_between_lips(closer.close(rest), layout.faces, behind):
            return closer
    raise ValueError("the lips of the average head cannot be shut")


def _sides(rest: F32, faces: I32, rows: I32, rim: I32) -> tuple[F32, F32]:
    """[N] 1 on the upper lip, -1 on the lower, between them at the corners; [N] metres to the rim along the surface."""
    lookup = np.full(len(rest), -1)
    lookup[rows] = np.arange(len(rows))
    edges = lookup[np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])]
    edges = edges[(edges >= 0).all(1)]
    length = np.linalg.norm(rest[rows[edges[:, 0]]] - rest[rows[edges[:, 1]]], axis=1)
    graph = coo_matrix((length, edges.T), (len(rows), len(rows))).tocsr()
    # the rim's corners lie furthest from the middle; its upper and lower arcs run between them
    arcs = _arcs(rest, rim)
    arcs.sort(key=lambda arc: rest[arc, 1].mean(), reverse=True)
    to_upper, to_lower = (dijkstra(graph, False, lookup[arc], min_only=True) for arc in arcs)
    return np.clip((to_lower - to_upper) / CORNER_M, -1, 1), np.minimum(to_upper, to_lower)


def _arcs(rest: F32, rim: I32) -> list[I32]:
    """The loop cut at its leftmost and rightmost vertex, without them."""
    loop = np.roll(rim, -int(np.argmax(rest[rim, 0])))
    other = int(np.argmin(rest[loop, 0]))
    return [loop[1:other], loop[other + 1 :]]


def _seen_between_lips(head: F32, faces: I32, behind: Bool) -> int:
    """How many pixels of a close front view show teeth or tongue (the triangles [F] `behind`)."""
    middle = (NEAR_LOW_M + NEAR_HIGH_M) / 2
    span = NEAR_HIGH_M[0] - NEAR_LOW_M[0]
    points = (head - middle) / span * VIEW_PX
    flat = np.stack([points[:, 0] + VIEW_PX / 2, VIEW_PX / 2 - points[:, 1], 1 - head[:, 2]], 1)
    buffers = rasterize_projected(flat, faces, (VIEW_PX, VIEW_PX))
    return int(behind[buffers.triangle[buffers.triangle >= 0]].sum())


def _column_mean(x: F32, chosen: I32) -> F32:
    """[N, N] rows that average the chosen vertices at about the same x."""
    weight = np.exp(-(((x[:, None] - x[chosen]) / COLUMN_M) ** 2)) + 1e-9
    out = np.zeros((len(x), len(x)))
    out[:, chosen] = weight / weight.sum(1, keepdims=True)
    return out
