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


def seat(head: Anchors, anchor: str, low_m: F32, high_m: F32, scale_to_width: bool = True) -> F32:
    """[4, 4] from an object's own axes (x left, y up, z front) to head space, so that it sits at `anchor`.

    `low_m`, `high_m` [3] are the object's bounds. With `scale_to_width` its width becomes the anchor's, and around the
    head it is as deep as the head too, since heads are longer than wide; otherwise it keeps its size. Raises
    InputError for an unknown anchor, and for an object without width that is to be scaled.
    """
    where = head.at(anchor)
    place = SEATS[anchor]
    width, _, depth = (float(side) for side in np.subtract(high_m, low_m))
    if scale_to_width and not width > 1e-6:
        raise InputError(f"the object for anchor '{anchor}'", found="bounds without width", expected="some width",
                         action="choose a mesh, or keep its size")  # fmt: skip
    scale = _fitting_scale(head, anchor, width, depth) if scale_to_width else 1.0
    target = (head.scalp.centre_m if place.on_hat_line else where.position_m) + where.axes @ np.array(place.offset_m)
    pivot = low_m + np.array(place.pivot) * (high_m - low_m)
    matrix = np.eye(4)
    matrix[:3, :3] = where.axes * scale
    matrix[:3, 3] = target - matrix[:3, :3] @ pivot
    return matrix


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
