"""Levenberg-Marquardt over the head and all photos at once, with bounds on ARKit weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.fit.evidence import Evidence
from headsmith.fit.linear import Linear, NormalEquations
from headsmith.fit.params import FitParams
from headsmith.fit.points import HeadSpace, SurfacePoints, camera_points, points_at, project, rest_points
from headsmith.fit.residuals import (
    depth_residual,
    eye_distance_residual,
    geman_mcclure,
    geman_mcclure_cost,
    landmark_residual,
    lip_gap_residual,
    silhouette_residual,
)
from headsmith.fit.state import FitState, Layout, ViewState, step
from headsmith.fit.ties import Ties
from headsmith.head_model.landmark_sets import LEFT_EYE_CORNERS, LIP_PAIRS, RIGHT_EYE_CORNERS
from headsmith.types import F32, Bool

FIRST_DAMPING = 1e-3
MAX_DAMPING = 1e3
SMALL_GAIN = 1e-4
"""relative decrease of the cost at which a solve is done"""
CORRELATED = 0.35
"""neighbouring landmarks err alike, so that 478 of them count as fewer"""


@dataclass(frozen=True)
class Problem:
    """All that the cost depends on besides the state."""

    space: HeadSpace
    ties: Ties
    landmarks: SurfacePoints
    lips: tuple[SurfacePoints, SurfacePoints]
    eyes: tuple[SurfacePoints, SurfacePoints]
    evidence: tuple[Evidence, ...]
    params: FitParams
    landmark_std: float
    """as a fraction of the inter-ocular distance"""
    free: F32
    """[shared] 1 for parameters of the head that may move, 0 for those held"""


def landmark_points(space: HeadSpace) -> SurfacePoints:
    """The 478 landmarks on the model."""
    return points_at(space, space.model.landmark_triangle, space.model.landmark_barycentric)


def lip_points(space: HeadSpace) -> tuple[SurfacePoints, SurfacePoints]:
    """Upper and lower inner lip, pair by pair."""
    upper, lower = np.array(LIP_PAIRS).T
    model = space.model
    return (points_at(space, model.landmark_triangle[upper], model.landmark_barycentric[upper]),
            points_at(space, model.landmark_triangle[lower], model.landmark_barycentric[lower]))  # fmt: skip


def eye_points(space: HeadSpace) -> tuple[SurfacePoints, SurfacePoints]:
    """The corners of the left and of the right eye."""
    model = space.model
    left, right = (points_at(space, model.landmark_triangle[list(rows)], model.landmark_barycentric[list(rows)])
                   for rows in (LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS))  # fmt: skip
    return left, right


def solve(problem: Problem, state: FitState) -> FitState:
    """The state of least cost near `state`."""
    damping = FIRST_DAMPING
    cost = total_cost(problem, state)
    for _ in range(problem.params.iterations):
        equations = _equations(problem, state)
        while True:
            delta = _damped_step(equations, problem, state, damping)
            candidate = step(state, problem.space.layout, problem.ties.columns, delta)
            candidate_cost = total_cost(problem, candidate)
            if candidate_cost < cost or damping > MAX_DAMPING:
                break
            damping *= 10
        if candidate_cost >= cost:
            return state
        gain, state, cost = (cost - candidate_cost) / cost, candidate, candidate_cost
        damping = max(damping / 10, 1e-7)
        if gain < SMALL_GAIN:
            break
    return state


def view_residuals(problem: Problem, state: FitState, index: int, derivatives: bool = True) -> list[Linear]:
    """The robust residuals of one photo, before reweighting."""
    evidence, view, params = problem.evidence[index], state.views[index], problem.params
    layout, principal = problem.space.layout, evidence.camera.principal_px
    points = camera_points(problem.landmarks, state.head, view, derivatives)
    std_px = problem.landmark_std * evidence.unit_px
    pixels = project(points, view, principal, layout)
    out = [
        landmark_residual(pixels, evidence.points_px, evidence.weights * (CORRELATED / std_px)),
        depth_residual(points, view.focal_px, evidence.depth_px,
                       evidence.depth_weights * (CORRELATED / (params.depth_std * evidence.unit_px))),
    ]  # fmt: skip
    if evidence.outline is not None:
        outline = evidence.outline
        edge_points = camera_points(outline.points, state.head, view, derivatives)
        edge = project(edge_points, view, principal, layout)
        weights = outline.weights * (CORRELATED / (params.silhouette_std * evidence.unit_px))
        out.append(silhouette_residual(edge, outline.matched_px, outline.normals, weights))
    return out


def total_cost(problem: Problem, state: FitState) -> float:
    """Robust cost of the evidence plus the priors."""
    scale = problem.params.robust_scale
    cost = 0.5 * float(np.square(state.head).sum())
    cost += 0.5 * sum(float(np.square(r.value).sum()) for r in head_residuals(problem, state))
    for i, view in enumerate(state.views):
        cost += sum(geman_mcclure_cost(r.value, scale) for r in view_residuals(problem, state, i, derivatives=False))
        difference, std = view_prior(problem, view, i)
        cost += 0.5 * float(np.square(difference / std).sum())
    return cost


def view_prior(problem: Problem, view: ViewState, index: int) -> tuple[F32, F32]:
    """Difference from the prior's mean and its standard deviation, for every parameter of a view [P]."""
    layout, params, evidence = problem.space.layout, problem.params, problem.evidence[index]
    difference, std = np.zeros(layout.per_view), np.full(layout.per_view, 1e6)
    difference[: layout.expressions] = view.expression - evidence.expression_mean
    std[: layout.expressions] = params.score_std if layout.bounded else params.coefficient_std
    focal = layout.pose.stop - 1
    difference[focal] = np.log(view.focal_px / evidence.camera.focal_px)
    std[focal] = params.focal_log_std
    difference[layout.joints] = [view.joint_rotations[joint, axis] for joint, axis in layout.joint_axes]
    std[layout.joints] = [_joint_std(problem, joint) for joint, _ in layout.joint_axes]
    # what views have in common is expected once, not once by each of them
    return difference, std * np.sqrt(problem.ties.sharing[index])


def _joint_std(problem: Problem, joint: int) -> float:
    is_eye = problem.space.model.joint_names[joint].endswith("_eye")
    return problem.params.eye_std_rad if is_eye else problem.params.jaw_std_rad


def head_residuals(problem: Problem, state: FitState) -> tuple[Linear, Linear]:
    """What is expected of the head beside its parameters' own priors; no view has a share in it."""
    return _lip_gap(problem, state), _eye_distance(problem, state)


def _eye_distance(problem: Problem, state: FitState) -> Linear:
    left, right = (rest_points(points, state.head) for points in problem.eyes)
    mean_head = np.zeros_like(state.head)
    apart = [float(rest_points(points, mean_head).value[:, 0].mean()) for points in problem.eyes]
    return eye_distance_residual(left, right, apart[0] - apart[1], 1 / problem.params.eye_distance_std_m)


def _lip_gap(problem: Problem, state: FitState) -> Linear:
    upper, lower = (rest_points(points, state.head) for points in problem.lips)
    mean_head = np.zeros_like(state.head)
    closed = rest_points(problem.lips[0], mean_head).value - rest_points(problem.lips[1], mean_head).value
    return lip_gap_residual(upper, lower, closed, 1 / problem.params.lip_gap_std_m)


def _equations(problem: Problem, state: FitState) -> NormalEquations:
    layout, ties = problem.space.layout, problem.ties
    out = NormalEquations(layout.shared, ties.size)
    out.add_diagonal(np.arange(layout.shared, dtype=np.int32), state.head, np.ones(layout.shared))
    for residual in head_residuals(problem, state):
        out.add(residual, ties.columns[0])
    for i, view in enumerate(state.views):
        for residual in view_residuals(problem, state, i):
            weights = geman_mcclure(residual.value, problem.params.robust_scale)
            out.add(residual.scaled(weights.reshape(-1, *[1] * (residual.value.ndim - 1))), ties.columns[i])
        out.add_diagonal(ties.columns[i], *view_prior(problem, view, i))
    return out


def _damped_step(equations: NormalEquations, problem: Problem, state: FitState, damping: float) -> F32:
    """The step among free parameters; weights at a bound that the cost pushes further out stay there."""
    layout = problem.space.layout
    free = np.ones(len(equations.gradient), bool)
    free[: layout.shared] = problem.free > 0
    for columns, view in zip(problem.ties.columns, state.views, strict=True):
        free[columns] = _inside(equations.gradient[columns], layout, view)
    hessian = equations.hessian[np.ix_(free, free)]
    hessian[np.diag_indices_from(hessian)] *= 1 + damping
    delta = np.zeros(len(free))
    delta[free] = np.linalg.solve(hessian, -equations.gradient[free])
    return delta


def _inside(gradient: F32, layout: Layout, view: ViewState) -> Bool:
    """[P] False for weights of a view at a bound that the cost pushes further out."""
    out = np.ones(layout.per_view, bool)
    if layout.bounded:
        downhill = -gradient[: layout.expressions]
        e = view.expression
        out[: layout.expressions] = ~(((e <= 0) & (downhill < 0)) | ((e >= 1) & (downhill > 0)))
    return out
