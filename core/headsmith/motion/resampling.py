"""Motions at other frame rates, and on an avatar's own names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Motion
from headsmith.asset.quaternions import normalized
from headsmith.errors import InputError
from headsmith.types import F32

MAX_FRAMES = 500_000
"""over two hours at 60 frames a second: more is a damaged file, and would fill the memory"""
_PARALLEL = 0.9999995
"""cosine of half an angle below which two rotations are blended on the straight line"""


def resample(motion: Motion, fps: float) -> Motion:
    """The motion at `fps` frames a second, linear in weights and at constant angular speed between rotations.

    It starts with the same frame and never runs past the last one. Raises InputError for a rate that makes no sense.
    """
    if not 1e-3 <= fps <= 1e6:
        raise InputError("the frame rate", found=f"{fps:g}", expected="0.001 to 1000000", action="give another")
    if fps == motion.fps or not len(motion.weights):
        return replace(motion, fps=float(fps))
    frames = int((len(motion.weights) - 1) * fps / motion.fps + 1e-6) + 1
    if frames > MAX_FRAMES:
        raise InputError("the frame rate", found=f"{fps:g}, which makes {frames} frames",
                         expected=f"at most {MAX_FRAMES} frames", action="give a lower one")  # fmt: skip
    positions = np.arange(frames) * (motion.fps / fps)
    return replace(
        motion,
        fps=float(fps),
        weights=at_positions(motion.weights, positions),
        joint_rotations_wxyz=turns_at_positions(motion.joint_rotations_wxyz, positions),
        head_translation_m=at_positions(motion.head_translation_m, positions),
    )


def at_positions(values: F32, positions: F32) -> F32:
    """`values` [T, ...] at fractional rows `positions` [N], linear in between, as float32 [N, ...]."""
    before, after, fraction = _rows(len(values), positions)
    share = fraction.reshape(-1, *[1] * (values.ndim - 1))
    return (values[before] * (1 - share) + values[after] * share).astype(np.float32)


def turns_at_positions(quats_wxyz: F32, positions: F32) -> F32:
    """Unit `quats_wxyz` [T, J, 4] at fractional rows `positions` [N], along the shorter arc, as float32 [N, J, 4]."""
    before, after, fraction = _rows(len(quats_wxyz), positions)
    a, b = quats_wxyz[before].astype(np.float64), quats_wxyz[after].astype(np.float64)
    cosine = (a * b).sum(-1, keepdims=True)
    b, cosine = np.where(cosine < 0, -b, b), np.minimum(np.abs(cosine), 1.0)
    share = fraction[:, None, None]
    angle = np.arccos(cosine)
    sine = np.maximum(np.sin(angle), 1e-9)
    far = (a * np.sin((1 - share) * angle) + b * np.sin(share * angle)) / sine
    near = a * (1 - share) + b * share
    return normalized(np.where(cosine > _PARALLEL, near, far)).astype(np.float32)


def _rows(count: int, positions: F32) -> tuple[NDArray[np.intp], NDArray[np.intp], F32]:
    """The rows before and after each position, and how far it is between them."""
    inside = np.clip(positions, 0, count - 1)
    before = np.floor(inside).astype(np.intp)
    return before, np.minimum(before + 1, count - 1), inside - before


def to_avatar(
    motion: Motion, blendshape_names: Sequence[str], joint_names: Sequence[str]
) -> tuple[Motion, tuple[str, ...]]:
    """The part of `motion` that an avatar of these names can play, under the avatar's spelling.

    Names match whatever their case and underscores. Also returns a warning for each name that the avatar does not
    have. Values stay as they are, also outside 0..1.
    """
    shapes, lost_shapes = _matched(motion.blendshape_names, blendshape_names, "blendshape")
    joints, lost_joints = _matched(motion.joint_names, joint_names, "joint")
    fitted = replace(
        motion,
        blendshape_names=tuple(shapes),
        weights=motion.weights[:, list(shapes.values())],
        joint_names=tuple(joints),
        joint_rotations_wxyz=motion.joint_rotations_wxyz[:, list(joints.values())],
    )
    return fitted, (*lost_shapes, *lost_joints)


def _matched(given: Sequence[str], wanted: Sequence[str], kind: str) -> tuple[dict[str, int], list[str]]:
    """Avatar's name -> row of the motion's, and a sentence for each that has no counterpart."""
    by_plain = {_plain(name): name for name in wanted}
    rows: dict[str, int] = {}
    lost = []
    for row, name in enumerate(given):
        known = by_plain.get(_plain(name))
        if known is None or known in rows:
            reason = "is not in this avatar" if known is None else f"comes twice, as another spelling of '{known}'"
            lost.append(f"{kind} '{name}' {reason} and was left out")
        else:
            rows[known] = row
    return rows, lost


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
