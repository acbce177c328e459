"""What the fit holds against the evidence: pure functions, weight last.

Every result is in standard deviations, so that squares may be added.
"""

from __future__ import annotations

import numpy as np

from headsmith.fit.linear import Linear
from headsmith.types import F32


def landmark_residual(pixels: Linear, observed_px: F32, weights: F32) -> Linear:
    """[K, 2] reprojection error under weights [K, 2, 2] (1 / pixels)."""
    return pixels.shifted(-observed_px).transformed(weights)


def depth_residual(camera_space: Linear, focal_px: float, observed_px: F32, weights: F32) -> Linear:
    """[K] error of relative depth in pixels, at the scale of the mean depth (weak perspective), weights [K].

    MediaPipe scales its z like x and leaves the origin open, so weighted means are taken off both
    (https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker).
    """
    share = weights / weights.sum()
    z = camera_space.component(2)
    mean = Linear(share @ z.value, share @ z.by_shared, share @ z.by_view)
    centred = Linear(z.value - mean.value, z.by_shared - mean.by_shared, z.by_view - mean.by_view)
    return centred.scaled(focal_px / mean.value).shifted(-(observed_px - share @ observed_px)).scaled(weights)


def silhouette_residual(pixels: Linear, matched_px: F32, normals: F32, weights: F32) -> Linear:
    """[K] distance along the outline's normal [K, 2] to the matched place on the matte's edge, weights [K].

    Point-to-line, so that the outline may slide along itself (Chen and Medioni 1992).
    """
    return pixels.shifted(-matched_px).transformed(normals[:, None, :]).component(0).scaled(weights)


def lip_gap_residual(upper: Linear, lower: Linear, template_gap_m: F32, weight: float) -> Linear:
    """[K, 3] change of the gap between the neutral head's lips: only an expression may open a mouth."""
    return (upper - lower).shifted(-template_gap_m).scaled(weight)


def eye_distance_residual(left: Linear, right: Linear, mean_m: float, weight: float) -> Linear:
    """[1] distance between the midpoints of the eyes' corners [K, 3] each, along the line of the mean head's eyes."""
    share = np.full((1, len(left.value)), 1 / len(left.value))
    apart = (left - right).component(0)
    distance = Linear(share @ apart.value, share @ apart.by_shared, share @ apart.by_view)
    return distance.shifted(-mean_m).scaled(weight)


def geman_mcclure(residual: F32, scale: float) -> F32:
    """[K] square roots of the reweighting factors of residuals [K] or [K, 2] (Geman and McClure 1985)."""
    squared = np.square(residual).reshape(len(residual), -1).sum(1)
    return 1 / (1 + squared / scale**2)


def geman_mcclure_cost(residual: F32, scale: float) -> float:
    """Half the robust sum of squares, of which `geman_mcclure` gives the weights."""
    squared = np.square(residual).reshape(len(residual), -1).sum(1)
    return float(0.5 * (squared / (1 + squared / scale**2)).sum())
