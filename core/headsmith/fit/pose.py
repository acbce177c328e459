"""A head that is known already, posed as in further photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headsmith.fit.fit import fit_head
from headsmith.fit.params import FitParams, OffsetParams
from headsmith.head_model.model import HeadModel
from headsmith.types import Frame, HeadFit, Landmarks, Mattes, Progress, ViewFit, no_progress


def pose_head(
    model: HeadModel,
    head: HeadFit,
    frames: Sequence[Frame],
    landmarks: Sequence[Landmarks],
    mattes: Sequence[Mattes],
    params: FitParams | None = None,
    progress: Progress = no_progress,
) -> tuple[ViewFit, ...]:
    """How the head of `head.identity` and `head.offsets_m`, which stays as it is, stands in each photo."""
    rest = model.rest_vertices(head.identity, head.offsets_m)
    known = replace(model, v_template=rest, shapedirs=model.shapedirs[..., :0])
    params = replace(params or FitParams(), offsets=OffsetParams(modes=0))
    return fit_head(known, frames, landmarks, mattes, params, progress).views
