"""The prior on motion: second differences over time, and the banded system that couples the frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from headsmith.track.columns import Columns
from headsmith.track.states import States, rotation_vectors
from headsmith.types import F32

NORMAL_STEP_S = 1 / 30
LONG_STEPS = 30.0
"""gaps count as at most so many frames"""


@dataclass(frozen=True)
class Changes:
    """Second differences of N frames: rows 1..N-2, of every unknown."""

    value: F32
    """[N - 2, P]"""
    coefficients: F32
    """[N - 2, 3] of the frame before, the frame and the frame after"""
    weights: F32
    """[N - 2, P] 1 / variance, less where the change is sudden"""


def changes(states: States, columns: Columns, times_s: F32, std: F32, sudden: float) -> Changes:
    """`std` [P] holds between frames of `NORMAL_STEP_S`; it grows with longer steps as that of a random force would."""
    steps = np.clip(np.diff(times_s) / NORMAL_STEP_S, 1e-3, LONG_STEPS)
    mean = (steps[1:] + steps[:-1]) / 2
    coefficients = np.stack([steps[1:], -2 * mean, steps[:-1]], 1) / mean[:, None]
    value = np.empty((len(mean), columns.count))
    before, here, after = coefficients.T[..., None]

    def bend(x: F32) -> F32:
        return before * x[:-2] + here * x[1:-1] + after * x[2:]

    value[:, : columns.expressions] = bend(states.expression)
    turn = rotation_vectors(states.R[1:] @ states.R[:-1].swapaxes(1, 2))
    value[:, columns.rotation] = after * turn[1:] - before * turn[:-1]
    value[:, columns.translation] = bend(states.t_m)
    for column, (joint, axis) in enumerate(columns.joint_axes):
        value[:, columns.joints.start + column] = bend(states.joint_rotations[:, joint, axis, None])[:, 0]
    scaled = std * mean[:, None] ** 1.5
    weights = 1 / scaled**2 / (1 + np.square(value / (sudden * scaled)))
    return Changes(value, coefficients, weights)


def solve_frames(hessians: F32, gradients: F32, change: Changes | None) -> F32:
    """The step [N, P] of least cost: blocks [N, P, P] and [N, P] of the frames, coupled by their changes."""
    n, p = gradients.shape
    banded = np.zeros((min(2 * p, n * p - 1) + 1, n * p))
    starts = np.arange(n) * p
    for k in range(min(p, len(banded))):
        columns = np.arange(p - k)
        banded[k, starts[:, None] + columns] = hessians[:, columns + k, columns]
    gradient = gradients.copy()
    if change is not None and len(change.value):
        _couple(banded, gradient, change)
    return solveh_banded(banded, -gradient.reshape(-1), lower=True).reshape(n, p)


def _couple(banded: F32, gradient: F32, change: Changes) -> None:
    rows, p = change.value.shape
    for a in range(3):
        gradient[a : a + rows] += change.coefficients[:, a, None] * change.weights * change.value
        for b in range(a + 1):
            product = change.coefficients[:, a, None] * change.coefficients[:, b, None] * change.weights
            # lower form: the row is the distance below the diagonal, the column that of the earlier frame
            banded[(a - b) * p, b * p : (b + rows) * p] += product.reshape(-1)
