"""How far pixels are covered by a mesh, with gradients to the vertices of its outline.

At pixels where the cover changes, the outline's edge crosses the line between two neighbouring pixel centres; the
place of the crossing decides how much of the cover goes over to the neighbour (Laine et al. 2020, arXiv 2011.03277,
section 3.4). All edges of the outline are tried, not only those of the triangle that the pixel sees, so that no
crossing is missed where triangles are small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numba import njit
from torch import Tensor

from headsmith.surface.topology import Edges
from headsmith.types import F32, I32, Bool


@dataclass(frozen=True)
class Crossings:
    """Pairs of neighbouring pixels, one covered and one not, and the edge that passes between them."""

    inside: I32
    """[C] flat index of the covered pixel"""
    outside: I32
    """[C] flat index of its neighbour"""
    corners: I32
    """[C, 2] the edge's vertices"""


def outline_edges(pixels: F32, faces: I32, edges: Edges) -> I32:
    """[S, 2] the edges between a triangle that faces the camera and one that does not, and those with one triangle."""
    a, b, c = (pixels[faces[:, k]].astype(np.float64) for k in range(3))
    away = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) > 0
    first, second = edges.faces[:, 0], edges.faces[:, 1]
    return edges.vertices[(second < 0) | (away[first] != away[second])]


def find_crossings(pixels: F32, outline: I32, covered: Bool) -> Crossings:
    """Of edges `outline` [S, 2] among `pixels` [M, 2] with the border of `covered` [H, W]."""
    width = covered.shape[1]
    found: list[Crossings] = []
    for axis in (0, 1):
        mask = np.ascontiguousarray(covered if axis == 0 else covered.T)
        place = np.ascontiguousarray((pixels if axis == 0 else pixels[:, ::-1]).astype(np.float64))
        edge = np.full(mask.shape, -1, np.int32)
        reach = np.full(mask.shape, -1.0)
        _cross_rows(place, np.ascontiguousarray(outline), mask, edge, reach)
        row, column = np.nonzero(edge >= 0)
        near = row * width + column if axis == 0 else column * width + row
        far = near + (1 if axis == 0 else width)
        left = mask[row, column]
        inside, outside = np.where(left, near, far), np.where(left, far, near)
        found.append(Crossings(inside, outside, outline[edge[row, column]]))
    return Crossings(*(np.concatenate([getattr(f, name) for f in found]) for name in ("inside", "outside", "corners")))


def soft_cover(pixels: Tensor, covered: Bool, crossings: Crossings) -> Tensor:
    """[H, W] 0..1: `covered` with its border moved to where the crossings lie among `pixels` [M, 2]."""
    width = covered.shape[1]
    start = torch.as_tensor(
        np.stack([crossings.inside % width, crossings.inside // width], 1) + 0.5, dtype=pixels.dtype
    )  # fmt: skip
    sideways = torch.as_tensor(np.abs(crossings.outside - crossings.inside) == 1)
    sign = torch.as_tensor(np.sign(crossings.outside - crossings.inside), dtype=pixels.dtype)
    corners = torch.as_tensor(crossings.corners.astype(np.int64))
    a, b = (pixels.index_select(0, corners[:, k]) - start for k in range(2))
    along = torch.where(sideways, a[:, 0], a[:, 1]), torch.where(sideways, b[:, 0], b[:, 1])
    across = torch.where(sideways, a[:, 1], a[:, 0]), torch.where(sideways, b[:, 1], b[:, 0])
    share = across[0] / (across[0] - across[1])
    # 0 at the covered pixel's centre, 1 at its neighbour's
    reach = (sign * (along[0] + share * (along[1] - along[0]))).clamp(0.0, 1.0)
    target = torch.as_tensor(np.asarray(crossings.outside, np.int64))
    target = torch.where(reach >= 0.5, target, torch.as_tensor(np.asarray(crossings.inside, np.int64)))
    flat = torch.as_tensor(covered.reshape(-1), dtype=pixels.dtype)
    return flat.index_add(0, target, reach - 0.5).reshape(covered.shape)


@njit(cache=True, nogil=True)
def _cross_rows(place, outline, covered, edge, reach):  # type: ignore[no-untyped-def]
    """For each pixel and its right neighbour the edge that crosses farthest from the covered one of the two."""
    height, width = covered.shape
    for e in range(outline.shape[0]):
        x0, y0 = place[outline[e, 0]]
        x1, y1 = place[outline[e, 1]]
        if y0 == y1:
            continue
        first = max(0, int(np.ceil(min(y0, y1) - 0.5)))
        last = min(height - 1, int(np.ceil(max(y0, y1) - 0.5)) - 1)
        for row in range(first, last + 1):
            x = x0 + (row + 0.5 - y0) / (y1 - y0) * (x1 - x0) - 0.5
            column = int(np.floor(x))
            if column < 0 or column + 1 >= width or covered[row, column] == covered[row, column + 1]:
                continue
            far = x - column if covered[row, column] else column + 1 - x
            if far > reach[row, column]:
                reach[row, column] = far
                edge[row, column] = e
