"""Structural similarity as a loss: pixel by pixel, differentiable, on any device (Wang et al. 2004)."""

from __future__ import annotations

import torch
from torch import Tensor


def ssim_map(a: Tensor, b: Tensor) -> Tensor:
    """[H, W, 3] structural similarity of two images [H, W, 3]: 11 Gaussian taps, sigma 1.5, zero padding."""
    taps = torch.exp(-(torch.arange(-5, 6, dtype=a.dtype, device=a.device) ** 2) / (2 * 1.5**2))
    taps = taps / taps.sum()
    window = (taps[:, None] * taps).expand(3, 1, 11, 11)
    x, y = a.permute(2, 0, 1)[None], b.permute(2, 0, 1)[None]

    def blur(t: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(t, window, padding=5, groups=3)

    mean_x, mean_y = blur(x), blur(y)
    variances = blur(x * x) - mean_x**2 + blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    value = (2 * mean_x * mean_y + 1e-4) * (2 * covariance + 9e-4)
    value = value / ((mean_x**2 + mean_y**2 + 1e-4) * (variances + 9e-4))
    return value[0].permute(1, 2, 0)
