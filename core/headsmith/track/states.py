"""The unknowns of a run of frames, and how a step changes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.track.columns import Columns
from headsmith.types import F32


@dataclass(frozen=True)
class States:
    """How the head stands in N frames (float64)."""

    expression: F32
    """[N, E]"""
    R: F32
    """[N, 3, 3] head space to camera space"""
    t_m: F32
    """[N, 3]"""
    joint_rotations: F32
    """[N, J, 3] axis-angle"""

    def __len__(self) -> int:
        return len(self.R)

    def rows(self, rows: slice | F32) -> States:
        """Some of the frames."""
        return States(self.expression[rows], self.R[rows], self.t_m[rows], self.joint_rotations[rows])


def step(states: States, columns: Columns, delta: F32) -> States:
    """The states after a step [N, P]; weights are kept within 0..1."""
    expression = states.expression + delta[:, : columns.expressions]
    joint_rotations = states.joint_rotations.copy()
    for column, (joint, axis) in enumerate(columns.joint_axes):
        joint_rotations[:, joint, axis] += delta[:, columns.joints.start + column]
    return States(
        np.clip(expression, 0, 1) if columns.bounded else expression,
        rotation_matrices(delta[:, columns.rotation]) @ states.R,
        states.t_m + delta[:, columns.translation],
        joint_rotations,
    )


def rotation_vectors(R: F32) -> F32:
    """Rotation matrices [..., 3, 3] to axis-angle [..., 3], for angles below half a turn."""
    from headsmith.asset.quaternions import quaternions_from_matrices

    quats = quaternions_from_matrices(R)
    quats = np.where(quats[..., :1] < 0, -quats, quats)
    sine = np.linalg.norm(quats[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quats[..., :1])
    return quats[..., 1:] * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
