"""Colour models: CIE Lab and mixtures of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.shading import srgb_to_linear
from headsmith.types import F32, U8

# linear sRGB to CIE XYZ over the D65 white (IEC 61966-2-1)
XYZ_OVER_WHITE = (
    np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    / np.array([[0.95047], [1.0], [1.08883]])
).astype(np.float32)
# squared Lab units added to every covariance, so that flat areas do not make needles
FLOOR = 6.0
EM_STEPS = 12
MAX_SAMPLES = 6000


def to_lab(image: U8) -> F32:
    """sRGB [H, W, 3] to CIE Lab [H, W, 3] (CIE 15:2004, section 8.2.1)."""
    ratio = srgb_to_linear(image.astype(np.float32) / 255) @ XYZ_OVER_WHITE.T
    f = np.where(ratio > 0.008856, np.cbrt(np.maximum(ratio, 1e-9)), 7.787 * ratio + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


@dataclass(frozen=True)
class Mixture:
    """Gaussians in Lab."""

    shares: F32
    """[K] sum to 1"""
    means: F32
    """[K, 3]"""
    covariances: F32
    """[K, 3, 3]"""

    def log_density(self, colours: F32) -> F32:
        """[..., 3] to [...]."""
        terms = _log_terms(colours.reshape(-1, 3), self)
        top = terms.max(1)
        return (top + np.log(np.exp(terms - top[:, None]).sum(1))).reshape(colours.shape[:-1]).astype(np.float32)


def fit_mixture(colours: F32, weights: F32, count: int) -> Mixture:
    """Expectation maximisation from `count` slices along the main axis of the samples [N, 3] with weights [N]."""
    step = max(1, len(colours) // MAX_SAMPLES)
    colours, weights = colours[::step].astype(np.float64), weights[::step].astype(np.float64)
    axis = np.linalg.svd(np.cov(colours.T, aweights=weights) + np.eye(3))[0][:, 0]
    order = np.argsort(colours @ axis, kind="stable")
    slices = np.minimum(np.cumsum(weights[order]) / weights.sum() * count, count - 1).astype(int)
    membership = np.zeros((len(colours), count))
    membership[order, slices] = 1
    for _ in range(EM_STEPS):
        mixture = _maximise(colours, membership * weights[:, None])
        terms = _log_terms(colours, mixture)
        membership = np.exp(terms - terms.max(1, keepdims=True))
        membership /= membership.sum(1, keepdims=True)
    return mixture


def _maximise(colours: F32, membership: F32) -> Mixture:
    totals = membership.sum(0) + 1e-6
    means = membership.T @ colours / totals[:, None]
    centred = colours[None] - means[:, None]
    covariances = np.einsum("nk,kni,knj->kij", membership, centred, centred, optimize=True) / totals[:, None, None]
    return Mixture(totals / totals.sum(), means, covariances + np.eye(3) * FLOOR)


def _log_terms(colours: F32, mixture: Mixture) -> F32:
    """[N, K] log of share times density."""
    centred = colours[None] - mixture.means[:, None]
    squared = np.einsum("kni,kij,knj->kn", centred, np.linalg.inv(mixture.covariances), centred, optimize=True)
    volume = np.log(np.linalg.det(mixture.covariances)) + 3 * np.log(2 * np.pi)
    return (np.log(mixture.shares)[:, None] - 0.5 * (squared + volume[:, None])).T
