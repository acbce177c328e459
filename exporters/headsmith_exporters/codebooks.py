"""Codebooks: a few values that stand for many, one number at a time or whole vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32

ENTRIES = 256
_ROUNDS = 12
_SAMPLES = 1 << 16
_PALETTE_ROUNDS = 6
_AT_A_TIME = 1 << 10

Rows = NDArray[np.int64]


def codebook(values: F32, step: float) -> F32:
    """[256] sorted float32 that stand for `values` [...].

    Evenly spaced by `step` where 256 of them suffice: an even grid needs the fewest bits once it is packed.
    Otherwise k-means: dense where the values are.
    """
    values = np.asarray(values, np.float64).ravel()
    if values.size == 0:
        return np.zeros(ENTRIES, np.float32)
    low, high = values.min(), values.max()
    if high - low <= step * (ENTRIES - 1):
        return (low + step * np.arange(ENTRIES)).astype(np.float32)
    return _k_means_of_numbers(values).astype(np.float32)


def nearest_entries(values: F32, entries: F32) -> Rows:
    """The row of the nearest of the sorted `entries`, in the shape of `values`."""
    middles = (entries[1:].astype(np.float64) + entries[:-1]) / 2
    return np.searchsorted(middles, values)


def palette(vectors: F32, size: int) -> tuple[F32, Rows]:
    """At most `size` centres [K, D] of vectors [N, D], and the row of the centre of each [N].

    All vectors themselves where they are few enough; else k-means on evenly drawn samples.
    """
    if len(vectors) <= size:
        return vectors, np.arange(len(vectors))
    samples = vectors[:: max(1, len(vectors) // _SAMPLES)]
    centres = samples[np.linspace(0, len(samples) - 1, size).round().astype(np.int64)].copy()
    for _ in range(_PALETTE_ROUNDS):
        rows = _nearest_vectors(samples, centres)
        counts = np.bincount(rows, minlength=size)
        sums = np.stack([np.bincount(rows, samples[:, d], size) for d in range(vectors.shape[1])], axis=1)
        used = counts > 0
        centres[used] = (sums[used] / counts[used, None]).astype(centres.dtype)
    return centres, _nearest_vectors(vectors, centres)


def _nearest_vectors(vectors: F32, centres: F32) -> Rows:
    half_squares = (centres**2).sum(1) / 2
    rows = [
        np.argmin(half_squares - vectors[start : start + _AT_A_TIME] @ centres.T, axis=1)
        for start in range(0, len(vectors), _AT_A_TIME)
    ]
    return np.concatenate(rows)


def _k_means_of_numbers(values: F32) -> F32:
    """[256] sorted; starts from a mixture of even steps and quantiles, so that outliers have entries too."""
    samples = np.sort(values)[:: max(1, values.size // _SAMPLES)]
    even = np.linspace(values.min(), values.max(), ENTRIES // 4)
    quantiles = np.quantile(samples, np.linspace(0, 1, ENTRIES - len(even)))
    centres = np.sort(np.concatenate([even, quantiles]))
    for _ in range(_ROUNDS):
        rows = nearest_entries(samples, centres)
        counts = np.bincount(rows, minlength=ENTRIES)
        sums = np.bincount(rows, samples, ENTRIES)
        centres = np.sort(np.where(counts > 0, sums / np.maximum(counts, 1), centres))
    return centres
