"""The ears: where the arms of glasses rest, the crease behind, and the lobe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.geometry import Surface, cast, unit
from headsmith.asset import vertex_normals
from headsmith.types import F32, Bool

LOBE_HEIGHT_M = 0.0065
"""of a piercing above the lobe's lowest point"""


@dataclass(frozen=True)
class Ear:
    side: float
    """+1 the subject's left, -1 right"""
    top_m: F32
    """[3] on the skull, in the fold above the ear"""
    back_m: F32
    """[3] the ear's hindmost point"""
    lobe_m: F32
    """[3] on the lobe's outside, at the piercing"""
    lobe_thickness_m: float
    lobe_axes: F32
    """[3, 3] z out of the lobe, y up"""


def measure_ear(skin: Surface, skull: Surface, member: Bool, side: float) -> Ear:
    """The ear whose vertices are `member` [V], on the `side` of the head (+1 left)."""
    points = skin.vertices[member].astype(np.float64)
    rim = _root(skin, member)
    top = rim[rim[:, 1].argmax()]
    crest = points[points[:, 1].argmax()]
    fold = np.array([top[0], max(top[1], crest[1]), (top[2] + crest[2]) / 2])
    on_skull = cast(skull, (fold * [0, 1, 1])[None], np.array([[side, 0, 0]]), last=True)
    if np.isfinite(on_skull.distance_m[0]):
        fold = on_skull.points_m[0]
    lobe, thickness, axes = _lobe(skin, member, points, side)
    return Ear(side, fold, points[points[:, 2].argmin()], lobe, thickness, axes)


def _root(skin: Surface, member: Bool) -> F32:
    """Vertices of the ear that have neighbours outside it: the fold between ear and skull."""
    mixed = skin.faces[(member[skin.faces].any(1)) & ~member[skin.faces].all(1)]
    return skin.vertices[np.unique(mixed[member[mixed]])].astype(np.float64)


def _lobe(skin: Surface, member: Bool, points: F32, side: float) -> tuple[F32, float, F32]:
    """Where a piercing goes in from outside, how thick the lobe is there, and the frame with z out of it."""
    lowest = points[points[:, 1].argmin()]
    low = points[points[:, 1] < lowest[1] + 2 * LOBE_HEIGHT_M]
    middle = np.array([0.0, lowest[1] + LOBE_HEIGHT_M, (low[:, 2].min() + low[:, 2].max()) / 2])
    own = member[skin.faces].any(1)
    ear = Surface(skin.vertices, skin.faces[own], skin.rows[own])
    inward = np.array([[-side, 0, 0]])
    hit = cast(ear, middle[None] + [side * 0.2, 0, 0], inward)
    outside = hit.points_m[0] if np.isfinite(hit.distance_m[0]) else lowest
    through = cast(ear, outside[None] + inward * 5e-4, inward)
    thickness = float(through.distance_m[0]) + 5e-4 if np.isfinite(through.distance_m[0]) else 0.005
    normals = vertex_normals(skin.vertices.astype(np.float32), skin.faces)
    close = np.flatnonzero(member & (np.linalg.norm(skin.vertices - outside, axis=1) < 0.006))
    facing = close[normals[close, 0] * side > 0.3]
    out = normals[facing].mean(0) if len(facing) else np.array([side, 0, 0.0])
    z = unit(np.array([out[0], 0.0, out[2]], np.float64))
    y = np.array([0.0, 1, 0])
    return outside, min(max(thickness, 0.002), 0.008), np.stack([np.cross(y, z), y, z], 1)
