"""Closed-form alignment of point sets."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32


def similarity(source: F32, target: F32, weights: F32 | None = None, *, scaled: bool = True) -> tuple[float, F32, F32]:
    """Scale, rotation [D, D] and shift [D] with least squares |scale R source + shift - target| over points [N, D].

    Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns", with `weights`
    [N], all alike where None; not `scaled`, the scale stays 1 (Kabsch 1976). Never a mirroring. float64.
    """
    share = np.full(len(source), 1 / len(source)) if weights is None else weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    a, b = source - source_mean, target - target_mean
    U, singular, Vt = np.linalg.svd((b * share[:, None]).T @ a)
    sign = np.ones(len(singular))
    sign[-1] = np.sign(np.linalg.det(U @ Vt))
    R = (U * sign) @ Vt
    scale = float(singular @ sign / (share @ np.square(a).sum(1))) if scaled else 1.0
    return scale, R, target_mean - scale * R @ source_mean
