"""What is the same in all frames of a clip: focal length, and where this person's landmarks really sit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headsmith.track.evidence import Evidence
from headsmith.track.problem import Problem
from headsmith.track.shifts import landmark_shifts
from headsmith.track.solve import solve, uncoupled_cost
from headsmith.track.start import first_states
from headsmith.track.states import States

FOCAL_STEPS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.2)
LANDMARK_TOLERANCE = 0.4
ROUNDS = 2


def focal_trials(problem: Problem) -> list[Problem]:
    """The problem with each of the focal lengths that `likely_focal` compares."""
    return [replace(problem, focal_px=problem.focal_px * step) for step in FOCAL_STEPS]


def likely_focal(problem: Problem, costs: Sequence[float], tolerance: float) -> float:
    """Pixels: the problem's own focal length if `tolerance` (of its logarithm) reaches the best one, else that one.

    `costs` are those of the `focal_trials`. A clip tells its focal length within some tenths only, while what a file
    says is exact or quite wrong.
    """
    logs = np.log(FOCAL_STEPS)
    best = int(np.clip(np.argmin(costs), 1, len(costs) - 2))
    a, b, _ = np.polyfit(logs[best - 1 : best + 2], costs[best - 1 : best + 2], 2)
    log = float(np.clip(-b / (2 * a), logs[0], logs[-1]) if a > 0 else logs[np.argmin(costs)])
    return problem.focal_px * (1.0 if abs(log) < tolerance else float(np.exp(log)))


def focal_by_landmarks(problem: Problem, evidence: Evidence) -> float:
    """By the landmarks alone, which would have it a fifth too long."""

    def cost_at(trial: Problem) -> float:
        states = solve(trial, evidence, start(trial, evidence), coupled=False)
        # one person's landmarks are off in the same way in all frames: many frames say hardly more than one
        return uncoupled_cost(trial, evidence, states) / len(evidence)

    return likely_focal(problem, [cost_at(trial) for trial in focal_trials(problem)], LANDMARK_TOLERANCE)


def start(problem: Problem, evidence: Evidence) -> States:
    """Poses in closed form, expressions as scored."""
    points = problem.landmarks
    return first_states(points.base_m, evidence.depth_weights, evidence, problem.focal_px, len(points.joints_m))


def settle_landmarks(problem: Problem, evidence: Evidence) -> Problem:
    """The problem with every landmark moved to where the clip's frames see it on average, poses and all else equal."""
    states = start(problem, evidence)
    for _ in range(ROUNDS):
        states = solve(problem, evidence, states, coupled=False)
        problem = settled_at(problem, evidence, states)
    return problem


def settled_at(problem: Problem, evidence: Evidence, states: States) -> Problem:
    """The problem with every landmark moved to where it is seen on average in frames whose states are known."""
    params = problem.params
    moves = landmark_shifts(problem, evidence, states, np.array([params.settle_std_m]), params.landmark_std,
                            robust_scale=params.robust_scale)  # fmt: skip
    return replace(problem, landmarks=replace(problem.landmarks, base_m=problem.landmarks.base_m + moves[..., 0]))
