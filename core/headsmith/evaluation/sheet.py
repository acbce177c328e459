"""Pictures of a comparison: frame, forms and their differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

from headsmith.evaluation.clip import Compared, Evaluation
from headsmith.evaluation.regions import HEAD
from headsmith.types import F32, U8

WHITE_AT = 0.25
"""difference of sRGB values, mean over the channels, that is drawn as white"""
# black, blue, red, yellow, white
HEAT = np.array([[0, 0, 0], [40, 40, 160], [220, 50, 30], [250, 200, 40], [255, 255, 255]], np.float32)
SIDE_PX = 320
SHEET_FRAMES = 6


def heat(difference: F32) -> U8:
    """[H, W, 3] colours of differences [H, W] 0..1: black where equal, white at `WHITE_AT` and beyond."""
    place = np.clip(difference / WHITE_AT, 0, 1) * (len(HEAT) - 1)
    low = np.minimum(place.astype(int), len(HEAT) - 2)
    share = (place - low)[..., None]
    return (HEAT[low] * (1 - share) + HEAT[low + 1] * share + 0.5).astype(np.uint8)


def video_frames(evaluation: Evaluation) -> Iterator[U8]:
    """Of every frame one picture, all of one size: the frame and the forms above, the errors on the head below."""
    for frame in evaluation.frames:
        yield _labelled(_columns(frame), ["frame", *frame.shown], frame)


def sheet(evaluation: Evaluation) -> U8:
    """[H, W, 3] some frames of the video, one above the other."""
    rows = np.unique(np.linspace(0, len(evaluation.frames) - 1, SHEET_FRAMES).round().astype(int))
    chosen = [evaluation.frames[row] for row in rows]
    return np.concatenate([_labelled(_columns(frame), ["frame", *frame.shown], frame) for frame in chosen])


def _columns(frame: Compared) -> Sequence[U8]:
    picture = frame.picture.astype(np.float32) / 255
    columns = [np.concatenate([_fitted(frame.picture), np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)])]
    for shown in frame.shown.values():
        apart = np.abs(shown.astype(np.float32) / 255 - picture).mean(-1) * frame.masks[HEAD]
        columns.append(np.concatenate([_fitted(shown), _fitted(heat(apart))]))
    return columns


def _fitted(picture: U8) -> U8:
    """A picture in a square of `SIDE_PX`, in the middle on black."""
    height, width = picture.shape[:2]
    scale = SIDE_PX / max(height, width)
    small = Image.fromarray(picture).resize((max(1, round(width * scale)), max(1, round(height * scale))))
    out = Image.new("RGB", (SIDE_PX, SIDE_PX))
    out.paste(small, ((SIDE_PX - small.width) // 2, (SIDE_PX - small.height) // 2))
    return np.array(out)


def _labelled(columns: Sequence[U8], names: Sequence[str], frame: Compared) -> U8:
    image = Image.fromarray(np.concatenate(columns, 1))
    draw = ImageDraw.Draw(image)
    for i, name in enumerate(names):
        draw.text((i * SIDE_PX + 6, 4), name, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
        if name in frame.scores:
            text = f"{frame.scores[name][HEAD].psnr_db:.1f} dB"
            draw.text((i * SIDE_PX + 6, SIDE_PX + 4), text, fill=(255, 255, 255))
    draw.text((6, SIDE_PX + 4), f"{frame.timestamp_s:.2f} s", fill=(255, 255, 255))
    return np.array(image)
