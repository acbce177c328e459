"""Edge-aware smoothing: the guided filter with a colour guide (He, Sun and Tang, PAMI 2013, section 3.5)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from headsmith.types import F32


def guided_filter(guide: F32, values: F32, radius_px: int, epsilon: float) -> F32:
    """`values` [H, W] smoothed so that they change where `guide` [H, W, 3] (0..1) does."""
    size = 2 * radius_px + 1
    guide = guide.astype(np.float64)

    def mean(field: F32) -> F32:
        return uniform_filter(field, (size, size) + (0,) * (field.ndim - 2))

    mean_guide, mean_values = mean(guide), mean(values.astype(np.float64))
    outer = mean(guide[..., :, None] * guide[..., None, :]) - mean_guide[..., :, None] * mean_guide[..., None, :]
    covariance = mean(guide * values[..., None]) - mean_guide * mean_values[..., None]
    slope = np.linalg.solve(outer + epsilon * np.eye(3), covariance[..., None])[..., 0]
    offset = mean_values - (slope * mean_guide).sum(-1)
    return ((mean(slope) * guide).sum(-1) + mean(offset)).astype(np.float32)
