"""What a build would know of the known subject before training: skin colours and a hair shell, from pictures alone.

Given are what tracking and matting yield: the head's mesh, cameras, poses, the matte and the hair's matte of the
training views. Not given: the subject's texture, its light, and its hair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.bench.subject import Subject, Truth
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.head_model.surface_nets import surface_nets
from headsmith.texture.uv import build_atlas, fill_between_charts
from headsmith.types import F32, I32, Bool, Camera, HairShell, HeadFit, StaticTexture, TrainingView, ViewFit
from headsmith.views.grid import Grid, grid_around
from headsmith.views.skull import skull_pose

FLAT_LIGHT = np.zeros((9, 3), np.float32)
FLAT_LIGHT[0] = 1 / 0.282095
"""[9, 3] under which a texture of lit colours shows as it is"""
_DEPTH_SLACK_M = 0.002
_REACH_M = 0.12
"""how far from the scalp hair is looked for"""
_UNDER_SKIN_M = 0.008
"""how deep under the scalp the shell goes on, so that it is closed"""
_BEHIND_M = 0.004
"""a voxel so far behind the head's surface is hidden by it, and the view says nothing about it"""
_SMOOTHING_VOXELS = 0.7
_DEEPEST_STEPS = 7
"""voxels under the surface down to which the hair's thickness is measured"""


@dataclass(frozen=True)
class EstimateParams:
    texture_px: int = 1024
    voxel_m: float = 0.003
    """edge of the voxels from which the hair's surface is drawn"""


@dataclass(frozen=True)
class Estimate:
    fit: HeadFit
    texture: StaticTexture
    hair: HairShell | None


@dataclass(frozen=True)
class _Seen:
    """One training view, with the head at rest in the skull's frame for the hair and posed for the skin."""

    truth: Truth
    posed_m: F32
    head: RasterBuffers
    skull_camera: Camera


def training_view(truth: Truth) -> TrainingView:
    """The picture as a photo that is trusted everywhere."""
    shot = truth.shot
    weight = np.ones_like(truth.alpha)
    return TrainingView(
        shot.camera, truth.image, truth.alpha, weight, shot.expression, shot.joint_rotations, real=True
    )  # fmt: skip


def estimate(subject: Subject, training: Sequence[Truth], params: EstimateParams) -> Estimate:
    """Of the subject only its mesh is used."""
    views = tuple(
        ViewFit(t.shot.camera, t.shot.expression, t.shot.joint_rotations, FLAT_LIGHT) for t in training
    )  # fmt: skip
    fit = HeadFit(subject.identity, np.zeros_like(subject.rest_m), views)
    seen = [_seen(subject, truth) for truth in training]
    return Estimate(fit, _texture(subject, seen, params.texture_px), _hair_shell(subject, seen, params.voxel_m))


def _seen(subject: Subject, truth: Truth) -> _Seen:
    shot, model = truth.shot, subject.model
    posed = model.pose(subject.rest_m, shot.expression, shot.joint_rotations).astype(np.float32)
    T = shot.camera.T_camera_world @ skull_pose(model, subject.rest_m, posed)
    camera = replace(shot.camera, T_camera_world=T.astype(np.float32))
    return _Seen(truth, posed, rasterize(posed, model.faces, shot.camera), camera)


def _texture(subject: Subject, views: Sequence[_Seen], size_px: int) -> StaticTexture:
    """Mean of the lit colours that the views show at each texel, more of those that look straight at it."""
    model = subject.model
    atlas = build_atlas(model, size_px)
    total = np.zeros((len(atlas.texel), 3), np.float32)
    weight = np.zeros(len(atlas.texel), np.float32)
    for view in views:
        camera = view.truth.shot.camera
        place, normal = atlas.at(view.posed_m), atlas.at(vertex_normals(view.posed_m, model.faces))
        pixel, depth = camera.project(place)
        away = camera.position_m - place
        facing = (away * normal).sum(1) / np.maximum(
            np.linalg.norm(away, axis=1) * np.linalg.norm(normal, axis=1), 1e-9
        )
        at = (pixel[:, 1] - 0.5, pixel[:, 0] - 0.5)
        row, column = (
            np.clip(np.round(a).astype(int), 0, n - 1) for a, n in zip(at, view.head.depth_m.shape, strict=True)
        )
        shown = depth < view.head.depth_m[row, column] + _DEPTH_SLACK_M
        trust = np.where(shown, np.clip(facing, 0, 1) ** 4, 0) * view.truth.alpha[row, column]
        for c in range(3):
            channel = view.truth.image[..., c].astype(np.float32)
            total[:, c] += trust * ndimage.map_coordinates(channel, at, order=1, mode="nearest")
        weight += trust
    mean = total / np.maximum(weight, 1e-6)[:, None]
    known = weight > 1e-3
    mean[~known] = np.median(mean[known], axis=0) if known.any() else 128.0
    image = np.clip(fill_between_charts(atlas.image(mean), atlas) + 0.5, 0, 255).astype(np.uint8)
    observed = atlas.image(np.clip(weight / 0.2, 0, 1).astype(np.float32))
    return StaticTexture(image, observed, FLAT_LIGHT[None])


def _hair_shell(subject: Subject, views: Sequence[_Seen], voxel_m: float) -> HairShell | None:
    """The largest body that every view shows as hair or hides behind the head."""
    rest, model = subject.rest_m, subject.model
    scalp = rest[model.regions["scalp"] > 0.5]
    low, high = scalp.min(0) - _REACH_M, scalp.max(0) + _REACH_M / 2
    grid = grid_around(low.astype(np.float32), high.astype(np.float32), voxel_m)
    points = grid.points().reshape(-1, 3)
    possible = _near_scalp(subject, points)
    for view in views:
        possible[possible] = _explained(view, points[possible])
    inside = possible.reshape(grid.shape).astype(np.float32)
    field = (0.5 - ndimage.gaussian_filter(inside, _SMOOTHING_VOXELS)) * voxel_m
    vertices, faces = surface_nets(field.astype(np.float32), grid.origin_m, voxel_m)
    if not len(faces):
        return None
    return HairShell(vertices, faces, _colors(vertices, faces, views), np.ones(len(vertices), np.float32),
                     _thickness(grid, field, vertices, faces))  # fmt: skip


def _near_scalp(subject: Subject, points_m: F32) -> Bool:
    """[N] True outside the head, and a little way under the scalp."""
    model, rest = subject.model, subject.rest_m
    rows = np.unique(model.faces[model.faces_of("head")])
    rows = rows[model.regions["inner_mouth"][rows] < 0.1]
    distance, nearest = cKDTree(rest[rows]).query(points_m)
    nearest = rows[nearest]
    height = ((points_m - rest[nearest]) * vertex_normals(rest, model.faces)[nearest]).sum(1)
    hairy = model.regions["scalp"][nearest] > 0.3
    return (height > np.where(hairy, -_UNDER_SKIN_M, 0.002)) & (distance < _REACH_M)


def _explained(view: _Seen, points_m: F32) -> Bool:
    """[N] whether this view lets hair be at points in the skull's frame: it shows hair there, or something in front."""
    pixel, depth = view.skull_camera.project(points_m)
    at = (pixel[:, 1] - 0.5, pixel[:, 0] - 0.5)
    hair = ndimage.map_coordinates(view.truth.hair, at, order=1, mode="constant")
    row, column = (np.clip(np.round(a).astype(int), 0, n - 1) for a, n in zip(at, view.truth.alpha.shape, strict=True))
    return (hair > 0.35) | (depth > view.head.depth_m[row, column] + _BEHIND_M)


def _colors(vertices_m: F32, faces: I32, views: Sequence[_Seen]) -> np.ndarray:
    """[M, 3] sRGB: the mean of what the views show of each vertex."""
    total = np.zeros((len(vertices_m), 3), np.float64)
    weight = np.full(len(vertices_m), 1e-6)
    for view in views:
        shell = rasterize(vertices_m, faces, view.skull_camera)
        pixel, depth = view.skull_camera.project(vertices_m)
        height, width = view.truth.alpha.shape
        column, row = np.clip(pixel.astype(int), 0, [width - 1, height - 1]).T
        nearest = np.minimum(shell.depth_m, view.head.depth_m)[row, column]
        trust = np.where(depth < nearest + _DEPTH_SLACK_M, view.truth.hair[row, column], 0)
        total += trust[:, None] * view.truth.image[row, column]
        weight += trust
    mean = total / weight[:, None]
    unseen = weight < 1e-3
    mean[unseen] = mean[~unseen].mean(0)
    return np.clip(mean + 0.5, 0, 255).astype(np.uint8)


def _thickness(grid: Grid, field: F32, vertices_m: F32, faces: I32) -> F32:
    """[M] metres of hair under the surface, along the inward normal."""
    inward = -vertex_normals(vertices_m, faces)
    depth = np.zeros(len(vertices_m), np.float32)
    still = np.ones(len(vertices_m), bool)
    for step in range(1, _DEEPEST_STEPS + 1):
        reach = np.float32(step * grid.voxel_m)
        still &= grid.sample(field, vertices_m + reach * inward) < 0
        depth[still] = reach
    return depth
