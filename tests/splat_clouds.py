"""Made-up splats for the tests of file formats."""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.asset.quaternions import matrices_from_quaternions


def lopsided(count: int = 300, bands: int = 0, seed: int = 0) -> Splats:
    """A cloud the size of a head that looks different from every side, with `bands` coefficients of higher bands."""
    rng = np.random.default_rng(seed)
    # a different distance in every direction, so that no turn or mirror image can pass for another
    means = np.abs(rng.normal(0, 1, (count, 3))) * [0.03, 0.06, 0.12] * rng.choice([-0.3, 1], (count, 3))
    quats = rng.normal(0, 1, (count, 4))
    return Splats(
        means=means.astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=np.exp(rng.uniform(-9, -4, (count, 3))).astype(np.float32),
        opacities=rng.uniform(0.02, 0.98, count).astype(np.float32),
        sh0=rng.uniform(-1.7, 1.7, (count, 1, 3)).astype(np.float32),
        shN=rng.uniform(-0.4, 0.4, (count, bands, 3)).astype(np.float32),
    )


def rows_of(read: np.ndarray, written: np.ndarray) -> np.ndarray:
    """For each row of `read` the nearest row of `written`; each must be taken once."""
    distance = ((read[:, None].astype(np.float64) - written[None]) ** 2).sum(-1)
    rows = distance.argmin(1)
    assert len(np.unique(rows)) == len(read) == len(written)
    return rows


def taken(splats: Splats, rows: np.ndarray) -> Splats:
    return Splats(**{field: values[rows] for field, values in vars(splats).items()})


def covariances(scales: np.ndarray, quats: np.ndarray) -> np.ndarray:
    """[N, 3, 3]"""
    axes = matrices_from_quaternions(quats.astype(np.float64)) * scales[:, None]
    return axes @ axes.transpose(0, 2, 1)


def turn_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[N] radians between rotations [N, 4]."""
    dot = np.abs((a.astype(np.float64) * b).sum(1)) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return 2 * np.arccos(np.clip(dot, 0, 1))
