"""Pictures of a comparison: frame, forms and their differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from headsmith.evaluation.clip import Comparison
from headsmith.evaluation.frames import Compared, compared_frames, evaluated
from headsmith.evaluation.regions import HEAD
from headsmith.evaluation.results import Evaluation, FrameScores
from headsmith.types import F32, U8, Progress, no_progress

WHITE_AT = 0.25
"""difference of sRGB values, mean over the channels, that is drawn as white"""
# black, blue, red, yellow, white
HEAT = np.array([[0, 0, 0], [40, 40, 160], [220, 50, 30], [250, 200, 40], [255, 255, 255]], np.float32)
SIDE_PX = 320
SHEET_FRAMES = 6


class Gallery:
    """Walks through a comparison once; keeps the figures of all frames and the pictures of a few."""

    def __init__(self, comparison: Comparison, side_px: int = SIDE_PX, kept: int = SHEET_FRAMES) -> None:
        self._comparison, self._side_px = comparison, side_px
        last = len(comparison.rows) - 1
        self._chosen = set(np.linspace(0, last, min(kept, last + 1)).round().astype(int).tolist())
        self._results: list[FrameScores] = []
        self._kept: list[U8] = []

    def panels(self, progress: Progress = no_progress) -> Iterator[U8]:
        """Of every frame one picture, all of one size: the frame and the forms above, the errors below."""
        for number, frame in enumerate(compared_frames(self._comparison, progress)):
            picture = panel(frame, self._side_px)
            self._results.append(frame.result)
            if number in self._chosen:
                self._kept.append(picture)
            yield picture

    def evaluation(self) -> Evaluation:
        """After the walk."""
        return evaluated(self._comparison, self._results)

    def sheet(self) -> U8:
        """[H, W, 3] after the walk: some of the panels, one above the other."""
        return np.concatenate(self._kept)


def heat(difference: F32) -> U8:
    """[H, W, 3] colours of differences [H, W] 0..1: black where equal, white at `WHITE_AT` and beyond."""
    place = np.clip(difference / WHITE_AT, 0, 1) * (len(HEAT) - 1)
    low = np.minimum(place.astype(int), len(HEAT) - 2)
    share = (place - low)[..., None]
    return (HEAT[low] * (1 - share) + HEAT[low + 1] * share + 0.5).astype(np.uint8)


def panel(frame: Compared, side_px: int = SIDE_PX) -> U8:
    """[2 side, (1 + forms) side, 3] the frame and the forms above, the errors on the head below."""
    picture = frame.picture.astype(np.float32) / 255
    columns = [np.concatenate([_fitted(frame.picture, side_px), np.zeros((side_px, side_px, 3), np.uint8)])]
    for shown in frame.shown.values():
        apart = np.abs(shown.astype(np.float32) / 255 - picture).mean(-1) * frame.masks[HEAD]
        columns.append(np.concatenate([_fitted(shown, side_px), _fitted(heat(apart), side_px)]))
    return _labelled(np.concatenate(columns, 1), frame, side_px)


def _fitted(picture: U8, side_px: int) -> U8:
    """A picture in a square, in the middle on black."""
    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    small = Image.fromarray(picture).resize((max(1, round(width * scale)), max(1, round(height * scale))))
    out = Image.new("RGB", (side_px, side_px))
    out.paste(small, ((side_px - small.width) // 2, (side_px - small.height) // 2))
    return np.array(out)


def _labelled(picture: U8, frame: Compared, side_px: int) -> U8:
    """With the names of the forms, and below each what it scores on the head."""
    image, scores = Image.fromarray(picture), frame.result.scores
    draw = ImageDraw.Draw(image)
    below = [f"{frame.result.timestamp_s:.2f} s", *(f"{scores[form][HEAD].psnr_db:.1f} dB" for form in frame.shown)]
    for column, texts in enumerate(zip(("frame", *frame.shown), below, strict=True)):
        for row, text in enumerate(texts):
            draw.text((column * side_px + 6, row * side_px + 4), text, fill=(255, 255, 255), stroke_width=1,
                      stroke_fill=(0, 0, 0))  # fmt: skip
    return np.array(image)
