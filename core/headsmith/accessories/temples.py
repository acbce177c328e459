"""The arms of glasses: from the rim around the corner, along the head to the ear's top, and down behind the ear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.ears import Ear
from headsmith.accessories.geometry import Surface, nearest
from headsmith.accessories.mesh import Solid
from headsmith.accessories.solids import rounded_rectangle, smooth_path, sweep, tube, with_round_ends
from headsmith.types import F32

POINTS = 96
WIRE_M = 0.0028
"""a rim narrower than this is wire: a metal frame, whose arms end in sleeves"""
HINGE_GAP_M = 0.00035
REST_M = 0.0003
"""between arm and skin where it rests"""
TIP_M, TIP_DROP_RAD = 0.036, 0.85


@dataclass(frozen=True)
class TempleSizes:
    height_m: float
    depth_m: float
    rim_width_m: float
    rim_depth_m: float


def temple_solids(head: Anchors, ear: Ear, start_m: F32, sizes: TempleSizes) -> list[Solid]:
    """End piece and arm of one side; `start_m` [3] is the rim's point that it grows from."""
    path, hinge = _path(head, ear, start_m, sizes)
    path = _off_skin(_near(head.skin, path), path, hinge, sizes)
    rings = _rings(path, sizes)
    cut = int(np.abs(path[:, 2] - hinge).argmin())
    first, second = rings[: cut + 1], rings[cut:]
    second = second.copy()
    second[0] = first[-1] + _step(first) * HINGE_GAP_M
    return [tube(with_round_ends(first, 0.0004)), tube(with_round_ends(second, 0.0010)), _barrel(path, cut, sizes, ear)]


def _step(rings: F32) -> F32:
    way = rings[-1].mean(0) - rings[-2].mean(0)
    return way / np.linalg.norm(way)


def _path(head: Anchors, ear: Ear, start_m: F32, sizes: TempleSizes) -> tuple[F32, float]:
    """[POINTS, 3] the arm's middle, and the depth (z) of its hinge."""
    middle = head.scalp.centre_m[0]
    half = max(head.temple_width_m / 2 - 0.0015, abs(start_m[0] - middle) + 0.004)
    corner = np.array([middle + ear.side * half, start_m[1], start_m[2] - 0.007])
    rest = ear.top_m + np.array([ear.side * (sizes.depth_m / 2 + 0.0008), sizes.height_m * 0.36 + 0.0004, 0.002])
    shoulder = np.array([corner[0] - ear.side * 0.0032, start_m[1], start_m[2] - 0.0022])
    along = [corner + (rest - corner) * t for t in (0.06, 0.2, 0.4, 0.6, 0.8, 0.93)]
    return smooth_path(np.stack([start_m, shoulder, corner, *along, rest, *_tip(ear, rest)]), POINTS), corner[2] - 0.005


def _tip(ear: Ear, rest: F32) -> list[F32]:
    """Points behind the ear: backwards over the fold, then down."""
    clear = max(rest[2] - ear.back_m[2] - 0.004, 0.006)
    start = rest + np.array([0, -0.0005, -0.55 * clear])
    bend = start + np.array([0, -0.0022, -0.0065])
    down = np.array([-ear.side * 0.08, -np.sin(TIP_DROP_RAD), -np.cos(TIP_DROP_RAD)])
    return [start, bend, *(bend + down * TIP_M * t for t in (0.25, 0.6, 1.0))]


def _near(skin: Surface, path: F32) -> Surface:
    """The skin around the path, for speed."""
    low, high = path.min(0) - 0.03, path.max(0) + 0.03
    corners = skin.vertices[skin.faces]
    keep = ((corners > low) & (corners < high)).all(-1).any(1)
    return Surface(skin.vertices, skin.faces[keep], skin.rows[keep])


def _off_skin(skin: Surface, path: F32, hinge: float, sizes: TempleSizes) -> F32:
    """The path moved away from the skin until the arm around it lies on it, and no deeper."""
    smooth = np.array([1, 2, 3, 2, 1]) / 9
    free = path[:, 2] < hinge
    for _ in range(10):
        rings = _rings(path, sizes)
        hits = nearest(skin, rings.reshape(-1, 3))
        lack = REST_M - hits.distance_m.reshape(len(path), -1)
        worst = lack.argmax(1)
        row = np.arange(len(path))
        lack = np.clip(lack[row, worst], 0, 0.003) * free
        if lack.max() <= 0.1 * REST_M:
            break
        on = hits.points_m.reshape(*rings.shape)[row, worst]
        away = (rings[row, worst] - on) * np.sign(hits.distance_m.reshape(len(path), -1)[row, worst])[:, None]
        push = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9) * lack[:, None]
        padded = np.pad(push, ((2, 2), (0, 0)), mode="edge")
        spread = np.stack([np.convolve(column, smooth, "valid") for column in padded.T], 1)
        path = path + np.where(np.abs(spread) > np.abs(push), spread, push) * free[:, None]
    return path


def _rings(path: F32, sizes: TempleSizes) -> F32:
    """[POINTS, S, 3] the arm's sections: as tall as the rim's end piece at the front, slimmer over the ear."""
    profile = rounded_rectangle(1.0, 1.0, 0.42, 4)
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    t = arc / arc[-1]
    metal = sizes.rim_width_m < WIRE_M
    at = [0.0, 0.035, 0.09, 0.3, 0.62, 0.72, 0.86, 1.0]
    tall = np.interp(t, at, np.array([1.55, 1.25, 1.1, 0.95, 0.78, 0.74, 0.95, 0.8])) * sizes.height_m
    thick = np.interp(t, at, np.array([1.2, 1.2, 1.1, 1.0, 0.95, 0.9, 1.1, 0.9])) * sizes.depth_m
    if metal:
        # wire frames wear plastic tips
        sleeve = np.clip((t - 0.69) / 0.015, 0, 1)
        tall, thick = np.maximum(tall, 0.0034 * sleeve), np.maximum(thick, 0.0026 * sleeve)
    return sweep(path, np.array([0, 1.0, 0]), profile, np.stack([thick, tall], 1))


def _barrel(path: F32, cut: int, sizes: TempleSizes, ear: Ear) -> Solid:
    """The hinge: a short upright cylinder on the inner side of the joint."""
    radius = 0.0013 if sizes.rim_width_m >= WIRE_M else 0.0009
    centre = path[cut] - [ear.side * (sizes.depth_m / 2 + radius * 0.3), 0, 0]
    half = 0.36 * sizes.height_m
    line = centre + np.linspace(-half, half, 3)[:, None] * [0, 1.0, 0]
    circle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = radius * np.stack([np.cos(circle), 0 * circle, np.sin(circle)], 1)
    return tube(with_round_ends(line[:, None] + ring, 0.0003, 2))
