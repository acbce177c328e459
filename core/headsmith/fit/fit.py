"""Landmarks and mattes of one person's photos -> the head, and how it stands in each photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from headsmith.fit.collar import collar_height
from headsmith.fit.evidence import Evidence, evidence_of
from headsmith.fit.facing import landmark_trust
from headsmith.fit.initial import initial_view
from headsmith.fit.light import estimate_light
from headsmith.fit.offsets import offset_modes
from headsmith.fit.params import FitParams
from headsmith.fit.points import HeadSpace, camera_points, head_space, project
from headsmith.fit.repair import lids_on_eyes, unfold
from headsmith.fit.silhouette import match_outline
from headsmith.fit.solver import Problem, eye_points, landmark_points, lip_points, solve
from headsmith.fit.state import FitState, ViewState, layout_of
from headsmith.fit.ties import tie_views, with_common_means
from headsmith.head_model.expression_prior import expression_mean
from headsmith.head_model.landmark_sets import lip_weights, rigid_weights
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Camera, Frame, HeadFit, Landmarks, Mattes, Progress, ViewFit, no_progress

SIDE_VIEW_DEG = 40.0
POOR_FIT = 0.05
"""mean landmark error as a fraction of the inter-ocular distance"""


@dataclass(frozen=True)
class Photos:
    """One person's photos and what was seen in them, in the same order."""

    frames: Sequence[Frame]
    landmarks: Sequence[Landmarks]
    mattes: Sequence[Mattes]


def fit_head(
    model: HeadModel,
    frames: Sequence[Frame],
    landmarks: Sequence[Landmarks],
    mattes: Sequence[Mattes],
    params: FitParams | None = None,
    progress: Progress = no_progress,
) -> HeadFit:
    """One head for all photos; pose, focal length, expression and light for each.

    The identity comes first, from landmarks and outline; then offsets take up what it cannot express. A smile in the
    photo is expression as far as MediaPipe's scores tell, and the neutral head keeps its lips closed.
    """
    # the matrices are small: threads that share them wait for each other longer than they work
    with threadpool_limits(1):
        fit = _fitted(model, Photos(frames, landmarks, mattes), params or FitParams(), progress)
    progress(1.0)
    return fit


def _fitted(model: HeadModel, photos: Photos, params: FitParams, progress: Progress) -> HeadFit:
    problem = _problem(model, photos, params)
    state = solve(problem, _initial_state(problem))
    progress(0.2)
    free = np.ones(problem.space.layout.shared)
    rough, fine = problem, replace(problem, free=free, landmark_std=params.stages_std[1])
    for i, stage in enumerate([rough] * params.rounds + [fine] * params.rounds):
        state = solve(_with_outlines(stage, state, photos), state)
        progress(0.2 + 0.7 * (i + 1) / (2 * params.rounds))
    return _finish(problem, state, photos)


def _problem(model: HeadModel, photos: Photos, params: FitParams) -> Problem:
    modes = offset_modes(model, params.offsets)
    layout = layout_of(model, modes.shape[2])
    space = head_space(model, modes, layout)
    known = model.landmark_weight * lip_weights(model)
    evidence = tuple(
        evidence_of(seen, frame.camera, known, expression_mean(model, seen.scores))
        for frame, seen in zip(photos.frames, photos.landmarks, strict=True)
    )
    free = np.concatenate([np.ones(layout.identity), np.zeros(layout.modes)])
    ties = tie_views(model, layout, [frame.sha256 for frame in photos.frames], params)
    evidence = with_common_means(evidence, ties, layout)
    points = (landmark_points(space), lip_points(space), eye_points(space))
    return Problem(space, ties, *points, evidence, params, params.stages_std[0], free)


def _initial_state(problem: Problem) -> FitState:
    """The mean head, posed by closed form, with the expression that the scores suggest."""
    layout, model = problem.space.layout, problem.space.model
    mean_landmarks = model.landmarks(model.v_template).astype(np.float64)
    weights = rigid_weights() * model.landmark_weight
    views = []
    for evidence in problem.evidence:
        observed = np.column_stack([evidence.points_px, evidence.depth_px])
        sizes = (layout.expressions, len(model.joint_names))
        view = initial_view(mean_landmarks, observed, evidence.camera, weights, sizes)
        views.append(replace(view, expression=evidence.expression_mean.astype(np.float64)))
    return FitState(np.zeros(layout.shared), tuple(views))


def _with_outlines(problem: Problem, state: FitState, photos: Photos) -> Problem:
    """The problem with the outline of every photo matched anew."""
    model = problem.space.model
    rest = _rest(problem.space, state.head)
    matched: list[Evidence] = []
    for evidence, view, mattes in zip(problem.evidence, state.views, photos.mattes, strict=True):
        vertices = model.pose(rest, view.expression.astype(np.float32), view.joint_rotations)
        camera = camera_of(view, evidence.camera)
        outline = match_outline(problem.space, vertices, camera, mattes, problem.params.silhouette_px)
        seen = replace(evidence, outline=outline)
        if problem.params.of_clip:
            seen = seen.believed(landmark_trust(model, vertices, camera))
        matched.append(seen)
    return replace(problem, evidence=tuple(matched))


def _rest(space: HeadSpace, head: F32) -> F32:
    return (space.model.v_template + space.directions @ head.astype(np.float32)).astype(np.float32)


def camera_of(view: ViewState, intrinsics: Camera) -> Camera:
    """The photo's camera with the pose and the focal length of the fit."""
    T = np.eye(4, dtype=np.float32)
    T[:3, :3], T[:3, 3] = view.R, view.t_m
    return replace(intrinsics, focal_px=float(view.focal_px), T_camera_world=T)


def _finish(problem: Problem, state: FitState, photos: Photos) -> HeadFit:
    model, layout = problem.space.model, problem.space.layout
    identity = state.head[: layout.identity].astype(np.float32)
    rest = model.rest_vertices(identity)
    offsets = unfold(model, rest, _rest(problem.space, state.head) - rest)
    offsets = (lids_on_eyes(model, rest + offsets) - rest).astype(np.float32)
    views = []
    for view, frame, mattes in zip(state.views, photos.frames, photos.mattes, strict=True):
        camera = camera_of(view, frame.camera)
        expression = view.expression.astype(np.float32)
        rotations = view.joint_rotations.astype(np.float32)
        vertices = model.pose(rest + offsets, expression, rotations)
        light = estimate_light(model, vertices, camera, frame, mattes)
        views.append(ViewFit(camera, expression, rotations, light))
    warnings = [sentence for i in range(len(views)) for sentence in _warnings(problem, state, photos, i)]
    collar_m = collar_height(model, rest + offsets, views, photos.mattes)
    return HeadFit(identity, offsets, tuple(views), tuple(warnings), collar_m)


def _warnings(problem: Problem, state: FitState, photos: Photos, index: int) -> list[str]:
    """What the user should know about one photo."""
    view, evidence, source = state.views[index], problem.evidence[index], photos.frames[index].source
    out = []
    forward = view.R[:, 2]
    yaw_deg = abs(float(np.degrees(np.arctan2(forward[0], -forward[2]))))
    if yaw_deg > SIDE_VIEW_DEG and len(state.views) == 1:
        out.append(f"{source}: the face is turned by {yaw_deg:.0f} degrees; its far half is guessed from the near one.")
    points = camera_points(problem.landmarks, state.head, view, derivatives=False)
    pixels = project(points, view, evidence.camera.principal_px, problem.space.layout).value
    trust: F32 = np.ones(len(pixels))
    if problem.params.of_clip:
        vertices = problem.space.model.pose(_rest(problem.space, state.head), view.expression, view.joint_rotations)
        trust = landmark_trust(problem.space.model, vertices, camera_of(view, evidence.camera))
    error = float(np.linalg.norm(pixels - evidence.points_px, axis=1) @ trust / trust.sum()) / evidence.unit_px
    if error > POOR_FIT:
        out.append(f"{source}: the head misses the face's landmarks by {error:.1%} of the distance between the eyes.")
    return out
