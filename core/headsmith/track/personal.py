"""How one person's face moves: the head model's neutral face and expressions, bent until they carry this person's
landmarks through a clip (Li, Weise and Pauly 2010, "Example-based facial rigging").

A model's smile is nobody's smile. Where it falls short, tracking can only compromise, and textures and splats learn
from pictures that are laid on the wrong places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.model import HeadModel
from headsmith.track.calibrate import start
from headsmith.track.evidence import Evidence, evidence_of, expected_expressions, known_landmarks, rows_of
from headsmith.track.params import TrackParams
from headsmith.track.points import camera_points, carried_axes
from headsmith.track.problem import Problem, problem_of
from headsmith.track.solve import solve
from headsmith.track.spread import along_eyeballs, spread
from headsmith.track.states import States
from headsmith.types import F32, ClipLandmarks, HeadFit, Progress, no_progress


@dataclass(frozen=True)
class PersonalParams:
    """How far a person may be from the head model."""

    frames: int = 160
    """that are looked at, evenly spread"""
    least_frames: int = 12
    """with fewer the head stays as it is"""
    most_occluded: float = 0.1
    rounds: int = 2
    neutral_std_m: float = 3e-3
    """of a landmark on the neutral face"""
    expression_std_m: float = 3e-3
    """of what an expression, fully on, does to a landmark"""
    landmark_std: float = 0.02
    """of a landmark in one frame, in inter-ocular distances: most of it is the same in many frames"""


KEEP_NEUTRAL = PersonalParams(neutral_std_m=1e-6)
"""for a head whose neutral shape is known better than landmarks could tell"""


def personal_head(
    model: HeadModel,
    fit: HeadFit,
    seen: ClipLandmarks,
    params: TrackParams | None = None,
    personal: PersonalParams | None = None,
    progress: Progress = no_progress,
) -> tuple[F32, HeadFit]:
    """[V, 3, E] this person's `exprdirs`, and `fit` with this person's neutral face; its views are as before.

    Vertices near an eyeball only move along it. Frames in which something covers the face are not looked at; where too
    few are left, both are as they were.
    """
    params, personal = params or TrackParams(), personal or PersonalParams()
    rows = np.flatnonzero(seen.found & (seen.occluded <= personal.most_occluded))
    if len(rows) < personal.least_frames:
        return model.exprdirs, fit
    faces = rows_of(seen, rows[np.unique(np.linspace(0, len(rows) - 1, personal.frames).round().astype(int))])
    expected = expected_expressions(model, faces)
    # lids say little about poses, but all about lids
    whole = evidence_of(known_landmarks(model, 1.0), faces, expected)
    for done in range(personal.rounds):
        with threadpool_limits(1):
            problem = problem_of(model, fit, faces, params)
            states = _states(problem, evidence_of(problem.known, faces, expected))
            shifts = _landmark_shifts(problem, whole, states, personal)
        rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float64)
        moves = along_eyeballs(model, rest, spread(model, rest, shifts))
        model = replace(model, exprdirs=(model.exprdirs + moves[..., 1:]).astype(np.float32))
        fit = replace(fit, offsets_m=(fit.offsets_m + moves[..., 0]).astype(np.float32))
        progress((done + 1) / personal.rounds)
    return model.exprdirs, fit


def with_expressions(model: HeadModel, exprdirs: F32) -> HeadModel:
    """The model with other expressions [V, 3, E]; where its expressions are ARKit's, these change with them."""
    if model.expression_names != ARKIT_52:
        return replace(model, exprdirs=exprdirs)
    return replace(model, exprdirs=exprdirs, arkit=np.ascontiguousarray(exprdirs.transpose(2, 0, 1)))


def _states(problem: Problem, evidence: Evidence) -> States:
    """By landmarks."""
    states = solve(problem, evidence, start(problem, evidence), coupled=False)
    return solve(problem, evidence, states)


def _landmark_shifts(problem: Problem, evidence: Evidence, states: States, personal: PersonalParams) -> F32:
    """[478, 3, 1 + E] metres: of every landmark at rest, and by each expression fully on. Robust linear least squares
    per landmark over all frames, shrunk towards zero."""
    count, size = len(problem.landmarks.base_m), 1 + problem.columns.expressions
    std = np.repeat([personal.neutral_std_m, personal.expression_std_m], [3, 3 * (size - 1)])
    hessian = np.tile(np.diag(1 / std**2), (count, 1, 1))
    gradient = np.zeros((count, 3 * size))
    for row in range(len(states)):
        residual, by_place = _miss(problem, evidence, states, row, personal.landmark_std)
        share = np.r_[1.0, states.expression[row]]
        J = np.einsum("kca,e->kcea", by_place, share).reshape(count, 2, 3 * size)
        hessian += J.swapaxes(1, 2) @ J
        gradient += (J.swapaxes(1, 2) @ residual[..., None])[..., 0]
    shifts = np.linalg.solve(hessian, gradient[..., None])[..., 0]
    return shifts.reshape(count, size, 3).swapaxes(1, 2)


def _miss(problem: Problem, evidence: Evidence, states: States, row: int, landmark_std: float) -> tuple[F32, F32]:
    """[478, 2] by how many standard deviations a frame's landmarks are missed, with [478, 2, 3] derivatives by their
    places at rest; both smaller where the miss is no small one (Geman and McClure 1985)."""
    points, focal_px = problem.landmarks, problem.focal_px
    camera_m, axes = camera_points(points, states, row), carried_axes(points, states, row)
    z = camera_m[:, 2, None]
    pixels = focal_px * camera_m[:, :2] / z
    by_place = (focal_px / z)[..., None] * axes[:, :2] - (pixels / z)[..., None] * axes[:, 2:]
    W = evidence.weights[row] / (landmark_std * evidence.unit_px[row])
    residual = (W @ (evidence.points_px[row] - pixels)[..., None])[..., 0]
    root = 1 / (1 + np.square(residual).sum(1) / (3 * problem.params.robust_scale) ** 2)
    return residual * root[:, None], W @ by_place * root[:, None, None]
