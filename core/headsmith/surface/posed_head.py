"""A head in one pose, as a linear function of its neutral vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import joint_transforms, rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32, HeadFit

_ROUNDS = 6


@dataclass(frozen=True)
class Pose:
    expression: F32
    """[E]"""
    joint_rotations: F32
    """[J, 3]"""


def mean_pose(fit: HeadFit) -> Pose:
    """The mean over the views: what a surface seen by all of them shows."""
    expression = np.mean([view.expression for view in fit.views], axis=0)
    return Pose(expression, np.mean([view.joint_rotations for view in fit.views], axis=0))


def free_expression(model: HeadModel, fit: HeadFit) -> I32:
    """[K] the blendshapes that a still face may hold: all but the eyes', which look about while the face is still.

    None where the views differ in expression, or the model's coefficients are no ARKit weights.
    """
    if tuple(model.expression_names) != ARKIT_52:
        return np.zeros(0, np.int32)
    rows = [k for k, name in enumerate(model.expression_names) if not name.startswith("eye")]
    held = np.stack([view.expression[rows] for view in fit.views])
    return np.array(rows if np.ptp(held, axis=0).max() < _STILL else [], np.int32)


_STILL = 1e-3


def skinning_matrices(model: HeadModel, rest_m: F32, pose: Pose) -> tuple[F32, F32]:
    """[V, 3, 3] and [V, 3] that take neutral vertices with their expression to posed ones."""
    transforms = joint_transforms(model.joints(rest_m), model.parents, pose.joint_rotations.astype(np.float32))
    blended = np.tensordot(model.weights, transforms[:, :3], 1).astype(np.float64)
    return blended[..., :3], blended[..., 3]


def added_by_pose(model: HeadModel, pose: Pose) -> F32:
    """[V, 3] what expression and pose add to neutral vertices before skinning."""
    added = model.exprdirs[..., : len(pose.expression)] @ pose.expression.astype(np.float32)
    if model.posedirs is not None:
        turned = rotation_matrices(pose.joint_rotations[1:].astype(np.float32)) - np.eye(3, dtype=np.float32)
        added = added + model.posedirs @ turned.reshape(-1)
    return added


def rest_of(model: HeadModel, posed_m: F32, start_rest_m: F32, pose: Pose) -> F32:
    """[V, 3] the neutral vertices that `pose` takes to `posed_m` [V, 3]; joints move with them, so it takes rounds."""
    rest, added = start_rest_m, added_by_pose(model, pose)
    for _ in range(_ROUNDS):
        R, t = skinning_matrices(model, rest, pose)
        rest = (np.linalg.solve(R, (posed_m - t)[..., None])[..., 0] - added).astype(np.float32)
    return rest
