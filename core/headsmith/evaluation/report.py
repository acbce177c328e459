"""The frames that a build held out, for its report."""

from __future__ import annotations

import math

from headsmith.asset import Avatar
from headsmith.evaluation.clip import ClipParams, NoFace, compare_followed
from headsmith.evaluation.results import Evaluation
from headsmith.evaluation.sheet import Gallery
from headsmith.evaluation.table import COLUMNS, caption, rows_of
from headsmith.head_model.model import HeadModel
from headsmith.pipeline.clips import Followed
from headsmith.types import U8, Progress, no_progress

FRAMES, LIGHT_FRAMES = 16, 4
SIDE_PX, SHEET_FRAMES = 224, 4


Table = tuple[tuple[str, ...], ...]


def held_out_section(
    avatar: Avatar, model: HeadModel, followed: Followed, progress: Progress = no_progress
) -> tuple[dict[str, U8], dict[str, float], dict[str, Table]]:
    """What report.html says of the end of Clip-B, which the build did not learn from, by the track that it has already.

    The sheet of errors by caption, the metrics by name (held_out_FORM_REGION_MEASURE), and the table by title; all
    empty where the face is not seen uncovered there.
    """
    try:
        comparison = compare_followed(avatar, model, followed, ClipParams(frames=FRAMES, light_frames=LIGHT_FRAMES))
    except NoFace:
        return {}, {}, {}
    gallery = Gallery(comparison, SIDE_PX, SHEET_FRAMES)
    for _ in gallery.panels(progress):
        pass
    evaluation = gallery.evaluation()
    title = f"Held out: {caption(evaluation)}"
    table = (("region", "form", *COLUMNS.values()), *rows_of(evaluation))
    return {f"{title}; errors below": gallery.sheet()}, held_out_metrics(evaluation), {title: table}


def held_out_metrics(evaluation: Evaluation) -> dict[str, float]:
    """By name; what was not seen or not measured is left out."""
    metrics = {f"held_out_{form.replace(' ', '_')}_{region}_{measure}": value
               for form, by_region in evaluation.table().items()
               for region, row in by_region.items()
               for measure, value in row.items() if math.isfinite(value)}  # fmt: skip
    return metrics | {f"held_out_{form.replace(' ', '_')}_identity": value
                      for form, value in evaluation.identity().items()}  # fmt: skip
