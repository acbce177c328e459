"""Cameras of structure from motion brought to the head: metric, in head space, checked against the landmark fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.asset.alignment import similarity
from headsmith.asset.normals import vertex_normals
from headsmith.head_model.landmark_sets import base_weights, rigid_weights
from headsmith.head_model.model import HeadModel
from headsmith.surface.params import PlacingParams
from headsmith.surface.sfm import NotRegistered, Structure
from headsmith.types import F32, Camera, Frame, HeadFit, Landmarks

ROUNDS = 12
"""of iteratively reweighted least squares"""
MIN_LANDMARKS = 30
MIN_VIEWS = 3
ROBUST_PX = 3.0
ROBUST_SIZE_M = 0.004
"""landmarks that lie farther from the mean head's say less about its size"""


@dataclass(frozen=True)
class PlacedCameras:
    """Cameras in head space."""

    rows: tuple[int, ...]
    """which frames"""
    cameras: tuple[Camera, ...]
    turn_deg: float
    """median angle between the head's pose by these cameras and by the landmark fit"""
    landmark_error_m: float
    """median distance of the landmarks that these cameras see from those of the fitted head"""
    size: float
    """by which the fitted head is to be multiplied to be as large as these cameras see it"""
    error_px: float


def place_cameras(
    model: HeadModel,
    fit: HeadFit,
    structure: Structure,
    seen: tuple[Sequence[Frame], Sequence[Landmarks]],
    params: PlacingParams,
) -> PlacedCameras:
    """The structure's cameras, where its landmarks lie best on the fitted head, at the scale of the mean head.

    No picture tells a head's size, so the likeliest one is right (`likely_size` settles it once there is a surface);
    that of the fit stands and falls with its focal length. Frames whose head contradicts their landmarks are left out.
    Raises NotRegistered when most do, or too few landmarks are seen.
    """
    frames, landmarks = seen
    cameras = [
        replace(frames[row].camera, focal_px=frames[row].camera.focal_px * structure.focal_ratio, T_camera_world=T)
        for row, T in zip(structure.rows, structure.T_camera_scene, strict=True)
    ]
    target, facing = _fitted_landmarks(model, fit, structure.rows, params)
    weights = facing * rigid_weights() * model.landmark_weight
    observed = np.stack([landmarks[row].points_px for row in structure.rows]).astype(np.float64)
    source = triangulate(cameras, observed, weights)
    known = np.isfinite(source).all(1) & ((weights > 0).sum(0) >= MIN_VIEWS)
    if known.sum() < MIN_LANDMARKS:
        raise NotRegistered("too few landmarks of the face are seen from several sides")
    scale, R, t = _robust_similarity(source[known], target[known], weights[:, known].mean(0), params.robust_m)
    likely = _likely_scale(model, cameras, observed, facing)
    error = np.linalg.norm(scale * source[known] @ R.T + t - target[known], axis=1)
    placed = [
        replace(camera, T_camera_world=_moved(camera.T_camera_world, likely, R, t * likely / scale))
        for camera in cameras
    ]
    turns = np.array([_turn_deg(camera, fit.views[row].camera)
                      for row, camera in zip(structure.rows, placed, strict=True)])  # fmt: skip
    if np.median(turns) > params.max_median_turn_deg:
        raise NotRegistered(
            f"the motion found contradicts the face's landmarks by {np.median(turns):.0f} degrees"
        )  # fmt: skip
    kept = [k for k in range(len(placed)) if turns[k] <= params.max_turn_deg]
    return PlacedCameras(
        rows=tuple(structure.rows[k] for k in kept),
        cameras=tuple(placed[k] for k in kept),
        turn_deg=float(np.median(turns)),
        landmark_error_m=float(np.median(error)),
        size=likely / scale,
        error_px=structure.error_px,
    )


def _fitted_landmarks(
    model: HeadModel, fit: HeadFit, rows: Sequence[int], params: PlacingParams
) -> tuple[F32, F32]:  # fmt: skip
    """[478, 3] the fitted head's landmarks in its usual expression, and [R, 478] how squarely each view sees them."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    expression = np.median([fit.views[row].expression for row in rows], 0).astype(np.float32)
    joints = np.median([fit.views[row].joint_rotations for row in rows], 0).astype(np.float32)
    vertices = model.pose(rest, expression, joints)
    places = model.landmarks(vertices).astype(np.float64)
    normals = model.landmarks(vertex_normals(vertices, model.faces))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    centers = np.stack([fit.views[row].camera.position_m for row in rows])
    towards = centers[:, None] - places
    cosine = (towards * normals).sum(-1) / np.linalg.norm(towards, axis=-1)
    return places, np.clip((cosine - params.min_facing) / (1 - params.min_facing), 0, 1)


def _likely_scale(model: HeadModel, cameras: Sequence[Camera], observed_px: F32, facing: F32) -> float:
    """Of the scene, at which its landmarks are as far apart as the mean head's."""
    weights = facing * base_weights() * model.landmark_weight
    source = triangulate(cameras, observed_px, weights)
    known = np.isfinite(source).all(1) & ((weights > 0).sum(0) >= MIN_VIEWS)
    target = model.landmarks(model.v_template).astype(np.float64)
    return _robust_similarity(source[known], target[known], weights[:, known].mean(0), ROBUST_SIZE_M)[0]


def triangulate(cameras: Sequence[Camera], observed_px: F32, weights: F32) -> F32:
    """[K, 3] the points seen at `observed_px` [R, K, 2] under weights [R, K]; NaN where fewer than two count.

    Rays' intersection in the least-squares sense, reweighted by the distance in pixels (Geman-McClure).
    """
    R = np.stack([camera.T_camera_world[:3, :3] for camera in cameras]).astype(np.float64)
    t = np.stack([camera.T_camera_world[:3, 3] for camera in cameras]).astype(np.float64)
    focal = np.array([camera.focal_px for camera in cameras])
    principal = np.array([camera.principal_px for camera in cameras])
    rays = np.concatenate([(observed_px - principal[:, None]) / focal[:, None, None], np.ones((*weights.shape, 1))], -1)
    direction = np.einsum("rkc,rcw->rkw", rays / np.linalg.norm(rays, axis=-1, keepdims=True), R)
    across = np.eye(3) - direction[..., :, None] * direction[..., None, :]
    center = -np.einsum("rcw,rc->rw", R, t)
    w = weights.astype(np.float64)
    points = np.full((weights.shape[1], 3), np.nan)
    for _ in range(ROUNDS):
        A = np.einsum("rk,rkij->kij", w, across)
        b = np.einsum("rk,rkij,rj->ki", w, across, center)
        solvable = np.linalg.cond(A) < 1e6
        points[solvable] = np.linalg.solve(A[solvable], b[solvable][..., None])[..., 0]
        inside = np.einsum("rcw,kw->rkc", R, points) + t[:, None]
        pixels = inside[..., :2] / inside[..., 2:] * focal[:, None, None] + principal[:, None]
        squared = np.nan_to_num(np.square(pixels - observed_px).sum(-1), nan=0.0)
        # a pixel's worth of a far ray is longer than that of a near one
        w = weights / (1 + squared / ROBUST_PX**2) ** 2 / np.maximum(np.nan_to_num(inside[..., 2], nan=1.0), 1e-6) ** 2
    return points


def _robust_similarity(source: F32, target: F32, weights: F32, robust_m: float) -> tuple[float, F32, F32]:
    """As `similarity`, with points that lie off counted less (Geman-McClure)."""
    w = weights
    for _ in range(ROUNDS):
        scale, R, t = similarity(source, target, w)
        squared = np.square(scale * source @ R.T + t - target).sum(1)
        w = weights / (1 + squared / robust_m**2) ** 2
    return scale, R, t


def _moved(T_camera_scene: F32, scale: float, R: F32, t: F32) -> F32:
    """[4, 4] the camera's pose once the scene is scaled, turned and shifted; metric, float32."""
    out = np.eye(4)
    out[:3, :3] = T_camera_scene[:3, :3] @ R.T
    out[:3, 3] = scale * T_camera_scene[:3, 3] - out[:3, :3] @ t
    return out.astype(np.float32)


def _turn_deg(a: Camera, b: Camera) -> float:
    cosine = (np.trace(a.T_camera_world[:3, :3].T @ b.T_camera_world[:3, :3]) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
