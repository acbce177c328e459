"""Anything from anywhere on a head: how to turn, scale and place an object of known bounds at an anchor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.errors import InputError
from headsmith.types import F32

HAIR_SHARE = 0.35
"""of the hair's thickness stays under what sits on it, as for caps"""
FLAT_SHARE = 0.6
"""of its width: what is less deep does not go around the head"""
SHELL = (0.25, 0.6)
"""shares of an object's height between which what goes around the head shows its shape: above visors and brims, below
peaks"""


@dataclass(frozen=True)
class Seat:
    """Which point of an object's bounds comes to lie where."""

    pivot: tuple[float, float, float]
    """of the bounds, 0..1 along x (subject's left), y (up), z (front)"""
    offset_m: tuple[float, float, float]
    """of that point from the anchor, along the anchor's axes"""
    on_hat_line: bool = False
    """in the middle of the hat line, not at the anchor: for what goes around the head"""


SEATS = {
    "bridge": Seat((0.5, 0.6, 1.0), (0.0, 0.0, 0.008)),
    "crown": Seat((0.5, 0.0, 0.5), (0.0, 0.0, 0.0), on_hat_line=True),
    "forehead": Seat((0.5, 0.5, 0.5), (0.0, 0.008, 0.0), on_hat_line=True),
    "ear_left": Seat((0.5, 0.5, 0.5), (0.0, 0.0, 0.0)),
    "ear_right": Seat((0.5, 0.5, 0.5), (0.0, 0.0, 0.0)),
    "lobe_left": Seat((0.5, 1.0, 0.5), (0.0, 0.0, 0.0)),
    "lobe_right": Seat((0.5, 1.0, 0.5), (0.0, 0.0, 0.0)),
}


def seat(head: Anchors, anchor: str, points_m: F32, scale_to_width: bool = True) -> F32:
    """[4, 4] from an object's own axes (x left, y up, z front) to head space, so that it sits at `anchor`.

    `points_m` [N, 3] are the object's vertices, or the corners of its bounds. With `scale_to_width` its width becomes
    the anchor's, and around the head it is as deep as the head too, since heads are longer than wide; otherwise it
    keeps its size. A visor neither makes a cap deeper nor pushes it back. Raises InputError for an unknown anchor, and
    for an object without width that is to be scaled.
    """
    where = head.at(anchor)
    place = SEATS[anchor]
    low, high = _bounds(points_m, around=place.on_hat_line)
    if scale_to_width and not high[0] - low[0] > 1e-6:
        raise InputError(f"the object for anchor '{anchor}'", found="bounds without width", expected="some width",
                         action="choose a mesh, or keep its size")  # fmt: skip
    scale = _fitting_scale(head, anchor, *(high - low)[[0, 2]].tolist()) if scale_to_width else 1.0
    target = (head.scalp.centre_m if place.on_hat_line else where.position_m) + where.axes @ np.array(place.offset_m)
    pivot = low + np.array(place.pivot) * (high - low)
    matrix = np.eye(4)
    matrix[:3, :3] = where.axes * scale
    matrix[:3, 3] = target - matrix[:3, :3] @ pivot
    return matrix


def _bounds(points_m: F32, around: bool) -> tuple[F32, F32]:
    """[3], [3] of the object; of what goes `around` the head, front and back are those of its shell."""
    low, high = points_m.min(0).astype(np.float64), points_m.max(0).astype(np.float64)
    share = (points_m[:, 1] - low[1]) / max(high[1] - low[1], 1e-9)
    shell = points_m[(share >= SHELL[0]) & (share <= SHELL[1])]
    if not around or len(shell) < 2 or not np.ptp(shell[:, 0]) > 1e-6:
        return low, high
    # a cone is narrower there than where it sits on the head: only the shape is taken from there, not the size
    depth = np.ptp(shell[:, 2]) * (high[0] - low[0]) / np.ptp(shell[:, 0])
    middle = (shell[:, 2].min() + shell[:, 2].max()) / 2
    low[2], high[2] = middle - depth / 2, middle + depth / 2
    return low, high


def _fitting_scale(head: Anchors, anchor: str, width: float, depth: float) -> float:
    scale = anchor_width(head, anchor) / width
    if not SEATS[anchor].on_hat_line or depth <= 1e-6:
        return scale
    front, back = np.array([0, 0, 1.0]), np.array([0, 0, -1.0])
    head_depth = float(head.scalp.radius(front, HAIR_SHARE) + head.scalp.radius(back, HAIR_SHARE))
    # flat things, such as a tiara, need not reach around
    return max(scale, head_depth / depth) if depth > FLAT_SHARE * width else scale


def anchor_width(head: Anchors, anchor: str) -> float:
    """Metres: what an object at `anchor` is scaled to; around the head, with some of the hair."""
    if not SEATS[anchor].on_hat_line:
        return head.at(anchor).width_m
    return 2 * float(head.scalp.radius(np.array([1.0, 0, 0]), HAIR_SHARE))
