"""First poses in closed form: the neutral head's landmarks against MediaPipe's points with their relative depth."""

from __future__ import annotations

import numpy as np

from headsmith.asset.alignment import similarity
from headsmith.head_model.landmark_sets import rigid_weights
from headsmith.track.evidence import Evidence
from headsmith.track.states import States
from headsmith.types import F32


def first_states(landmarks_m: F32, known: F32, evidence: Evidence, focal_px: float, joints: int) -> States:
    """Poses that put `landmarks_m` [478, 3], trusted by `known` [478], on the evidence; expressions as scored."""
    R, t = [], []
    for points_px, depth_px in zip(evidence.points_px, evidence.depth_px, strict=True):
        observed = np.column_stack([points_px, depth_px])
        scale, rotation, shift = similarity(landmarks_m, observed, rigid_weights() * known)
        R.append(rotation)
        t.append(np.append(shift[:2] / scale, focal_px / scale))
    n = len(evidence)
    return States(evidence.expression_mean.copy(), np.stack(R), np.stack(t), np.zeros((n, joints, 3)))
