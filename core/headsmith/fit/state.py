"""The unknowns of the fit, and how a step changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.expression_prior import has_arkit_basis
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

POSE_COLUMNS = 7
"""rotation (3), translation (3), logarithm of the focal length"""


@dataclass(frozen=True)
class ViewState:
    """Pose, focal length and expression in one photo (float64)."""

    expression: F32
    """[E]"""
    R: F32
    """[3, 3] head space to camera space"""
    t_m: F32
    """[3]"""
    focal_px: float
    joint_rotations: F32
    """[J, 3] axis-angle"""


@dataclass(frozen=True)
class FitState:
    head: F32
    """[B] identity, then offset modes, all in standard deviations"""
    views: tuple[ViewState, ...]


@dataclass(frozen=True)
class Layout:
    """Which columns of the normal equations mean what, and what they may hold."""

    identity: int
    modes: int
    expressions: int
    joint_axes: tuple[tuple[int, int], ...]
    """(joint, axis) of the rotations that are free"""
    bounded: bool
    """True where expressions are ARKit weights, 0..1"""

    @property
    def shared(self) -> int:
        return self.identity + self.modes

    @property
    def per_view(self) -> int:
        return self.expressions + POSE_COLUMNS + len(self.joint_axes)

    @property
    def pose(self) -> slice:
        return slice(self.expressions, self.expressions + POSE_COLUMNS)

    @property
    def joints(self) -> slice:
        return slice(self.expressions + POSE_COLUMNS, self.per_view)


def layout_of(model: HeadModel, modes: int) -> Layout:
    """Eyes turn about x and y; the jaw, if there is one, where no blendshape opens it; the neck follows the head."""
    bounded = has_arkit_basis(model)
    free = {"left_eye": (0, 1), "right_eye": (0, 1)} | ({} if bounded else {"jaw": (0, 1, 2)})
    axes = [(joint, axis) for joint, name in enumerate(model.joint_names) for axis in free.get(name, ())]
    return Layout(model.shapedirs.shape[2], modes, model.exprdirs.shape[2], tuple(axes), bounded)


def step(state: FitState, layout: Layout, columns: Sequence[I32], delta: F32) -> FitState:
    """The state after a step `delta`, of which every view takes its `columns` [P]; weights are kept within 0..1."""
    views = [_step_view(view, layout, delta[own]) for view, own in zip(state.views, columns, strict=True)]
    return FitState(state.head + delta[: layout.shared], tuple(views))


def _step_view(view: ViewState, layout: Layout, delta: F32) -> ViewState:
    pose = delta[layout.pose]
    expression = view.expression + delta[: layout.expressions]
    joint_rotations = view.joint_rotations.copy()
    for (joint, axis), angle in zip(layout.joint_axes, delta[layout.joints], strict=True):
        joint_rotations[joint, axis] += angle
    return replace(
        view,
        expression=np.clip(expression, 0, 1) if layout.bounded else expression,
        R=rotation_matrices(pose[:3]) @ view.R,
        t_m=view.t_m + pose[3:6],
        focal_px=view.focal_px * float(np.exp(np.clip(pose[6], -0.3, 0.3))),
        joint_rotations=joint_rotations,
    )
