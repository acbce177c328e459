"""A first pose in closed form: model landmarks against MediaPipe's points with their relative depth."""

from __future__ import annotations

import numpy as np

from headsmith.asset.alignment import similarity
from headsmith.fit.state import ViewState
from headsmith.types import F32, Camera


def initial_view(landmarks_m: F32, observed_px: F32, camera: Camera, weights: F32, sizes: tuple[int, int]) -> ViewState:
    """The pose that puts the mean head's landmarks [K, 3] on `observed_px` [K, 3] (x, y, relative depth).

    `sizes` are the numbers of expressions and joints.
    """
    scale, R, t = similarity(landmarks_m, observed_px, weights)
    depth_m = camera.focal_px / scale
    center = (t[:2] - np.asarray(camera.principal_px)) / camera.focal_px
    t_m = np.append(center * depth_m, depth_m)
    return ViewState(np.zeros(sizes[0]), R, t_m, float(camera.focal_px), np.zeros((sizes[1], 3)))
