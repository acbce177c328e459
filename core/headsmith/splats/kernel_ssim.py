"""Weighted structural similarity (Wang et al. 2004) with its gradient: 11 Gaussian taps, sigma 1.5, zero padding.

Images are rows of interleaved channels, [H, 3 W], so that one pass serves all three; a tap is then 3 floats away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from headsmith.splats.jit import f32, kernel, parallel_kernel
from headsmith.splats.reference import ssim_map

RADIUS, CHANNELS = 5, 3
PAD = RADIUS * CHANNELS
SIGMA_PX = 1.5
STABILISER_MEAN, STABILISER_VARIANCE = f32(0.01**2), f32(0.03**2)
ZERO, ONE, TWO = f32(0), f32(1), f32(2)

_profile = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * SIGMA_PX**2))
TAPS = (_profile / _profile.sum()).astype(f32)


@kernel
def padded(row):
    out = np.zeros(row.shape[0] + 2 * PAD, f32)
    out[PAD : PAD + row.shape[0]] = row
    return out


@kernel
def blur_along(padded_row, taps, out):
    """out [M] = the row, padded by PAD on both sides, blurred along itself."""
    m = out.shape[0]
    out[:] = ZERO
    for k in range(taps.shape[0]):
        weight, shifted = taps[k], padded_row[CHANNELS * k : CHANNELS * k + m]
        for i in range(m):
            out[i] += weight * shifted[i]


@kernel
def blur_across(image, y, taps, out):
    """out [M] = row y of image [H, M] blurred across rows."""
    out[:] = ZERO
    for k in range(taps.shape[0]):
        source_y = y + k - RADIUS
        if 0 <= source_y < image.shape[0]:
            weight, source = taps[k], image[source_y]
            for i in range(out.shape[0]):
                out[i] += weight * source[i]


@parallel_kernel
def blur_moments(a, b, taps, moments):
    """moments [5, H, M]: a, b, aa, bb and ab, blurred along the rows."""
    for y in prange(a.shape[0]):
        pa, pb = padded(a[y]), padded(b[y])
        blur_along(pa, taps, moments[0, y])
        blur_along(pb, taps, moments[1, y])
        blur_along(pa * pa, taps, moments[2, y])
        blur_along(pb * pb, taps, moments[3, y])
        blur_along(pa * pb, taps, moments[4, y])


@kernel
def compare_row(v, weight, g_mean, g_square, g_product):
    """Weighted sum of one row's SSIM from its moments v [5, M]; fills its derivatives by the moments a, aa and ab."""
    total = ZERO
    mean_a, mean_b, square_a, square_b, product = v[0], v[1], v[2], v[3], v[4]
    for i in range(weight.shape[0]):
        a, b = mean_a[i], mean_b[i]
        luminance = TWO * a * b + STABILISER_MEAN
        structure = TWO * (product[i] - a * b) + STABILISER_VARIANCE
        means = a * a + b * b + STABILISER_MEAN
        variances = square_a[i] - a * a + square_b[i] - b * b + STABILISER_VARIANCE
        inverse = weight[i] / (means * variances)
        ssim = luminance * structure * inverse
        total += ssim
        g_product[i] = TWO * luminance * inverse
        g_square[i] = -ssim / variances
        g_mean[i] = TWO * b * (structure - luminance) * inverse - TWO * a * ssim * (ONE / means - ONE / variances)
    return total


@parallel_kernel
def compare(moments, weight, taps, derivatives, row_sums):
    """Fills derivatives [3, H, M] and row_sums [H] from the half-blurred moments and weight [H, M]."""
    for y in prange(moments.shape[1]):
        v = np.empty((5, moments.shape[2]), f32)
        for q in range(5):
            blur_across(moments[q], y, taps, v[q])
        row_sums[y] = compare_row(v, weight[y], derivatives[0, y], derivatives[1, y], derivatives[2, y])


@parallel_kernel
def blur_derivatives(derivatives, taps, blurred):
    for y in prange(derivatives.shape[1]):
        for q in range(3):
            blur_along(padded(derivatives[q, y]), taps, blurred[q, y])


@parallel_kernel
def pull_back(a, b, blurred, taps, scale, g_a):
    """g_a [H, M]: the derivatives by the moments carried back to image a; a blur is its own transpose."""
    for y in prange(a.shape[0]):
        v = np.empty((3, a.shape[1]), f32)
        for q in range(3):
            blur_across(blurred[q], y, taps, v[q])
        mean, square, product, row_a, row_b, out = v[0], v[1], v[2], a[y], b[y], g_a[y]
        for i in range(out.shape[0]):
            out[i] = scale * (mean[i] + TWO * row_a[i] * square[i] + row_b[i] * product[i])


class WeightedSsim(torch.autograd.Function):
    """(image [H, W, 3], target [H, W, 3], weight [H, W]) -> scalar; differentiable in the image."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, target: Tensor, weight: Tensor) -> Tensor:  # type: ignore[override]
        height = len(image)
        a, b = (np.ascontiguousarray(t.detach().numpy()).reshape(height, -1) for t in (image, target))
        w = np.repeat(weight.numpy(), CHANNELS, axis=1)
        moments, derivatives = np.empty((5, *a.shape), f32), np.empty((3, *a.shape), f32)
        row_sums = np.empty(height, f32)
        blur_moments(a, b, TAPS, moments)
        compare(moments, w, TAPS, derivatives, row_sums)
        total = max(float(w.sum(dtype=np.float64)), 1e-12)
        ctx.saved = (a, b, derivatives, total, image.shape)
        return torch.tensor(float(row_sums.sum(dtype=np.float64)) / total)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        a, b, derivatives, total, shape = ctx.saved
        blurred, g_a = np.empty_like(derivatives), np.empty_like(a)
        blur_derivatives(derivatives, TAPS, blurred)
        pull_back(a, b, blurred, TAPS, f32(float(upstream) / total), g_a)
        return torch.from_numpy(g_a).reshape(shape), None, None


def weighted_ssim(image: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean SSIM of two float32 images [H, W, 3] 0..1, each pixel counted by `weight` [H, W]; by convolution on CUDA."""
    if image.is_cuda:
        return (ssim_map(image, target) * weight[..., None]).sum() / (3 * weight.sum())
    return WeightedSsim.apply(image, target, weight)
