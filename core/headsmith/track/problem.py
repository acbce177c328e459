"""All that the cost of a frame depends on besides its state and its evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.track.columns import Columns, change_std, columns_of, prior_std
from headsmith.track.evidence import known_landmarks
from headsmith.track.params import TrackParams
from headsmith.track.points import HeadPoints, landmark_points
from headsmith.types import F32, ClipLandmarks, HeadFit


@dataclass(frozen=True)
class Problem:
    """May be pickled, so that several processes solve parts of a clip."""

    landmarks: HeadPoints
    """the 478"""
    known: F32
    """[478] 0..1 how far each is to be trusted"""
    columns: Columns
    params: TrackParams
    focal_px: float
    prior_std: F32
    """[P]"""
    change_std: F32
    """[P]"""


def problem_of(model: HeadModel, fit: HeadFit, faces: ClipLandmarks, params: TrackParams) -> Problem:
    """That of a known head in a clip, with the focal length that `params`, else the clip, gives."""
    columns = columns_of(model)
    rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float64)
    known = known_landmarks(model, params.lid_landmarks)
    return Problem(landmark_points(model, rest), known, columns, params, params.focal_px or faces.info.focal_px,
                   prior_std(model, columns, params), change_std(columns, params.smooth))  # fmt: skip
