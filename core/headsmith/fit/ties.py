"""Which photos share a focal length and an expression: frames of one clip come from one camera, of one still face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.fit.evidence import Evidence
from headsmith.fit.params import FitParams
from headsmith.fit.state import Layout
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32, Bool

MOVES_WITH_THE_GAZE = ("eyeBlink", "eyeLook")
"""nobody keeps these still while the head turns"""


@dataclass(frozen=True)
class Ties:
    """Where the parameters of every view lie among the unknowns; tied ones lie at the same place."""

    columns: tuple[I32, ...]
    """per view [P]"""
    sharing: tuple[F32, ...]
    """per view [P] how many views have this parameter in common"""
    size: int
    """of the unknowns altogether"""


def tie_views(model: HeadModel, layout: Layout, clips: Sequence[str], params: FitParams) -> Ties:
    """`clips` names, view by view, the file that it comes from; only views of one file are tied."""
    tied = _tied(model, layout, params)
    columns: list[I32] = []
    first_of: dict[str, I32] = {}
    size = layout.shared
    for clip in clips:
        own = np.full(layout.per_view, -1, np.int32)
        if clip in first_of:
            own[tied] = first_of[clip][tied]
        fresh = own < 0
        own[fresh] = size + np.arange(fresh.sum())
        size += int(fresh.sum())
        first_of.setdefault(clip, own)
        columns.append(own)
    count = np.bincount(np.concatenate(columns), minlength=size).astype(np.float64)
    return Ties(tuple(columns), tuple(count[own] for own in columns), size)


def _tied(model: HeadModel, layout: Layout, params: FitParams) -> Bool:
    """[P] True for the parameters that views of one clip have in common."""
    out = np.zeros(layout.per_view, bool)
    out[layout.pose.stop - 1] = params.one_camera
    if params.still:
        names = model.expression_names[: layout.expressions]
        out[: layout.expressions] = [not name.startswith(MOVES_WITH_THE_GAZE) for name in names]
        out[layout.joints] = [model.joint_names[joint] == "jaw" for joint, _ in layout.joint_axes]
    return out


def with_common_means(evidence: Sequence[Evidence], ties: Ties, layout: Layout) -> tuple[Evidence, ...]:
    """The evidence with the median of the expected expressions wherever the expression is tied."""
    expected: dict[int, list[float]] = {}
    for one, columns in zip(evidence, ties.columns, strict=True):
        for column, value in zip(columns[: layout.expressions], one.expression_mean, strict=True):
            expected.setdefault(int(column), []).append(float(value))
    return tuple(
        replace(one, expression_mean=np.array([np.median(expected[int(c)]) for c in columns[: layout.expressions]]))
        for one, columns in zip(evidence, ties.columns, strict=True)
    )
