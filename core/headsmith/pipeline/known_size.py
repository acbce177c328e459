"""How large the head is, where the distance of the pupils is known: pictures from one camera do not tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.cameras import moved_out
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, HeadFit

EYES = ("left_eye", "right_eye")
LEAST_M, MOST_M = 40e-3, 80e-3
"""of a person's pupils, from small children to the widest of adults (Dodgson 2004, "Variation and extrema of human
interpupillary distance")"""


def pupil_distance_m(model: HeadModel, rest_m: F32) -> float:
    """Between the pupils of the head `rest_m` [V, 3] when it looks far away: as far as the eyes' centres are apart."""
    joints = model.joints(rest_m)
    left, right = (joints[model.joint_names.index(name)] for name in EYES)
    return float(np.linalg.norm(left - right))


def with_pupil_distance(model: HeadModel, fit: HeadFit, distance_m: float | None) -> HeadFit:
    """`fit` with the head as large as the distance of its pupils says; pictures show it as before. None: as it is."""
    if distance_m is None:
        return fit
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    size = distance_m / pupil_distance_m(model, rest)
    views = tuple(replace(view, camera=moved_out(view.camera, size)) for view in fit.views)
    offsets = size * rest - model.rest_vertices(fit.identity)
    collar_m = None if fit.collar_m is None else fit.collar_m * size
    return replace(fit, offsets_m=offsets.astype(np.float32), views=views, collar_m=collar_m)
