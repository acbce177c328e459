"""Edge-aware smoothing: the guided filter with a colour guide (He, Sun and Tang, PAMI 2013, section 3.5)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from headsmith.types import F32


def guided_filter(guide: F32, values: F32, radius_px: int, epsilon: float) -> F32:
    """`values` [H, W, C] smoothed so that they change where `guide` [H, W, 3] (0..1) does."""
    size = 2 * radius_px + 1

    def mean(field: F32) -> F32:
        return uniform_filter(field, (size, size) + (0,) * (field.ndim - 2))

    # single precision suffices once the guide is centred
    guide = (guide - guide.mean((0, 1))).astype(np.float32)
    mean_guide, mean_values = mean(guide), mean(values.astype(np.float32))
    spread = mean(guide[..., :, None] * guide[..., None, :]) - mean_guide[..., :, None] * mean_guide[..., None, :]
    covariance = mean(guide[..., :, None] * values[..., None, :]) - mean_guide[..., None] * mean_values[..., None, :]
    slope = np.linalg.solve(spread + epsilon * np.eye(3, dtype=np.float32), covariance)
    offset = mean_values - np.einsum("hwgc,hwg->hwc", slope, mean_guide)
    return np.einsum("hwgc,hwg->hwc", mean(slope), guide) + mean(offset)
