"""Where one person's landmarks sit, and how expressions move them, apart from what the head model says."""

from __future__ import annotations

import numpy as np

from headsmith.track.evidence import Evidence
from headsmith.track.points import camera_points, carried_axes
from headsmith.track.problem import Problem
from headsmith.track.states import States
from headsmith.types import F32


def landmark_shifts(
    problem: Problem, evidence: Evidence, states: States, std_m: F32, landmark_std: float, *, robust_scale: float
) -> F32:
    """[478, 3, S] metres in head space: of every landmark at rest, then by each expression fully on.

    `std_m` [S] says how far each may be from zero: one number for the shift at rest alone, one more for each
    expression. `landmark_std` of the frames' landmarks is in inter-ocular distances. Linear least squares per landmark
    over all frames, robust beyond `robust_scale` standard deviations.
    """
    count, size = len(problem.landmarks.base_m), len(std_m)
    hessian = np.tile(np.diag(1 / np.repeat(std_m, 3) ** 2), (count, 1, 1))
    gradient = np.zeros((count, 3 * size))
    for row in range(len(states)):
        residual, by_place = _miss(problem, evidence, states, row, landmark_std)
        # large misses count less (Geman and McClure 1985)
        root = 1 / (1 + np.square(residual).sum(1, keepdims=True) / robust_scale**2)
        share = np.r_[1.0, states.expression[row]][:size]
        J = np.einsum("kca,s->kcsa", by_place * root[..., None], share).reshape(count, 2, 3 * size)
        hessian += J.swapaxes(1, 2) @ J
        gradient += (J.swapaxes(1, 2) @ (residual * root)[..., None])[..., 0]
    return np.linalg.solve(hessian, gradient[..., None])[..., 0].reshape(count, size, 3).swapaxes(1, 2)


def _miss(problem: Problem, evidence: Evidence, states: States, row: int, landmark_std: float) -> tuple[F32, F32]:
    """[478, 2] by how many standard deviations a frame's landmarks are missed, with [478, 2, 3] derivatives by their
    places at rest."""
    points, focal_px = problem.landmarks, problem.focal_px
    camera_m, axes = camera_points(points, states, row), carried_axes(points, states, row)
    z = camera_m[:, 2, None]
    pixels = focal_px * camera_m[:, :2] / z
    by_place = (focal_px / z)[..., None] * axes[:, :2] - (pixels / z)[..., None] * axes[:, 2:]
    W = evidence.weights[row] / (landmark_std * evidence.unit_px[row])
    return (W @ (evidence.points_px[row] - pixels)[..., None])[..., 0], W @ by_place
