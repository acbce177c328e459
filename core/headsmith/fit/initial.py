"""A first pose in closed form: model landmarks against MediaPipe's points with their relative depth."""

from __future__ import annotations

import numpy as np

from headsmith.fit.state import ViewState
from headsmith.types import F32, Camera


def similarity_transform(source: F32, target: F32, weights: F32) -> tuple[float, F32, F32]:
    """Scale, rotation [3, 3] and translation [3] that carry `source` [K, 3] to `target` [K, 3].

    Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns", weighted.
    """
    share = weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    a, b = source - source_mean, target - target_mean
    U, singular, Vt = np.linalg.svd((b * share[:, None]).T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(U @ Vt))])
    R = (U * sign) @ Vt
    scale = float(singular @ sign / (share @ np.square(a).sum(1)))
    return scale, R, target_mean - scale * R @ source_mean


def initial_view(landmarks_m: F32, observed_px: F32, camera: Camera, weights: F32, sizes: tuple[int, int]) -> ViewState:
    """The pose that puts the mean head's landmarks [K, 3] on `observed_px` [K, 3] (x, y, relative depth).

    `sizes` are the numbers of expressions and joints.
    """
    scale, R, t = similarity_transform(landmarks_m, observed_px, weights)
    depth_m = camera.focal_px / scale
    center = (t[:2] - np.asarray(camera.principal_px)) / camera.focal_px
    t_m = np.append(center * depth_m, depth_m)
    return ViewState(np.zeros(sizes[0]), R, t_m, float(camera.focal_px), np.zeros((sizes[1], 3)))
