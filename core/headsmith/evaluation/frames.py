"""Frame by frame: what the forms look like there, and how like the frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headsmith.evaluation.clip import Comparison, pose_in
from headsmith.evaluation.forms import Forms, Look, Shown
from headsmith.evaluation.regions import regions
from headsmith.evaluation.results import Evaluation, FrameScores
from headsmith.evaluation.scores import scores_of
from headsmith.metrics.identity import identity_similarity
from headsmith.pipeline.clips import close_ups
from headsmith.preview import to_uint8
from headsmith.types import U8, Bool, Pictures, Progress, no_progress


@dataclass(frozen=True)
class Compared:
    """One frame with its pictures."""

    result: FrameScores
    picture: U8
    """[H, W, 3] the close-up"""
    shown: dict[str, U8]
    """by form, in the place of the frame's head"""
    masks: dict[str, Bool]
    """[H, W] by region"""


def compared_frames(comparison: Comparison, progress: Progress = no_progress) -> Iterator[Compared]:
    """One after the other, so that their pictures need not be kept."""
    forms, followed, rows = Forms(comparison.avatar), comparison.followed, comparison.rows
    track = followed.track
    for done, (row, close_up) in enumerate(
        zip(rows, close_ups(followed.watched, rows, comparison.longest_px), strict=True)
    ):
        camera, pose = pose_in(comparison.avatar, track, row, close_up)
        shown = forms.shown(Look(camera, pose, comparison.light.at(camera)))
        number = int(track.index[row])
        yield _compared(close_up, shown, number, float(track.info.timestamps_s[number]))
        progress((done + 1) / len(rows))


def evaluated(comparison: Comparison, frames: list[FrameScores]) -> Evaluation:
    """The figures of a comparison whose frames have been compared."""
    return Evaluation(comparison.followed.track.info.source, comparison.first_s, comparison.held_out,
                      comparison.skipped, tuple(frames))  # fmt: skip


def _compared(close_up: Pictures, shown: dict[str, Shown], number: int, timestamp_s: float) -> Compared:
    frame, mattes = close_up.frames[0].image, close_up.mattes[0]
    picture = frame.astype(np.float32) / 255
    # the frame without its head: where a form leaves a hole, the frame's own pixels must not fill it
    behind = picture * (1 - mattes.head[..., None])
    pictures = {form: one.over(behind) for form, one in shown.items()}
    masks = regions(close_up.landmarks[0], mattes)
    drawn = {form: to_uint8(over) for form, over in pictures.items()}
    scores, identity = scores_of(pictures, picture, masks), _identity(close_up, drawn)
    return Compared(FrameScores(number, timestamp_s, scores, identity), frame, drawn, masks)


def _identity(close_up: Pictures, drawn: dict[str, U8]) -> dict[str, float]:
    """The forms stand where the face stands, so that its landmarks are theirs."""
    frame, points = close_up.frames[0].image, close_up.landmarks[0].points_px
    values = {form: identity_similarity(frame, points, picture, points) for form, picture in drawn.items()}
    return {form: value for form, value in values.items() if value is not None}
