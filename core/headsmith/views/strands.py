"""Noise that runs along strands from the crown down, for hair that no photo shows."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32

_CROWN = np.array([0.0, 0.87, -0.5])
"""from the middle of the head; hair parts there"""
_LOCKS = ((17, 4, 0.6), (38, 6, 0.8), (84, 9, 0.7), (150, 12, 0.6))
"""locks around the head, changes along each, and strength"""
_WHORL_RAD, _WHORL_M = 1.2, 0.03
"""strands turn so far around the crown, over such a distance from it"""
_FINEST_M = 0.008
"""locks closer together than this fade out"""
_REACH_M = 0.35
"""length of a lock over which its table is used up"""


def strand_noise(points_m: F32, seed: int) -> F32:
    """[M] values of mean 0 and deviation 1 at points [M, 3] around the head."""
    rng = np.random.default_rng(seed)
    around, along, aside = _lock_coordinates(points_m)
    out = np.zeros(len(points_m))
    for locks, changes, strength in _LOCKS:
        table = rng.normal(size=(locks, changes + 2))
        sway = rng.normal(size=8) @ np.sin(np.outer(np.arange(1, 9), 2 * np.pi * along + around))
        # at the crown all locks meet: the fine ones would make a star there
        apart_m = 2 * np.pi * aside / locks
        out += (
            strength
            * np.clip(apart_m / _FINEST_M, 0, 1)
            * _look_up(table, around / (2 * np.pi) * locks + 0.15 * sway, along * changes)
        )
    return (out - out.mean()) / max(float(out.std()), 1e-9)


def _lock_coordinates(points_m: F32) -> tuple[F32, F32, F32]:
    """Angle [M] in radians around the axis through the crown, place [M] 0..1 along the lock, metres from the axis."""
    offset = points_m - 0.5 * (points_m.min(0) + points_m.max(0))
    right = np.array([1.0, 0.0, 0.0])
    forward = np.cross(right, _CROWN)
    around = np.arctan2(offset @ right, offset @ forward)
    fallen = (offset @ _CROWN).max() - offset @ _CROWN
    aside = np.hypot(offset @ right, offset @ forward)
    around = around + _WHORL_RAD * np.exp(-((aside / _WHORL_M) ** 2)) * (fallen < _REACH_M / 3)
    return around, np.clip(fallen / _REACH_M, 0, 1), aside


def _look_up(table: F32, row: F32, column: F32) -> F32:
    """Smoothly interpolated values of a table that wraps around in its rows."""
    r, c = np.floor(row).astype(int), np.clip(np.floor(column).astype(int), 0, table.shape[1] - 2)
    fr, fc = _ease(row - r), _ease(np.clip(column - c, 0, 1))
    a, b = table[r % len(table), c], table[(r + 1) % len(table), c]
    below_a, below_b = table[r % len(table), c + 1], table[(r + 1) % len(table), c + 1]
    return (a * (1 - fr) + b * fr) * (1 - fc) + (below_a * (1 - fr) + below_b * fr) * fc


def _ease(t: F32) -> F32:
    return t * t * (3 - 2 * t)
