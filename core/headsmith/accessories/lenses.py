"""The front of glasses as a drawing: outlines of lenses, and the curved surface that the drawing is laid on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.geometry import unit
from headsmith.types import F32

OUTLINE_POINTS = 96
CURVE_X_M, CURVE_Y_M = 0.16, 0.13
"""radii of the front: about five dioptres, as most frames have"""

AVIATOR = np.array([
    [-1.02, 0.62], [-0.72, 1.0], [-0.10, 1.02], [0.50, 1.04], [1.04, 0.84], [1.10, 0.22], [0.96, -0.42],
    [0.62, -0.92], [0.14, -1.12], [-0.42, -0.92], [-0.72, -0.38], [-0.88, 0.16],
])  # fmt: skip


def outline(shape: str) -> F32:
    """[OUTLINE_POINTS, 2] counter-clockwise, filling the square -1..1; x away from the nose."""
    angle = 2 * np.pi * np.arange(720) / 720
    c, s = np.cos(angle), np.sin(angle)
    if shape == "round":
        dense = np.stack([c, s], 1)
    elif shape == "rounded":
        square = np.stack([np.sign(c) * np.abs(c) ** 0.5, np.sign(s) * np.abs(s) ** 0.54], 1)
        # browline a little wider than the cheek side, outer top corner lifted
        dense = np.stack([square[:, 0] * (0.92 + 0.08 * square[:, 1]),
                          square[:, 1] + 0.07 * square[:, 0] * (square[:, 1] > 0) * square[:, 1]], 1)  # fmt: skip
    else:
        dense = _closed_spline(AVIATOR)
    low, high = dense.min(0), dense.max(0)
    return even((dense - (low + high) / 2) / (high - low) * 2, OUTLINE_POINTS)


def _closed_spline(points: F32) -> F32:
    """A uniform cubic B-spline, which has no corners."""
    t = np.linspace(0, 1, 60, endpoint=False)[:, None]
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    spans = [sum(w * points[(i + k) % len(points)] for k, w in enumerate(weights)) for i in range(len(points))]
    return np.concatenate(spans)


def even(closed: F32, count: int) -> F32:
    """[count, D] evenly spaced along a closed polygon [P, D]."""
    again = np.concatenate([closed, closed[:1]])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(again, axis=0), axis=1))])
    at = np.linspace(0, arc[-1], count, endpoint=False)
    return np.stack([np.interp(at, arc, column) for column in again.T], 1)


def outset(closed: F32, by_m: float) -> F32:
    """[P, 2] a counter-clockwise outline moved outwards along its normals."""
    return closed + by_m * outline_normals(closed)


def outline_normals(closed: F32) -> F32:
    """[P, 2] unit, outwards of a counter-clockwise outline."""
    along = unit(np.roll(closed, -1, 0) - np.roll(closed, 1, 0))
    return np.stack([along[:, 1], -along[:, 0]], 1)


@dataclass(frozen=True)
class Front:
    """Where the drawing's plane lies on the head: x to the subject's left, y up, (0, 0) between the pupils."""

    origin_m: F32
    """[3] head space"""
    tilt_rad: float
    """how far the lower edge leans towards the cheeks"""

    def place(self, flat: F32, out_m: F32 | float = 0.0) -> F32:
        """Drawing [..., 2] in metres to head space [..., 3], `out_m` in front of the surface."""
        x, y = flat[..., 0], flat[..., 1]
        curved = np.stack([x, y, -(x**2) / (2 * CURVE_X_M) - y**2 / (2 * CURVE_Y_M)], -1)
        normal = unit(np.stack([x / CURVE_X_M, y / CURVE_Y_M, np.ones_like(x)], -1))
        return (curved + normal * np.asarray(out_m)[..., None]) @ self._turn().T + self.origin_m

    def direction(self, flat: F32, along: F32) -> F32:
        """Unit tangents [..., 3] of the surface at `flat` [..., 2] for directions `along` [..., 2] of the drawing."""
        slope = -(flat * along / [CURVE_X_M, CURVE_Y_M]).sum(-1)
        return unit(np.concatenate([along, slope[..., None]], -1)) @ self._turn().T

    def normal(self, flat: F32) -> F32:
        """Unit normals [..., 3], away from the face."""
        n = np.stack([flat[..., 0] / CURVE_X_M, flat[..., 1] / CURVE_Y_M, np.ones_like(flat[..., 0])], -1)
        return unit(n) @ self._turn().T

    def _turn(self) -> F32:
        c, s = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
