"""Which unknowns a frame has, and in which order they stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.expression_prior import has_arkit_basis
from headsmith.head_model.model import HeadModel
from headsmith.track.params import SmoothParams, TrackParams
from headsmith.types import F32

LIDS = ("eyeBlink", "eyeWide", "eyeSquint")
POSE = 6
"""rotation (3), translation (3)"""


@dataclass(frozen=True)
class Columns:
    """Expression, then the head's rotation and translation, then the joints that turn within it."""

    expressions: int
    joint_axes: tuple[tuple[int, int], ...]
    """(joint, axis) of the free rotations"""
    bounded: bool
    """True where expressions are ARKit weights, 0..1"""

    @property
    def count(self) -> int:
        return self.expressions + POSE + len(self.joint_axes)

    @property
    def rotation(self) -> slice:
        return slice(self.expressions, self.expressions + 3)

    @property
    def translation(self) -> slice:
        return slice(self.expressions + 3, self.expressions + POSE)

    @property
    def joints(self) -> slice:
        return slice(self.expressions + POSE, self.count)


def columns_of(model: HeadModel) -> Columns:
    """Joints move where no blendshape turns the eyes and opens the jaw. The neck is told from the head afterwards."""
    bounded = has_arkit_basis(model)
    free = {} if bounded else {"left_eye": (0, 1), "right_eye": (0, 1), "jaw": (0, 1, 2)}
    axes = [(joint, axis) for joint, name in enumerate(model.joint_names) for axis in free.get(name, ())]
    return Columns(model.exprdirs.shape[2], tuple(axes), bounded)


def prior_std(model: HeadModel, columns: Columns, params: TrackParams) -> F32:
    """[P] how far each unknown may be from its mean; infinite for the pose."""
    out = np.full(columns.count, np.inf)
    out[: columns.expressions] = params.score_std if columns.bounded else params.coefficient_std
    if columns.bounded:
        lids = [name.startswith(LIDS) for name in model.expression_names]
        out[: columns.expressions][lids] = params.lid_score_std
    is_eye = [model.joint_names[joint].endswith("_eye") for joint, _ in columns.joint_axes]
    out[columns.joints] = np.where(is_eye, params.eye_std_rad, params.jaw_std_rad)
    return out


def change_std(columns: Columns, smooth: SmoothParams) -> F32:
    """[P] standard deviations of the second differences."""
    out = np.full(columns.count, smooth.weight if columns.bounded else smooth.coefficient)
    out[columns.rotation], out[columns.translation] = smooth.rotation_rad, smooth.translation_m
    out[columns.joints] = smooth.joint_rad
    return out
