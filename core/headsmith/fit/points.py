"""Points on the head's surface as functions of all unknowns, with exact derivatives.

Linear-blend skinning carries a point with several joints at once. A point is therefore kept as a sum over
(point, joint) pairs, in each of which it is linear in identity, offsets and expression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.fit.linear import Linear
from headsmith.fit.state import Layout, ViewState
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

ANGLE_STEP_RAD = 1e-4
NO_WEIGHT = 1e-6


@dataclass(frozen=True)
class HeadSpace:
    """A head model together with the directions in which its neutral head may move."""

    model: HeadModel
    directions: F32
    """[V, 3, B] identity, then offset modes"""
    joints_m: F32
    """[J, 3] of the mean head"""
    joint_directions: F32
    """[J, 3, B]"""
    layout: Layout


@dataclass(frozen=True)
class SurfacePoints:
    """K points, each a sum over the pairs of `starts[k]:starts[k + 1]`."""

    space: HeadSpace
    starts: I32
    """[K] first pair of each point; every point has at least one"""
    joint: I32
    """[Q] joint of each pair"""
    omega: F32
    """[Q] the joint's share"""
    base: F32
    """[Q, 3] the share of the mean head"""
    directions: F32
    """[Q, 3, B]"""
    expressions: F32
    """[Q, 3, E]"""
    posedirs: F32 | None
    """[Q, 3, 9 (J - 1)]"""


def head_space(model: HeadModel, modes: F32, layout: Layout) -> HeadSpace:
    """`modes` [V, 3, M] are the offset modes."""
    directions = np.concatenate([model.shapedirs, modes], 2).astype(np.float32)
    regressor = model.J_regressor.astype(np.float64)
    joint_directions = np.tensordot(regressor, directions, 1)
    return HeadSpace(model, directions, regressor @ model.v_template, joint_directions, layout)


def points_at(space: HeadSpace, triangle: I32, barycentric: F32) -> SurfacePoints:
    """The points at `barycentric` [K, 3] of `triangle` [K]."""
    model = space.model
    corner = model.faces[triangle]
    share = model.weights[corner].astype(np.float64) * barycentric[..., None]
    point, joint = np.nonzero(share.sum(1) > NO_WEIGHT)
    starts = np.searchsorted(point, np.arange(len(triangle))).astype(np.int32)
    weight, corner = share[point, :, joint], corner[point]

    def gather(values: F32) -> F32:
        return np.einsum("qc,qc...->q...", weight, values[corner].astype(np.float64), optimize=True)

    posedirs = None if model.posedirs is None else gather(model.posedirs)
    return SurfacePoints(space, starts, joint.astype(np.int32), weight.sum(1), gather(model.v_template),
                         gather(space.directions), gather(model.exprdirs), posedirs)  # fmt: skip


def rest_points(points: SurfacePoints, head: F32) -> Linear:
    """[K, 3] points of the neutral head in head space."""
    value = np.add.reduceat(points.base + points.directions @ head, points.starts)
    by_shared = np.add.reduceat(points.directions, points.starts)
    return Linear(value, by_shared, np.zeros((*value.shape, points.space.layout.per_view)))


def camera_points(points: SurfacePoints, head: F32, view: ViewState, derivatives: bool = True) -> Linear:
    """[K, 3] points in camera space, metres; without derivatives those have no columns."""
    layout, space = points.space.layout, points.space
    moved = points.base + points.directions @ head + points.expressions @ view.expression
    joints_m = space.joints_m + space.joint_directions @ head
    R_joint, t_joint = _joint_transforms(space.model, joints_m, view.joint_rotations)
    value = _skinned(points, moved, R_joint, t_joint, view.joint_rotations)
    rotated = value @ view.R.T
    if not derivatives:
        none = np.zeros((len(value), 3, 0))
        return Linear(rotated + view.t_m, none, none)

    R_pair = view.R @ R_joint[points.joint]
    t_by_shared = _joint_translation_derivative(space, view.joint_rotations)
    by_shared = R_pair @ points.directions + points.omega[:, None, None] * (view.R @ t_by_shared)[points.joint]
    by_view = np.zeros((len(value), 3, layout.per_view))
    by_view[..., : layout.expressions] = np.add.reduceat(R_pair @ points.expressions, points.starts)
    by_view[..., layout.pose][..., :3] = -_cross_matrices(rotated)
    by_view[..., layout.pose][..., 3:6] = np.eye(3)
    by_view[..., layout.joints] = _by_joint_angles(points, moved, joints_m, view)
    return Linear(rotated + view.t_m, np.add.reduceat(by_shared, points.starts), by_view)


def project(camera_space: Linear, view: ViewState, principal_px: tuple[float, float], layout: Layout) -> Linear:
    """[K, 2] pixels of points [K, 3] in camera space (pinhole), derivatives by the focal length included."""
    x, y, z = camera_space.value.T
    zero, f = np.zeros_like(z), view.focal_px
    matrix = np.stack([np.stack([f / z, zero, -f * x / z**2], 1), np.stack([zero, f / z, -f * y / z**2], 1)], 1)
    out = camera_space.transformed(matrix)
    from_center = f * np.stack([x / z, y / z], 1)
    if out.by_view.shape[-1]:
        out.by_view[..., layout.pose.stop - 1] = from_center
    return Linear(from_center + np.asarray(principal_px), out.by_shared, out.by_view)


def _joint_transforms(model: HeadModel, joints_m: F32, joint_rotations: F32) -> tuple[F32, F32]:
    """Rotations [J, 3, 3] and translations [J, 3] that carry rest-pose points (as `asset.skinning`, in float64)."""
    local = rotation_matrices(joint_rotations)
    R, t = np.zeros((len(local), 3, 3)), np.zeros((len(local), 3))
    for j, parent in enumerate(model.parents):
        R_parent, t_parent = (np.eye(3), np.zeros(3)) if parent < 0 else (R[parent], t[parent])
        R[j] = R_parent @ local[j]
        t[j] = R_parent @ (joints_m[j] - local[j] @ joints_m[j]) + t_parent
    return R, t


def _joint_translation_derivative(space: HeadSpace, joint_rotations: F32) -> F32:
    """[J, 3, B]: the joints move with the head's shape, and their transforms with them."""
    local = rotation_matrices(joint_rotations)
    R, out = np.zeros((len(local), 3, 3)), np.zeros_like(space.joint_directions)
    for j, parent in enumerate(space.model.parents):
        R_parent = np.eye(3) if parent < 0 else R[parent]
        R[j] = R_parent @ local[j]
        out[j] = R_parent @ (np.eye(3) - local[j]) @ space.joint_directions[j] + (0 if parent < 0 else out[parent])
    return out


def _skinned(points: SurfacePoints, moved: F32, R: F32, t: F32, joint_rotations: F32) -> F32:
    """[K, 3] in head space, of pairs [Q, 3]."""
    if points.posedirs is not None:
        feature = (rotation_matrices(joint_rotations[1:]) - np.eye(3)).reshape(-1)
        moved = moved + points.posedirs @ feature
    carried = (R[points.joint] @ moved[..., None])[..., 0] + points.omega[:, None] * t[points.joint]
    return np.add.reduceat(carried, points.starts)


def _by_joint_angles(points: SurfacePoints, moved: F32, joints_m: F32, view: ViewState) -> F32:
    """[K, 3, axes] by central differences: few columns, and pose-dependent shape comes for free."""
    columns = []
    for joint, axis in points.space.layout.joint_axes:
        ends = []
        for sign in (1, -1):
            rotations = view.joint_rotations.copy()
            rotations[joint, axis] += sign * ANGLE_STEP_RAD
            R, t = _joint_transforms(points.space.model, joints_m, rotations)
            ends.append(_skinned(points, moved, R, t, rotations))
        columns.append((ends[0] - ends[1]) / (2 * ANGLE_STEP_RAD) @ view.R.T)
    return np.stack(columns, -1)


def _cross_matrices(vectors: F32) -> F32:
    """[K, 3, 3] matrices that take the cross product with each vector [K, 3] from the left."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
