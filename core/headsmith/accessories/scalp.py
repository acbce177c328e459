"""The skull above the line of a hat, with and without its hair, as two smooth functions of direction.

Hats and bands are modelled on these instead of on the mesh: a hat is smooth where a head is not, and the mesh does not
know the hair, which only the splats have. The skull's is even in x, as hats are; hair may be thicker on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.accessories.geometry import Surface, cast, unit
from headsmith.types import F32

ORDERS, POWERS = 4, 5
AZIMUTHS, ELEVATIONS = 36, 9
LOWEST = -0.2
"""sine of the lowest elevation that is measured"""


@dataclass(frozen=True)
class Scalp:
    """Radius of skull and thickness of hair, about `centre_m`, in the frame `axes` (y up, out of the hat's plane)."""

    centre_m: F32
    """[3]"""
    axes: F32
    """[3, 3] columns: subject's left, up, front"""
    skin: F32
    """[C] coefficients of the skull's radius, metres"""
    hair: F32
    """[H] coefficients of the hair's thickness, metres"""

    def radius(self, directions: F32, hair_share: F32 | float) -> F32:
        """[...] metres, along unit `directions` [..., 3] in the scalp's frame: skull plus that share of the hair."""
        hair = np.maximum(_hair_basis(directions) @ self.hair, 0.0)
        return _basis(directions) @ self.skin + hair_share * hair

    def points(self, directions: F32, hair_share: F32 | float, gap_m: F32 | float) -> F32:
        """[..., 3] head space, `gap_m` further out than `radius`."""
        reach = self.radius(directions, hair_share) + gap_m
        return self.centre_m + (directions * reach[..., None]) @ self.axes.T

    def outline(self, hair_share: float, count: int = 96) -> F32:
        """[count, 3] head space: the line of the hat."""
        angle = 2 * np.pi * np.arange(count) / count
        return self.points(directions(angle, np.zeros(count)), hair_share, 0.0)


def directions(azimuth: F32, elevation: F32) -> F32:
    """[..., 3] unit, azimuth from the front (z) towards the subject's left (x), elevation above the plane."""
    flat = np.cos(elevation)
    return np.stack([np.sin(azimuth) * flat, np.sin(elevation) * np.ones_like(azimuth), np.cos(azimuth) * flat], -1)


def measure_scalp(skull: Surface, front_m: F32, back_m: F32, splats_m: F32, percentile: float) -> Scalp:
    """The scalp above the plane that holds `front_m`, `back_m` [3] and the subject's left.

    `skull` is the head without ears; `splats_m` [N, 3] the opaque splats; `percentile` of their distances is taken as
    the hair's outside.
    """
    centre = (front_m + back_m) / 2
    z = unit(front_m - back_m)
    x = np.array([1.0, 0, 0])
    axes = np.stack([x, np.cross(z, x), z], 1)
    sampled = _sampled()
    hits = cast(skull, centre, sampled @ axes.T, last=True)
    seen = np.isfinite(hits.distance_m)
    skin = _fit(_basis(sampled[seen]), _stiffness(range(ORDERS)), hits.distance_m[seen])
    above = _basis(sampled[seen]) @ skin
    # what smoothing cut off is added all over, or the skull would show through a tight band
    skin[0] += min(max(float((hits.distance_m[seen] - above).max()), 0.0), 0.004)
    local = (splats_m - centre) @ axes
    return Scalp(centre, axes, skin, _hair(local, sampled, skin, percentile))


def _sampled() -> F32:
    azimuth = 2 * np.pi * np.arange(AZIMUTHS) / AZIMUTHS
    elevation = np.arcsin(np.linspace(LOWEST, 1.0, ELEVATIONS))
    return directions(*(grid.ravel() for grid in np.meshgrid(azimuth, elevation)))


def _hair(local_m: F32, sampled: F32, skin: F32, percentile: float) -> F32:
    """Coefficients of the hair's thickness around each sampled direction."""
    reach = np.linalg.norm(local_m, axis=1)
    toward = local_m / np.maximum(reach, 1e-9)[:, None]
    keep = toward[:, 1] > LOWEST - 0.1
    toward, outside = toward[keep], reach[keep] - _basis(toward[keep]) @ skin
    near = sampled @ toward.T > np.cos(0.2)
    thickness = [max(float(np.percentile(outside[row], percentile)), 0.0) if row.sum() >= 8 else 0.0 for row in near]
    orders = [*range(ORDERS), *range(1, ORDERS)]
    return _fit(_hair_basis(sampled), _stiffness(orders), np.array(thickness))


def _stiffness(orders: Sequence[int]) -> F32:
    """How strongly the coefficients of each order are held near zero."""
    return np.repeat(np.array(orders) / ORDERS + 0.01, POWERS)


def _fit(basis: F32, stiffness: F32, values: F32) -> F32:
    """Coefficients of the least squares fit."""
    ridge = 1e-3 * len(values) * np.diag(stiffness)
    return np.linalg.solve(basis.T @ basis + ridge, basis.T @ values)


def _basis(directions_: F32) -> F32:
    """[..., C] cos(k azimuth) cos^k(elevation) sin^m(elevation): polynomials in x, y, z, so smooth at the top."""
    x, y, z = np.moveaxis(directions_, -1, 0)
    turns = [np.real((z + 1j * x) ** k) for k in range(ORDERS)]
    return np.stack([turn * y**m for turn in turns for m in range(POWERS)], -1)


def _hair_basis(directions_: F32) -> F32:
    """[..., H] as `_basis`, with the terms that are odd in x."""
    x, y, z = np.moveaxis(directions_, -1, 0)
    turns = [np.imag((z + 1j * x) ** k) for k in range(1, ORDERS)]
    odd = np.stack([turn * y**m for turn in turns for m in range(POWERS)], -1)
    return np.concatenate([_basis(directions_), odd], -1)
