"""The visor of a cap: a stiff curved plate that grows out of the front of the rim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headsmith.accessories.geometry import unit
from headsmith.accessories.mesh import Solid
from headsmith.accessories.solids import tube
from headsmith.types import F32

HALF_ANGLE_RAD = 1.02
"""of the rim's front that the visor is sewn to"""
COLUMNS = 65
ROWS = 8
"""of stitches"""
PLATE_M = 0.0034
TUCK_M = 0.003
"""how far the visor reaches into the crown"""


@dataclass(frozen=True)
class VisorSizes:
    length_m: float
    drop_rad: float
    curve_m: float
    """how much lower the sides are than the middle"""


def visor(rim: Callable[[F32], F32], sizes: VisorSizes) -> Solid:
    """The plate in front of `rim`, which gives points [N, 3] of the crown's edge for azimuths [N]."""
    station = np.linspace(-1, 1, COLUMNS)
    edge = rim(station * HALF_ANGLE_RAD)
    middle = edge[COLUMNS // 2]
    # long in the middle, running out at the corners, as a bill is cut
    reach = sizes.length_m * (1 - np.abs(station) ** 2.6) ** 0.62
    share, groove = _stations()
    way = _ways(edge)
    along = (reach + TUCK_M)[:, None] * share - TUCK_M
    flat = edge[:, None] + along[..., None] * way[:, None]
    slope = np.tan(sizes.drop_rad) * np.maximum(along, -TUCK_M)
    bend = sizes.curve_m * (along / sizes.length_m).clip(0) * _sideways(flat, middle, edge)
    sheet = flat - np.array([0.0, 1, 0]) * (slope + bend + 0.0008)[..., None]
    return tube(_plate(sheet, groove, reach))


def _stations() -> tuple[F32, F32]:
    """Shares of the way from the crown to the front edge, and the depth of the stitching there."""
    rows = np.linspace(0.16, 0.94, ROWS)
    share = np.sort(np.concatenate([[0.0, 0.05, 0.1], rows - 0.018, rows, rows + 0.018, [0.975, 1.0]]))
    return share, np.where(np.isin(share, rows), 0.00045, 0.0)


def _ways(edge: F32) -> F32:
    """[COLUMNS, 3] level directions in which the plate grows: forward, fanning out a little."""
    outward = unit((edge - edge.mean(0)) * [1, 0, 1])
    return unit(np.array([0.0, 0, 1.0]) + 0.28 * outward * [1, 0, 0])


def _sideways(flat: F32, middle: F32, edge: F32) -> F32:
    """0 in the middle to 1 at the visor's sides, squared."""
    half = np.ptp(edge[:, 0]) / 2
    return ((flat[..., 0] - middle[0]) / half) ** 2


def _plate(sheet: F32, groove: F32, reach: F32) -> F32:
    """Rings [COLUMNS, S, 3] around the plate's section in each column: top, rounded front, bottom, back."""
    down = np.array([0.0, -1, 0])
    half = PLATE_M / 2 * np.clip(reach / 0.006, 0.25, 1)[:, None, None]
    front = unit(sheet[:, -1] - sheet[:, -2])[:, None]
    turn = np.linspace(0, np.pi, 7)[1:-1][None, :, None]
    nose = sheet[:, -1:] + half * (front * np.sin(turn) - down * np.cos(turn))
    stitched = groove[None, :, None] * np.clip(reach / 0.02, 0, 1)[:, None, None]
    top = sheet - down * half + down * stitched
    bottom = (sheet + down * half - down * stitched)[:, ::-1]
    return np.concatenate([top, nose, bottom], 1)
