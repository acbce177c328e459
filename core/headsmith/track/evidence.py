"""What the landmarks of a clip say, prepared for the solver: one row per frame in which the face was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from headsmith.head_model.expression_prior import expression_mean
from headsmith.head_model.landmark_sets import (
    LEFT_EYE,
    LEFT_EYE_CORNERS,
    RIGHT_EYE,
    RIGHT_EYE_CORNERS,
    base_weights,
    inter_ocular_px,
    lip_weights,
    weight_matrices,
)
from headsmith.head_model.model import HeadModel
from headsmith.track.scores import calibrated
from headsmith.types import F32, ClipLandmarks

HIDDEN = 0.05
"""weight of a frame whose face is covered, against one that is free"""


@dataclass(frozen=True)
class Evidence:
    """N frames; pixels are measured from the principal point."""

    times_s: F32
    """[N]"""
    points_px: F32
    """[N, 478, 2]"""
    weights: F32
    """[N, 478, 2, 2] 0..1, by direction"""
    free: F32
    """[N] 0..1, less where something covers the face"""
    depth_px: F32
    """[N, 478]"""
    depth_weights: F32
    """[478] 0..1"""
    unit_px: F32
    """[N] the inter-ocular distance, foreshortening undone"""
    expression_mean: F32
    """[N, E]"""

    def __len__(self) -> int:
        return len(self.times_s)

    def rows(self, rows: slice | F32) -> Evidence:
        """Some of the frames."""
        return Evidence(self.times_s[rows], self.points_px[rows], self.weights[rows], self.free[rows],
                        self.depth_px[rows], self.depth_weights, self.unit_px[rows],
                        self.expression_mean[rows])  # fmt: skip


def known_landmarks(model: HeadModel, lids: float) -> F32:
    """[478] 0..1 how well the detector sees each landmark and the model knows it; times `lids` on the eyes' rims."""
    out = (base_weights() * model.landmark_weight * lip_weights(model)).astype(np.float64)
    rims = set(LEFT_EYE + RIGHT_EYE) - set(LEFT_EYE_CORNERS + RIGHT_EYE_CORNERS)
    out[list(rims)] *= lids
    return out


def expected_expressions(model: HeadModel, seen: ClipLandmarks) -> F32:
    """[N, E] what the scores say."""
    scores = calibrated(seen.scores, seen.occluded)
    return np.stack([expression_mean(model, row) for row in scores]).astype(np.float64)


def rows_of(seen: ClipLandmarks, rows: NDArray[np.intp]) -> ClipLandmarks:
    """Some of the frames."""
    arrays = {f.name: getattr(seen, f.name)[rows] for f in fields(seen) if f.name != "info"}
    return replace(seen, **arrays)


def spread_over(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of the rows, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))]


def evidence_of(known: F32, seen: ClipLandmarks, expected: F32) -> Evidence:
    """That of all frames of `seen`, in each of which the face was found; `expected` [N, E] expressions."""
    points = seen.points_px.astype(np.float64)
    depth = seen.depth.astype(np.float64)
    trust = 1 - (1 - HIDDEN) * np.clip(seen.occluded.astype(np.float64), 0, 1)
    weights = np.stack([weight_matrices(p, known * w) for p, w in zip(points, trust, strict=True)])
    unit = np.array([inter_ocular_px(np.column_stack([p, d])) for p, d in zip(points, depth, strict=True)])
    center = np.array(seen.info.size_px) / 2
    times = seen.info.timestamps_s[seen.index].astype(np.float64)
    return Evidence(times, points - center, weights, trust, depth, known, unit, expected)


def evidence_joined(parts: Sequence[Evidence]) -> Evidence:
    """One run of frames after the other, of one clip."""
    arrays = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Evidence)
              if f.name != "depth_weights"}  # fmt: skip
    return Evidence(**arrays, depth_weights=parts[0].depth_weights)
