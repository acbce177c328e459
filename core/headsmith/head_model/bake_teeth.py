"""Where teeth and tongue sit: just behind the lips, so that a smile shows the upper teeth and not the tongue.

MakeHuman's teeth stand 8 mm behind the lips, and its tongue fills the mouth up to the palate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.types import F32, I32

LIP_LINE_HALF_WIDTH_M, WALL_HALF_WIDTH_M = 0.003, 0.008
"""how far from the midline the vertices lie that tell the height of the lip line and the depth of the lip's back"""
WALL_ABOVE_M = (0.003, 0.013)
"""heights of the back of the upper lip above the lip line"""
CANINE_M, CANINE_BACK_M, MOST_BACK_M = 0.016, 0.0028, 0.005
"""MakeHuman's arch is flat in front: the canines, this far to the side, move back by this much"""


@dataclass(frozen=True)
class Seat:
    """The place of a part at the midline, relative to the lip line and the back of the upper lip."""

    scale: tuple[float, float, float]
    edge_m: float
    """height of the biting edge, or of the tongue's top, above the lip line"""
    front_m: float
    """how far the front lies before the back of the upper lip"""


SEATS = {
    "teeth_upper": Seat((0.88, 0.9, 1.0), -0.002, -0.0015),
    "teeth_lower": Seat((0.83, 0.85, 1.0), -0.0012, -0.0046),
    "tongue": Seat((0.82, 0.45, 0.95), -0.005, -0.012),
}


def seat_mouth(rest: F32, shapedirs: F32, layout: HeadLayout, lip_rim: I32) -> tuple[F32, F32]:
    """The mean head [V, 3] and components [V, 3, S] with teeth and tongue in their seats; the skin stays.

    With the identity each part keeps its own changes of form but moves with the lips, so that it stays behind them.
    """
    line, wall = _anchors(rest, layout, lip_rim)
    seated, components = rest.astype(np.float64), shapedirs.copy()
    carried = np.stack([shapedirs[line, 0].mean(0), shapedirs[line, 1].mean(0), shapedirs[wall, 2].mean(0)])
    for part, seat in SEATS.items():
        rows = layout.part_rows(part)
        seated[rows] = _placed(seated[rows], part, seat) + np.array([0.0, rest[line, 1].mean(), rest[wall, 2].mean()])
        own = shapedirs[rows] - shapedirs[rows].mean(0)
        components[rows] = own * np.array(seat.scale, np.float32)[None, :, None] + carried
    return seated.astype(np.float32), components


def _anchors(rest: F32, layout: HeadLayout, lip_rim: I32) -> tuple[I32, I32]:
    """Vertices of the lip line at the midline, and of the back of the upper lip."""
    line = lip_rim[np.abs(rest[lip_rim, 0]) < LIP_LINE_HALF_WIDTH_M]
    head = layout.part_rows("head")
    x, above = rest[head, 0], rest[head, 1] - rest[line, 1].mean()
    behind = rest[line, 2].mean() - rest[head, 2]
    low, high = WALL_ABOVE_M
    chosen = (np.abs(x) < WALL_HALF_WIDTH_M) & (above > low) & (above < high) & (behind > 0) & (behind < 0.01)
    return line, head[chosen]


def _placed(points: F32, part: str, seat: Seat) -> F32:
    """[N, 3] a part relative to the lip line and the back of the upper lip."""
    middle = points[np.abs(points[:, 0]) < 0.001]
    # the lower teeth's biting edge and the tongue's back are their tops
    edge = middle[:, 1].min() if part == "teeth_upper" else middle[:, 1].max()
    out = (points - np.array([0.0, edge, middle[:, 2].max()])) * np.array(seat.scale)
    out += np.array([0.0, seat.edge_m, seat.front_m])
    if part != "tongue":
        out[:, 2] -= np.minimum(CANINE_BACK_M * (out[:, 0] / CANINE_M) ** 2, MOST_BACK_M)
    return out
