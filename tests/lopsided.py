"""A made-up cloud of splats that looks different after any swap, turn or mirroring of its axes, and how to compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import SH_C0


def lopsided_splats(bands: int = 0, seed: int = 0, cells: tuple[int, int, int] = (8, 14, 9)) -> Splats:
    """One splat a cell of a bent grid, so that each is found again by its position; head-sized."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in cells), indexing="ij"), -1).reshape(-1, 3)
    unit = (grid + rng.uniform(0.3, 0.7, grid.shape)) / cells
    # longer along y, denser at one end of each axis, and off centre
    means = unit ** (1.0, 1.4, 1.8) * (0.16, 0.3, 0.2) + (0.02, -0.25, -0.05)
    means = rng.permutation(means)
    count = len(means)
    quats = rng.normal(size=(count, 4))
    return Splats(
        means=means.astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=rng.uniform(1e-3, 6e-3, (count, 3)).astype(np.float32),
        opacities=rng.uniform(0.02, 0.98, count).astype(np.float32),
        sh0=rng.uniform(-1.7, 1.7, (count, 1, 3)).astype(np.float32),
        shN=rng.normal(0, 0.3, (count, bands, 3)).astype(np.float32),
    )


@dataclass(frozen=True)
class Errors:
    """The largest of each, between two clouds."""

    position_m: float
    log_scale: float
    opacity: float
    color: float
    """of 1, as sRGB"""
    turn_rad: float
    higher_bands: float


def cloud_errors(read: Splats, written: Splats) -> Errors:
    """Splats are matched by their positions: formats may put them in another order."""
    assert len(read) == len(written)
    assert read.shN.shape == written.shN.shape
    distance, row = cKDTree(written.means).query(read.means)
    assert len(np.unique(row)) == len(row), "two splats have come to one place"
    likeness = np.abs((read.quats.astype(np.float64) * written.quats[row]).sum(1)).clip(0, 1)
    return Errors(
        position_m=float(distance.max()),
        log_scale=float(np.abs(np.log(read.scales / written.scales[row])).max()),
        opacity=float(np.abs(read.opacities - written.opacities[row]).max()),
        color=float(SH_C0 * np.abs(read.sh0 - written.sh0[row]).max()),
        turn_rad=float(2 * np.arccos(likeness).max()),
        higher_bands=float(np.abs(read.shN - written.shN[row]).max(initial=0)),
    )


def splats_from_columns(columns: dict[str, np.ndarray]) -> Splats:
    """The columns of a standard splat file, as readers of any format give them."""

    def stacked(prefix: str, count: int) -> np.ndarray:
        return np.stack([np.asarray(columns[f"{prefix}{k}"], np.float64) for k in range(count)], -1)

    count = len(columns["x"])
    rest = sum(name.startswith("f_rest_") for name in columns)
    bands = stacked("f_rest_", rest).reshape(count, 3, -1).transpose(0, 2, 1) if rest else np.zeros((count, 0, 3))
    quats = stacked("rot_", 4)
    return Splats(
        means=np.stack([columns[axis] for axis in "xyz"], -1),
        quats=quats / np.linalg.norm(quats, axis=1, keepdims=True),
        scales=np.exp(stacked("scale_", 3)),
        opacities=1 / (1 + np.exp(-np.asarray(columns["opacity"], np.float64))),
        sh0=stacked("f_dc_", 3)[:, None],
        shN=bands,
    )
