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
from headsmith.track.evidence import Evidence, evidence_of, expected_expressions, known_landmarks, rows_of, spread_over
from headsmith.track.params import TrackParams
from headsmith.track.problem import Problem, problem_of
from headsmith.track.shifts import landmark_shifts
from headsmith.track.solve import solve
from headsmith.track.spread import along_eyeballs, lips_as_one, spread
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
    robust_scale: float = 9.0
    """landmarks missed by more standard deviations count less: what a model cannot do yet is no outlier"""


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
    faces = rows_of(seen, spread_over(rows, personal.frames))
    expected = expected_expressions(model, faces)
    # lids say little about poses, but all about lids
    whole = evidence_of(known_landmarks(model, 1.0), faces, expected)
    std_m = np.r_[personal.neutral_std_m, np.full(model.exprdirs.shape[2], personal.expression_std_m)]
    for done in range(personal.rounds):
        with threadpool_limits(1):
            problem = problem_of(model, fit, faces, params)
            states = _states(problem, evidence_of(problem.known, faces, expected))
            shifts = landmark_shifts(problem, whole, states, std_m, personal.landmark_std,
                                     robust_scale=personal.robust_scale)  # fmt: skip
        rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float64)
        moves = along_eyeballs(model, rest, spread(model, rest, shifts))
        moves[..., 0] = lips_as_one(model, rest, moves[..., 0])
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
