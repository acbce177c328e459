"""What is the same in all frames of a clip: focal length, light, and where this person's landmarks really sit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from headsmith.track.appearance import color_cost, observed, spread, with_light
from headsmith.track.evidence import Evidence
from headsmith.track.photometric import solve_with_pictures
from headsmith.track.pictures import Picture
from headsmith.track.problem import Problem
from headsmith.track.shifts import landmark_shifts
from headsmith.track.skin import Skin
from headsmith.track.solve import solve, uncoupled_cost
from headsmith.track.start import first_states
from headsmith.track.states import States
from headsmith.track.terms import landmark_error

FOCAL_STEPS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.2)
FOCAL_FRAMES = 8
LANDMARK_TOLERANCE, PICTURE_TOLERANCE = 0.4, 0.25
Pictures = Sequence[tuple[Picture, ...]]
"""the levels of each frame"""
ROUNDS = 2


def likely_focal(problem: Problem, cost_at: Callable[[Problem], float], tolerance: float) -> float:
    """Pixels: the problem's own focal length if `tolerance` (of its logarithm) reaches the best one, else that one.

    A clip tells its focal length within some tenths only, while what a file says is exact or quite wrong.
    """
    logs = np.log(FOCAL_STEPS)
    costs = [cost_at(replace(problem, focal_px=problem.focal_px * step)) for step in FOCAL_STEPS]
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

    return likely_focal(problem, cost_at, LANDMARK_TOLERANCE)


def focal_by_pictures(problem: Problem, skin: Skin, evidence: Evidence, pictures: Pictures) -> float:
    """By how well the textured head can be laid over some frames."""
    few = slice(None, None, max(1, len(evidence) // FOCAL_FRAMES))
    evidence, pictures = evidence.rows(few), pictures[few]
    finest = [levels[-1] for levels in pictures]

    def cost_at(trial: Problem) -> float:
        states = solve(trial, evidence, start(trial, evidence), coupled=False)
        lit = with_light(skin, observed(trial, skin, states, finest))
        states = solve_with_pictures(trial, lit, evidence, states, pictures, coupled=False)
        look = observed(trial, lit, states, finest)
        return color_cost(with_light(lit, look), look, trial.params.photo)

    return likely_focal(problem, cost_at, PICTURE_TOLERANCE)


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


def calibrate_by_pictures(problem: Problem, skin: Skin, evidence: Evidence, pictures: Pictures) -> tuple[Problem, Skin]:
    """Light and landmarks of the clip, from frames in which the textured head was laid over the pictures."""
    states = solve(problem, evidence, start(problem, evidence), coupled=False)
    finest = [levels[-1] for levels in pictures]
    for _ in range(ROUNDS):
        skin = with_light(skin, observed(problem, skin, states, finest))
        states = solve_with_pictures(problem, skin, evidence, states, pictures, coupled=False)
    look = observed(problem, skin, states, finest)
    skin = with_light(skin, look)
    problem = replace(problem, params=replace(problem.params, settle_std_m=problem.params.photo.settle_std_m))
    return _with_noise(settled_at(problem, evidence, states), evidence, states, spread(skin, look)), skin


def _with_noise(problem: Problem, evidence: Evidence, states: States, colors: float) -> Problem:
    """Landmarks and pictures are trusted as far as they agree with the head in this clip."""
    photo = problem.params.photo
    miss = [landmark_error(problem, evidence, states, row) for row in range(len(states))]
    std = float(np.clip(np.median(miss), problem.params.landmark_std, photo.landmark_std))
    photo = replace(photo, landmark_std=std, std=float(np.clip(colors, photo.std, photo.most_std)))
    return replace(problem, params=replace(problem.params, photo=photo))
