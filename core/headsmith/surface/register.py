"""The head model laid onto a surface: first by landmarks, then by all of the surface that shows skin.

Two steps, as for the heads of arXiv 2503.14943: point-to-point on landmarks for pose and identity, then the distance
to the nearest point of the surface for everything, the offsets last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.surface.closest import ClosestPoints
from headsmith.surface.hair_removal import bare_skin
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.posed_head import free_expression, mean_pose, rest_of
from headsmith.surface.register_evidence import evidence_weights
from headsmith.surface.register_landmarks import SurfaceLandmarks, cast_landmarks
from headsmith.surface.register_offsets import OffsetPull, area_shares, offset_space, solve_offsets
from headsmith.surface.register_rigid import (
    ExpressionPrior,
    Pull,
    Standing,
    placed,
    posed_head,
    rigid_between,
    step_towards,
)
from headsmith.surface.unfold import unfold
from headsmith.types import F32, Camera, HeadFit, Landmarks, Mattes, Progress, no_progress


@dataclass(frozen=True)
class RegisterParams:
    landmark_std_m: float = 6e-3
    """how far landmarks cast onto the surface lie from the model's: the detector's errors and the surface's"""
    correlated: float = 0.35
    """neighbouring landmarks, and neighbouring points of the surface, err alike: they count as fewer"""
    surface_std_m: float = 1.5e-3
    """of the surface's own noise, of which neighbours have most in common"""
    slide_std_m: float = 10e-3
    """how far a point of the skin may slide along the surface from its nearest point in one round"""
    reach_m: tuple[float, ...] = (12e-3, 8e-3, 5e-3, 4e-3, 4e-3, 4e-3)
    """surface farther away than this counts little; one round for identity each"""
    bend_std: tuple[float, ...] = (8.0, 15.0, 30.0)
    """of the offsets' Laplacian, 1 / metres; one round for offsets each, each freer than the one before"""
    expression_std: float = 0.1
    """of a blendshape's weight around rest: in the sweep of a still head the face is meant to rest"""
    size_std_m: float = 5e-3
    """of offsets where nothing was seen"""


@dataclass(frozen=True)
class _Fitting:
    """What stays the same while the head moves."""

    model: HeadModel
    expression: ExpressionPrior
    surface: ClosestPoints
    landmarks: SurfaceLandmarks
    landmark_weight: F32
    """[478]"""
    params: RegisterParams


def register_head(
    model: HeadModel, fit: HeadFit, mesh: TriangleMesh, landmarks: Sequence[Landmarks], cameras: Sequence[Camera],
    mattes: Sequence[Mattes], params: RegisterParams | None = None, progress: Progress = no_progress,
) -> HeadFit:  # fmt: skip
    """`fit` with identity, offsets and cameras such that the head lies on `mesh` where `mattes` show skin.

    `cameras` (one per view of the fit) stand in the mesh's space, from which the head's may be moved rigidly. The one
    expression of a face that is still in all views is found anew; others stay. Without enough landmarks on the mesh
    the fit comes back as it was, with a warning.
    """
    params = params or RegisterParams()
    cast = cast_landmarks(mesh, landmarks, cameras)
    weight = model.landmark_weight * cast.weight
    if (weight > 0.1).sum() < MIN_LANDMARKS:
        sentence = "The surface carries too few of the face's landmarks, so the head was not registered to it."
        return replace(fit, warnings=(*fit.warnings, sentence))
    surface = ClosestPoints(bare_skin(mesh, cameras, mattes))
    prior = ExpressionPrior(free_expression(model, fit), params.expression_std)
    fitting = _Fitting(model, prior, surface, cast, weight, params)
    standing = by_landmarks(fitting, fit)
    progress(0.2)
    for i, reach_m in enumerate(params.reach_m):
        pulls = (_landmark_pull(fitting), _surface_pull(fitting, standing, reach_m))
        standing = step_towards(model, standing, pulls, prior)
        progress(0.2 + 0.3 * (i + 1) / len(params.reach_m))
    posed = posed_head(model, standing)
    carried = _with_offsets(fitting, standing, posed, progress)
    return _finished(fitting, fit, standing, carried, cameras)


MIN_LANDMARKS = 60


def by_landmarks(fitting: _Fitting, fit: HeadFit) -> Standing:
    """Pose and identity from landmarks alone, from the fit's own head on."""
    model = fitting.model
    start = Standing(fit.identity.astype(np.float64), mean_pose(fit), np.eye(3), np.zeros(3))
    points = model.landmarks(posed_head(model, start, fit.offsets_m))
    R, t = rigid_between(points.astype(np.float64), fitting.landmarks.points_m, fitting.landmark_weight)
    standing = replace(start, R=R, t_m=t)
    for _ in range(4):
        standing = step_towards(model, standing, (_landmark_pull(fitting),), fitting.expression)
    return standing


def _landmark_pull(fitting: _Fitting) -> Pull:
    model, params = fitting.model, fitting.params
    rows = np.flatnonzero(fitting.landmark_weight > 0)
    size = np.sqrt(fitting.landmark_weight[rows]) * params.correlated / params.landmark_std_m
    return Pull(model.faces[model.landmark_triangle[rows]], model.landmark_barycentric[rows].astype(np.float64),
                fitting.landmarks.points_m[rows].astype(np.float64), size[:, None, None] * np.eye(3))  # fmt: skip


def _surface_pull(fitting: _Fitting, standing: Standing, reach_m: float) -> Pull:
    """Each vertex towards its nearest point, strongly along the surface's normal."""
    model, params = fitting.model, fitting.params
    vertices = placed(standing, posed_head(model, standing))
    normals = vertex_normals(vertices, model.faces)
    found = fitting.surface(vertices)
    weight = evidence_weights(model, normals, found, reach_m) * area_shares(vertices, model.faces)
    rows = np.flatnonzero(weight > 0).astype(np.int32)
    n = found.normals[rows]
    outer = n[:, :, None] * n[:, None, :]
    stiffness = outer / params.surface_std_m + (np.eye(3) - outer) / params.slide_std_m
    stiffness *= (np.sqrt(weight[rows]) * params.correlated)[:, None, None]
    corners, barycentric = np.repeat(rows[:, None], 3, 1), np.full((len(rows), 3), 1 / 3)
    return Pull(corners, barycentric, found.points_m[rows], stiffness)


def _with_offsets(fitting: _Fitting, standing: Standing, posed_m: F32, progress: Progress) -> F32:
    """[V, 3] posed vertices in head space, carried onto the surface."""
    model, params = fitting.model, fitting.params
    start = placed(standing, posed_m)
    # in the neutral head lips touch, whatever the expression: they are neighbours there
    space = offset_space(model, model.rest_vertices(standing.identity.astype(np.float32)))
    offsets = np.zeros_like(start)
    for i, bend_std in enumerate(params.bend_std):
        pulls = (_offset_landmarks(fitting, start), _offset_surface(fitting, start, offsets, params.reach_m[-1]))
        offsets = solve_offsets(space, pulls, bend_std, params.size_std_m)
        offsets = unfold(start, offsets, model.faces)
        progress(0.5 + 0.5 * (i + 1) / len(params.bend_std))
    return posed_m + offsets @ standing.R


def _offset_surface(fitting: _Fitting, start_m: F32, offsets_m: F32, reach_m: float) -> OffsetPull:
    model, params = fitting.model, fitting.params
    vertices = start_m + offsets_m
    normals = vertex_normals(vertices, model.faces)
    found = fitting.surface(vertices)
    weight = evidence_weights(model, normals, found, reach_m) * area_shares(vertices, model.faces)
    rows = np.flatnonzero(weight > 0).astype(np.int32)
    size = np.sqrt(weight[rows]) / params.surface_std_m
    n = found.normals[rows]
    matrix = sparse.coo_matrix(
        ((n * size[:, None]).reshape(-1),
         (np.repeat(np.arange(len(rows)), 3), (3 * rows[:, None] + np.arange(3)).reshape(-1))),
        (len(rows), start_m.size),
    ).tocsr()  # fmt: skip
    return OffsetPull(matrix, ((found.points_m[rows] - start_m[rows]) * n).sum(1) * size)


def _offset_landmarks(fitting: _Fitting, start_m: F32) -> OffsetPull:
    pull = _landmark_pull(fitting)
    size = pull.stiffness[:, 0, 0]
    wanted = pull.targets_m - np.einsum("qc,qci->qi", pull.barycentric, start_m[pull.corners])
    row = np.repeat(np.arange(len(size)), 3)
    points = sparse.coo_matrix(
        ((pull.barycentric * size[:, None]).reshape(-1), (row, pull.corners.reshape(-1))), (len(size), len(start_m))
    )
    return OffsetPull(sparse.kron(points, sparse.identity(3)).tocsr(), (wanted * size[:, None]).reshape(-1))


def _finished(
    fitting: _Fitting, fit: HeadFit, standing: Standing, posed_m: F32, cameras: Sequence[Camera]
) -> HeadFit:  # fmt: skip
    model, identity = fitting.model, standing.identity.astype(np.float32)
    neutral = model.rest_vertices(identity)
    offsets = rest_of(model, posed_m, neutral, standing.pose) - neutral
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = standing.R, standing.t_m
    views = []
    for view, camera in zip(fit.views, cameras, strict=True):
        expression = view.expression.copy()
        expression[fitting.expression.free] = standing.pose.expression[fitting.expression.free]
        moved = replace(camera, T_camera_world=(camera.T_camera_world @ T).astype(np.float32))
        views.append(replace(view, camera=moved, expression=expression))
    return replace(fit, identity=identity, offsets_m=offsets.astype(np.float32), views=tuple(views))
