"""Pitch, yaw and roll in head space to quaternions."""

from __future__ import annotations

import numpy as np

from headsmith.asset.quaternions import multiply
from headsmith.types import F32


def from_angles(angles_rad: F32) -> F32:
    """[T, 3] turns about +X (down), +Y (to the subject's left) and +Z (tilt to the right) to unit wxyz [T, 4].

    The roll turns first and the yaw last.
    """
    turns = []
    for axis in range(3):
        quats = np.zeros((len(angles_rad), 4))
        quats[:, 0], quats[:, 1 + axis] = np.cos(angles_rad[:, axis] / 2), np.sin(angles_rad[:, axis] / 2)
        turns.append(quats)
    pitch, yaw, roll = turns
    return multiply(yaw, multiply(pitch, roll))
