"""What is the same in all frames of a clip: the focal length, and where this person's landmarks really sit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headsmith.track.appearance import observed, with_light
from headsmith.track.evidence import Evidence
from headsmith.track.photometric import solve_with_pictures
from headsmith.track.pictures import Picture
from headsmith.track.points import camera_points, carried_axes
from headsmith.track.problem import Problem
from headsmith.track.skin import Skin
from headsmith.track.solve import solve, uncoupled_cost
from headsmith.track.start import first_states
from headsmith.track.states import States
from headsmith.types import F32

FOCAL_STEPS = (0.7, 0.85, 1.0, 1.18, 1.4)
ROUNDS = 2


def estimate_focal(problem: Problem, evidence: Evidence) -> float:
    """Pixels: that of least cost among multiples of the problem's own, refined by a parabola through the best three.

    The logarithm has a Gaussian prior around the problem's focal length.
    """
    logs = np.log(FOCAL_STEPS)
    costs = []
    for log in logs:
        trial = replace(problem, focal_px=problem.focal_px * float(np.exp(log)))
        states = solve(trial, evidence, start(trial, evidence), coupled=False)
        prior = 0.5 * (log / problem.params.focal_log_std) ** 2
        # one person's landmarks are off in the same way in all frames: many frames say hardly more than one
        costs.append(uncoupled_cost(trial, evidence, states) / len(evidence) + prior)
    best = int(np.clip(np.argmin(costs), 1, len(costs) - 2))
    a, b, _ = np.polyfit(logs[best - 1 : best + 2], costs[best - 1 : best + 2], 2)
    log = np.clip(-b / (2 * a), logs[0], logs[-1]) if a > 0 else logs[np.argmin(costs)]
    return problem.focal_px * float(np.exp(log))


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
    moves = landmark_moves(problem, evidence, states)
    return replace(problem, landmarks=replace(problem.landmarks, base_m=problem.landmarks.base_m + moves))


def calibrate_by_pictures(
    problem: Problem, skin: Skin, evidence: Evidence, pictures: Sequence[tuple[Picture, ...]]
) -> tuple[Problem, Skin]:
    """Light and landmarks of the clip, from frames in which the textured head was laid over the pictures."""
    states = solve(problem, evidence, start(problem, evidence), coupled=False)
    finest = [levels[-1] for levels in pictures]
    for _ in range(ROUNDS):
        skin = with_light(skin, observed(problem, skin, states, finest))
        states = solve_with_pictures(problem, skin, evidence, states, pictures, coupled=False)
    skin = with_light(skin, observed(problem, skin, states, finest))
    return settled_at(problem, evidence, states), skin


def landmark_moves(problem: Problem, evidence: Evidence, states: States) -> F32:
    """[478, 3] metres in head space: linear least squares per landmark over all frames, shrunk towards zero."""
    points, focal_px = problem.landmarks, problem.focal_px
    count = len(points.base_m)
    hessian = np.tile(np.eye(3) / problem.params.settle_std_m**2, (count, 1, 1))
    gradient = np.zeros((count, 3))
    for row in range(len(states)):
        camera_m = camera_points(points, states, row)
        axes = carried_axes(points, states, row)
        z = camera_m[:, 2, None]
        pixels = focal_px * camera_m[:, :2] / z
        by_move = (focal_px / z)[..., None] * axes[:, :2] - (pixels / z)[..., None] * axes[:, 2:]
        W = evidence.weights[row] / (problem.params.landmark_std * evidence.unit_px[row])
        residual = (W @ (evidence.points_px[row] - pixels)[..., None])[..., 0]
        root = 1 / (1 + np.square(residual).sum(1) / problem.params.robust_scale**2)
        J = W @ by_move * root[:, None, None]
        hessian += J.swapaxes(1, 2) @ J
        gradient += (J.swapaxes(1, 2) @ (residual * root[:, None])[..., None])[..., 0]
    return np.linalg.solve(hessian, gradient[..., None])[..., 0]
