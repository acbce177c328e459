"""How alike two pictures are: PSNR and SSIM."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from headsmith.types import F32, U8, Bool

SIGMA_PX = 1.5
# 11 x 11 taps at sigma 1.5
TRUNCATE = 3.5
# Wang et al. 2004, section III.B
C1, C2 = 0.01**2, 0.03**2


def psnr(a: U8 | F32, b: U8 | F32, mask: F32 | Bool | None = None) -> float:
    """Decibels between two pictures [H, W, 3] (uint8, or float 0..1), weighted by `mask` [H, W]; inf where equal."""
    difference = ((_unit(a) - _unit(b)) ** 2).mean(-1)
    error = _mean(difference, mask)
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def ssim(a: U8 | F32, b: U8 | F32, mask: F32 | Bool | None = None) -> float:
    """Structural similarity, 1 where equal, of two pictures [H, W, 3] (uint8, or float 0..1), weighted by `mask`.

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural similarity",
    IEEE TIP 2004: Gaussian window of 11 x 11 px, the mean over the channels; the outermost 5 px do not count.
    """
    x, y = _unit(a), _unit(b)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    structure = (2 * covariance + C2) / (var_x + var_y + C2)
    rim = int(TRUNCATE * SIGMA_PX + 0.5)
    inside = (slice(rim, -rim), slice(rim, -rim))
    return _mean((luminance * structure).mean(-1)[inside], None if mask is None else mask[inside])


def _unit(image: U8 | F32) -> F32:
    return image.astype(np.float64) / 255 if image.dtype == np.uint8 else image.astype(np.float64)


def _blur(channels: F32) -> F32:
    return gaussian_filter(channels, (SIGMA_PX, SIGMA_PX, 0), truncate=TRUNCATE)


def _mean(values: F32, mask: F32 | Bool | None) -> float:
    """The mean, weighted by `mask`; NaN where that is empty."""
    if mask is None:
        return float(values.mean())
    total = float(mask.sum())
    return float((values * mask).sum()) / total if total > 0 else float("nan")
