"""Where the head stands in the surface's space and which identity it has, by damped least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.surface.posed_head import Pose, skinning_matrices
from headsmith.types import F32, I32


@dataclass(frozen=True)
class Standing:
    """A head of `identity` plus offsets, posed, and moved into the surface's space."""

    identity: F32
    """[S]"""
    pose: Pose
    R: F32
    """[3, 3] head space to the surface's"""
    t_m: F32
    """[3]"""


@dataclass(frozen=True)
class ExpressionPrior:
    """Which blendshape weights may move, and how far from rest."""

    free: I32
    """[K] columns of `HeadModel.exprdirs`; none where the fit's expression is to stay"""
    std: float


@dataclass(frozen=True)
class Pull:
    """Where points of the head ought to be; Q points, each a weighted sum of three vertices."""

    corners: I32
    """[Q, 3] vertices"""
    barycentric: F32
    """[Q, 3]"""
    targets_m: F32
    """[Q, 3]"""
    stiffness: F32
    """[Q, 3, 3] square roots of the inverse covariances, 1 / metres"""


def placed(standing: Standing, posed_m: F32) -> F32:
    """[V, 3] posed vertices in the surface's space."""
    return posed_m @ standing.R.T + standing.t_m


def posed_head(model: HeadModel, standing: Standing, offsets_m: F32 | None = None) -> F32:
    """[V, 3] in head space."""
    rest = model.rest_vertices(standing.identity.astype(np.float32), offsets_m)
    return model.pose(rest, standing.pose.expression, standing.pose.joint_rotations)


def step_towards(model: HeadModel, standing: Standing, pulls: tuple[Pull, ...], prior: ExpressionPrior) -> Standing:
    """One Gauss-Newton step for identity, expression, rotation and translation.

    Identity has its normal prior, expression one around rest, cut off at 0 and 1. The joints are taken to stay while
    the identity moves them: a pose near rest turns little around them.
    """
    pose, count, free = standing.pose, len(standing.identity), prior.free
    rest = model.rest_vertices(standing.identity.astype(np.float32))
    posed = model.pose(rest, pose.expression, pose.joint_rotations).astype(np.float64)
    skinning = standing.R @ skinning_matrices(model, rest, pose)[0]
    shapes = np.concatenate([model.shapedirs[..., :count], model.exprdirs[..., free]], 2)
    priors = np.concatenate([np.ones(count), np.full(len(free), prior.std**-2), np.full(6, 1e-9)])
    state = np.concatenate([standing.identity, pose.expression[free], np.zeros(6)])
    hessian, gradient = np.diag(priors), priors * state
    for pull in pulls:
        moved = np.einsum("qc,qci->qi", pull.barycentric, posed[pull.corners]) @ standing.R.T
        by_shape = np.einsum("qc,qcij,qcjs->qis", pull.barycentric, skinning[pull.corners], shapes[pull.corners],
                             optimize=True)  # fmt: skip
        by_turn = -_cross_matrices(moved)
        J = pull.stiffness @ np.concatenate([by_shape, by_turn, np.broadcast_to(np.eye(3), by_turn.shape)], 2)
        r = pull.stiffness @ (moved + standing.t_m - pull.targets_m)[..., None]
        J = J.reshape(-1, len(state))
        hessian += J.T @ J
        gradient += J.T @ r.reshape(-1)
    delta = -np.linalg.solve(hessian, gradient)
    expression = np.array(pose.expression, np.float32)
    expression[free] = np.clip(expression[free] + delta[count : count + len(free)], 0, 1)
    turn, shift = delta[-6:-3], delta[-3:]
    return Standing(standing.identity + delta[:count], replace(pose, expression=expression),
                    rotation_matrices(turn[None])[0] @ standing.R, standing.t_m + shift)  # fmt: skip


def rigid_between(source_m: F32, target_m: F32, weight: F32) -> tuple[F32, F32]:
    """Rotation [3, 3] and translation [3] that take points [Q, 3] nearest to others (Umeyama 1991, without scale)."""
    share = weight / weight.sum()
    a, b = share @ source_m, share @ target_m
    U, _, Vt = np.linalg.svd(((target_m - b) * share[:, None]).T @ (source_m - a))
    R = U @ np.diag([1.0, 1.0, np.sign(np.linalg.det(U @ Vt))]) @ Vt
    return R, b - R @ a


def _cross_matrices(vectors: F32) -> F32:
    """[Q, 3, 3] matrices that take the cross product with each vector [Q, 3] from the left."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
