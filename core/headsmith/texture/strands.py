"""Hair that no photo shows: streaks that run down from the crown."""

from __future__ import annotations

import numpy as np

from headsmith.texture.noise import lattice_noise
from headsmith.types import F32

CROWN = np.array([0.0, 0.89, -0.45], np.float32)
"""direction of the whorl from the middle of the scalp (up and to the back)"""
OCTAVES = ((23, 6, 0.15), (48, 7, 0.3), (131, 9, 0.6), (307, 11, 1.0), (613, 13, 1.0), (1201, 17, 0.8))
"""streaks around the head, steps from the crown to the antipode, amplitude"""


def strand_noise(position_m: F32, texel_m: float, seed: int) -> F32:
    """[N] zero-mean, unit-deviation streaks at points [N, 3] of the scalp; too fine ones for `texel_m` are left out."""
    random = np.random.default_rng(seed)
    centre = (position_m.min(0) + position_m.max(0)) / 2
    around, down, radius_m = _polar(position_m - centre)
    bend = lattice_noise(random.standard_normal((9, 5)), around, down)
    wave = lattice_noise(random.standard_normal((23, 9)), around, down)
    around = around + (0.02 * bend + 0.004 * wave) * np.sin(np.pi * down)
    total, power = np.zeros(len(position_m), np.float32), np.full(len(position_m), 1e-6, np.float32)
    for count, steps, amplitude in OCTAVES:
        width_m = 2 * np.pi * radius_m * np.sin(np.pi * down) / count
        strength = amplitude * np.clip(width_m / texel_m - 1, 0, 1).astype(np.float32)
        total += strength * lattice_noise(random.standard_normal((count, steps)), around, down)
        power += strength**2
    streaks = total / np.sqrt(power)
    return streaks / max(float(streaks.std()), 1e-6)


def _polar(offset_m: F32) -> tuple[F32, F32, F32]:
    """Turns around the crown's axis 0..1, angle from the crown 0..1, distance in metres."""
    side = np.array([1.0, 0, 0], np.float32)
    front = np.cross(side, CROWN)
    radius = np.maximum(np.linalg.norm(offset_m, axis=1), 1e-6)
    down = np.arccos(np.clip(offset_m @ CROWN / radius, -1, 1)) / np.pi
    around = np.arctan2(offset_m @ front, offset_m @ side) / (2 * np.pi) + 0.5
    return around.astype(np.float32), down.astype(np.float32), radius.astype(np.float32)
