"""Weighted structural similarity (Wang et al. 2004) with its gradient: 11 Gaussian taps, sigma 1.5, zero padding.

Images are rows of interleaved channels, [H, 3 W], so that one pass serves all three; a tap is then 3 floats away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from headsmith.metrics.ssim_map import ssim_map
from headsmith.splats.jit import f32, kernel, parallel_kernel

RADIUS, CHANNELS = 5, 3
PAD, TAPS = RADIUS * CHANNELS, 2 * RADIUS + 1
CHUNK = 64
"""rows that are compared in one go"""
PIECE = 384
"""numbers of a row that are, a multiple of every vector's length"""
# rows of a piece: after its moments (means of a, b, aa, bb, ab) its weights and the derivatives by those of a, aa, ab
MOMENTS, WEIGHT, G_MEAN, G_SQUARE, G_PRODUCT = 5, 5, 6, 7, 8
SIGMA_PX = 1.5
STABILISER_MEAN, STABILISER_VARIANCE = f32(0.01**2), f32(0.03**2)
ZERO, ONE, TWO = f32(0), f32(1), f32(2)

_profile = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * SIGMA_PX**2))
# constants of their own: one loop over all taps keeps its sum in a register, a loop for each would store and reload it
T0, T1, T2, T3, T4, T5 = (f32(tap) for tap in (_profile / _profile.sum())[: RADIUS + 1])


@kernel
def blur_along(padded_row, out):
    """out [M] = the row, padded by PAD on both sides, blurred along itself."""
    s = padded_row
    for i in range(out.shape[0]):
        out[i] = (
            T0 * (s[i] + s[i + 30]) + T1 * (s[i + 3] + s[i + 27]) + T2 * (s[i + 6] + s[i + 24])
            + T3 * (s[i + 9] + s[i + 21]) + T4 * (s[i + 12] + s[i + 18]) + T5 * s[i + 15]
        )  # fmt: skip


@kernel
def blur_across(ring, first, x, out):
    """out [n] = columns x to x + n of 11 rows, `ring` [11, M], of which row `first` is the topmost, blurred across.

    In two halves: in a loop over more arrays the compiler gives up to prove that they do not overlap.
    """
    end = x + out.shape[0]
    r0, r1, r2 = ring[first % TAPS, x:end], ring[(first + 1) % TAPS, x:end], ring[(first + 2) % TAPS, x:end]
    r3, r4, r5 = ring[(first + 3) % TAPS, x:end], ring[(first + 4) % TAPS, x:end], ring[(first + 5) % TAPS, x:end]
    for i in range(out.shape[0]):
        out[i] = T0 * r0[i] + T1 * r1[i] + T2 * r2[i] + T3 * r3[i] + T4 * r4[i] + T5 * r5[i]
    r0, r1, r2 = ring[(first + 6) % TAPS, x:end], ring[(first + 7) % TAPS, x:end], ring[(first + 8) % TAPS, x:end]
    r3, r4 = ring[(first + 9) % TAPS, x:end], ring[(first + 10) % TAPS, x:end]
    for i in range(out.shape[0]):
        out[i] += T4 * r0[i] + T3 * r1[i] + T2 * r2[i] + T1 * r3[i] + T0 * r4[i]


@kernel
def multiply(a, b, out):
    for i in range(out.shape[0]):
        out[i] = a[i] * b[i]


@kernel
def blur_moments(a, b, padded, ring, slot):
    """ring[:, slot] = a, b, aa, bb and ab of one row [M] of either image, blurred along it."""
    m = a.shape[0]
    pa, pb, product = padded[0], padded[1], padded[2]
    pa[PAD : PAD + m], pb[PAD : PAD + m] = a, b
    blur_along(pa, ring[0, slot])
    blur_along(pb, ring[1, slot])
    multiply(pa, pa, product)
    blur_along(product, ring[2, slot])
    multiply(pb, pb, product)
    blur_along(product, ring[3, slot])
    multiply(pa, pb, product)
    blur_along(product, ring[4, slot])


@kernel
def compare_piece(v):
    """Weighted sum of the SSIM of a piece of a row, from its moments and weights; fills the rows of derivatives.

    v: 9 rows of PIECE numbers each, a constant, which tells the compiler that they do not overlap.
    """
    total = ZERO
    for i in range(PIECE):
        a, b, product, weight = v[i], v[PIECE + i], v[4 * PIECE + i], v[WEIGHT * PIECE + i]
        luminance = TWO * a * b + STABILISER_MEAN
        structure = TWO * (product - a * b) + STABILISER_VARIANCE
        means = a * a + b * b + STABILISER_MEAN
        variances = v[2 * PIECE + i] - a * a + v[3 * PIECE + i] - b * b + STABILISER_VARIANCE
        inverse = ONE / (means * variances)  # one division instead of four
        weighted = weight * inverse
        ssim = luminance * structure * weighted
        total += ssim
        v[G_MEAN * PIECE + i] = (
            TWO * b * (structure - luminance) * weighted - TWO * a * ssim * (variances - means) * inverse
        )
        v[G_SQUARE * PIECE + i] = -ssim * means * inverse
        v[G_PRODUCT * PIECE + i] = TWO * luminance * weighted
    return total


@kernel
def each_channel(weight, out):
    """out [CHANNELS W]: each pixel's weight [W], once for every channel."""
    for x in range(weight.shape[0]):
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = weight[x], weight[x], weight[x]


@kernel
def compare_row(ring, first, weights, v, padded):
    """Weighted sum of the SSIM of the row in the ring's middle; padded [3, PAD + M + PAD] gets its derivatives."""
    m, total = weights.shape[0], ZERO
    for x in range(0, m, PIECE):
        n = min(PIECE, m - x)
        for q in range(MOMENTS):
            blur_across(ring[q], first, x, v[q * PIECE : q * PIECE + n])
        v[WEIGHT * PIECE : (WEIGHT + 1) * PIECE] = ZERO
        v[WEIGHT * PIECE : WEIGHT * PIECE + n] = weights[x : x + n]
        total += compare_piece(v)
        for q in range(3):
            padded[q, PAD + x : PAD + x + n] = v[(G_MEAN + q) * PIECE : (G_MEAN + q) * PIECE + n]
    return total


@kernel
def compare_chunk(top, a, b, weight, blurred, row_sums):
    """`compare` of CHUNK rows. Only 11 rows of moments are kept, which stay in the second-level cache."""
    height, m = a.shape
    ring, v, weights = np.empty((MOMENTS, TAPS, m), f32), np.zeros(9 * PIECE, f32), np.empty(m, f32)
    images, derivatives = np.zeros((3, m + 2 * PAD), f32), np.zeros((3, m + 2 * PAD), f32)
    bottom = min(top + CHUNK, height)
    for y in range(top - RADIUS, bottom + RADIUS):
        if 0 <= y < height:
            blur_moments(a[y], b[y], images, ring, (y + RADIUS) % TAPS)
        else:
            ring[:, (y + RADIUS) % TAPS] = ZERO
        centre = y - RADIUS
        if centre >= top:
            each_channel(weight[centre], weights)
            row_sums[centre] = compare_row(ring, centre, weights, v, derivatives)
            for q in range(3):
                blur_along(derivatives[q], blurred[q, y])


@parallel_kernel
def compare(a, b, weight, blurred, row_sums):
    """Of images a and b [H, M] and weight [H, W]: row_sums [H], and `blurred` [3, RADIUS + H + RADIUS, M]:

    SSIM's derivatives by the means of a, aa and ab, blurred along the rows, half of the way back, between zeros.
    """
    height = a.shape[0]
    blurred[:, :RADIUS], blurred[:, RADIUS + height :] = ZERO, ZERO
    for chunk in prange((height + CHUNK - 1) // CHUNK):
        compare_chunk(chunk * CHUNK, a, b, weight, blurred, row_sums)


@parallel_kernel
def pull_back(a, b, blurred, scale, g_a):
    """g_a [H, M]: the half-blurred derivatives carried back to image a; a blur is its own transpose."""
    for y in prange(a.shape[0]):
        v = np.empty((3, a.shape[1]), f32)
        for q in range(3):
            blur_across(blurred[q, y : y + TAPS], 0, 0, v[q])
        mean, square, product, row_a, row_b, out = v[0], v[1], v[2], a[y], b[y], g_a[y]
        for i in range(out.shape[0]):
            out[i] = scale * (mean[i] + TWO * row_a[i] * square[i] + row_b[i] * product[i])


class WeightedSsim(torch.autograd.Function):
    """(image [H, W, 3], target [H, W, 3], weight [H, W]) -> scalar; differentiable in the image."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, target: Tensor, weight: Tensor) -> Tensor:  # type: ignore[override]
        height, width = image.shape[:2]
        a, b = (np.ascontiguousarray(t.detach().numpy()).reshape(height, -1) for t in (image, target))
        w = np.ascontiguousarray(weight.numpy())
        blurred, row_sums = np.empty((3, height + 2 * RADIUS, CHANNELS * width), f32), np.empty(height, f32)
        compare(a, b, w, blurred, row_sums)
        total = max(CHANNELS * float(w.sum(dtype=np.float64)), 1e-12)
        ctx.saved = (a, b, blurred, total, image.shape)
        return torch.tensor(float(row_sums.sum(dtype=np.float64)) / total)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        a, b, blurred, total, shape = ctx.saved
        g_a = np.empty_like(a)
        pull_back(a, b, blurred, f32(float(upstream) / total), g_a)
        return torch.from_numpy(g_a).reshape(shape), None, None


def weighted_ssim(image: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean SSIM of two float32 images [H, W, 3] 0..1, each pixel counted by `weight` [H, W]; by convolution on CUDA."""
    if image.is_cuda:
        return (ssim_map(image, target) * weight[..., None]).sum() / (3 * weight.sum())
    return WeightedSsim.apply(image, target, weight)
