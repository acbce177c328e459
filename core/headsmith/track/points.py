"""Points on one person's head as functions of a frame's unknowns, with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.skinning import joint_transforms, rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.track.columns import Columns
from headsmith.track.states import States
from headsmith.types import F32, I32

ANGLE_STEP_RAD = 1e-4


@dataclass(frozen=True)
class HeadPoints:
    """K points of a head whose identity is known (float64)."""

    base_m: F32
    """[K, 3] at rest"""
    expressions: F32
    """[K, 3, E]"""
    posedirs: F32 | None
    """[K, 3, 9 (J - 1)]"""
    skin: F32
    """[K, J]"""
    joints_m: F32
    """[J, 3]"""
    parents: I32


def points_at(model: HeadModel, rest_m: F32, triangle: I32, barycentric: F32) -> HeadPoints:
    """The points at `barycentric` [K, 3] of `triangle` [K] on the neutral head `rest_m` [V, 3]."""
    corner = model.faces[triangle]

    def gather(values: F32) -> F32:
        return np.einsum("kc,kc...->k...", barycentric.astype(np.float64), values[corner].astype(np.float64))

    posedirs = None if model.posedirs is None else gather(model.posedirs)
    joints_m = model.J_regressor.astype(np.float64) @ rest_m
    return HeadPoints(gather(rest_m), gather(model.exprdirs), posedirs, gather(model.weights), joints_m, model.parents)


def landmark_points(model: HeadModel, rest_m: F32) -> HeadPoints:
    """The 478 landmarks."""
    return points_at(model, rest_m, model.landmark_triangle, model.landmark_barycentric)


def head_points(points: HeadPoints, expression: F32, joint_rotations: F32) -> F32:
    """[K, 3] in head space."""
    moved, blend, shift = _skinned(points, expression, joint_rotations)
    return (blend @ moved[..., None])[..., 0] + shift


def camera_points(points: HeadPoints, states: States, row: int) -> F32:
    """[K, 3] in camera space, of one frame."""
    posed = head_points(points, states.expression[row], states.joint_rotations[row])
    return posed @ states.R[row].T + states.t_m[row]


def camera_points_with_derivatives(points: HeadPoints, states: States, row: int, columns: Columns) -> tuple[F32, F32]:
    """[K, 3] in camera space and [K, 3, P] derivatives by one frame's unknowns."""
    expression, turns, R = states.expression[row], states.joint_rotations[row], states.R[row]
    moved, blend, shift = _skinned(points, expression, turns)
    rotated = ((blend @ moved[..., None])[..., 0] + shift) @ R.T
    out = np.empty((len(moved), 3, columns.count))
    np.matmul(R @ blend, points.expressions, out=out[..., : columns.expressions])
    out[..., columns.rotation] = -_cross_matrices(rotated)
    out[..., columns.translation] = np.eye(3)
    for column, (joint, axis) in enumerate(columns.joint_axes):
        out[..., columns.joints.start + column] = _by_angle(points, expression, turns, (joint, axis)) @ R.T
    return rotated + states.t_m[row], out


def carried_axes(points: HeadPoints, states: States, row: int) -> F32:
    """[K, 3, 3] derivatives of points in camera space by their places at rest, of one frame."""
    _, blend, _ = _skinned(points, states.expression[row], states.joint_rotations[row])
    return states.R[row] @ blend


def project(camera_m: F32, derivatives: F32, focal_px: float) -> tuple[F32, F32]:
    """Points [K, 3] in camera space with [K, 3, P] to pixels from the principal point [K, 2] with [K, 2, P]."""
    inverse_z = 1 / camera_m[:, 2:]
    pixels = focal_px * camera_m[:, :2] * inverse_z
    scaled = (focal_px * inverse_z)[..., None]
    return pixels, scaled * derivatives[:, :2] - (pixels * inverse_z)[..., None] * derivatives[:, 2:]


def _skinned(points: HeadPoints, expression: F32, turns: F32) -> tuple[F32, F32, F32]:
    """Points before skinning [K, 3], and the blended transforms [K, 3, 3] and [K, 3] that carry them."""
    moved = points.base_m + points.expressions @ expression
    if points.posedirs is not None:
        moved = moved + points.posedirs @ (rotation_matrices(turns[1:]) - np.eye(3)).reshape(-1)
    transforms = joint_transforms(points.joints_m, points.parents, turns)
    blended = np.tensordot(points.skin, transforms[:, :3], 1)
    return moved, blended[..., :3], blended[..., 3]


def _by_angle(points: HeadPoints, expression: F32, turns: F32, joint_axis: tuple[int, int]) -> F32:
    """[K, 3] by central differences, so that pose-dependent shape is in it."""
    ends = []
    for sign in (1, -1):
        turned = turns.copy()
        turned[joint_axis] += sign * ANGLE_STEP_RAD
        ends.append(head_points(points, expression, turned))
    return (ends[0] - ends[1]) / (2 * ANGLE_STEP_RAD)


def _cross_matrices(vectors: F32) -> F32:
    """[K, 3, 3] matrices that take the cross product with each vector [K, 3] from the left."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
