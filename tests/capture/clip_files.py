"""Small video files of every kind, written by FFmpeg itself, and pictures that tell which frame they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
SIZE = (160, 112)


@dataclass(frozen=True)
class Coding:
    """How to write a clip."""

    encoder: str = "mpeg4"
    pixels: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"g": "12", "bf": "0", "qscale": "2"})
    ticks: Sequence[int] | None = None
    """when each frame is shown, in thirtieths of a second"""
    turn_deg: int | None = None
    aspect: Fraction | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)


def pictures(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """The portrait, not square, with a white bar whose place tells the number of the frame."""
    base = np.array(Image.open(PORTRAIT).convert("RGB").resize(size, box=(100, 0, 400, 210)))
    frames = []
    for number in range(count):
        frame = base.copy()
        left = 4 + number * 3
        frame[-16:] = 0
        frame[-16:, left : left + 3] = 255
        frames.append(frame)
    return frames


def number_of(image: np.ndarray) -> int:
    """The frame's number by its bar."""
    # coding leaves a haze around the bar
    line = np.maximum(image[-12:-4].astype(float).mean((0, 2)) - 80, 0)
    return round((float((line * (np.arange(len(line)) + 0.5)).sum() / line.sum()) - 5.5) / 3)


def write(path: Path, frames: Sequence[np.ndarray], coding: Coding) -> Path:
    with av.open(str(path), "w", options=coding.container) as container:
        container.metadata.update(coding.metadata)
        stream = container.add_stream(coding.encoder, rate=30, options=coding.options)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], coding.pixels
        stream.codec_context.time_base = Fraction(1, 30)
        if coding.aspect is not None:
            stream.codec_context.sample_aspect_ratio = coding.aspect
        if coding.turn_deg is not None:
            stream.set_display_rotation(coding.turn_deg)
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=coding.pixels)
            frame.pts = coding.ticks[number] if coding.ticks is not None else number
            frame.time_base = Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
