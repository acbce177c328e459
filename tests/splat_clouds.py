"""Taking clouds of splats apart, for the tests of file formats."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.avatar import Splats
from headsmith.asset.quaternions import matrices_from_quaternions
from lopsided import lopsided_splats


def lopsided(count: int = 300, bands: int = 0, seed: int = 0) -> Splats:
    """The first splats of the cloud that looks different after any turn or mirroring, any number of them to 1008.

    Its higher bands stay within -0.9..0.9, which every format can hold.
    """
    splats = taken(lopsided_splats(bands, seed), np.arange(count))
    return Splats(**vars(splats) | {"shN": splats.shN.clip(-0.9, 0.9)})


def rows_of(read: np.ndarray, written: np.ndarray) -> np.ndarray:
    """For each row of `read` the nearest row of `written`; each must be taken once."""
    _, rows = cKDTree(written).query(read)
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
