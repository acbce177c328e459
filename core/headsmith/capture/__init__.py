"""Photo and video files -> Frames, and Frames -> crops around the head."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from headsmith.capture.crop import crop_frame, crop_landmarks, crop_mattes, head_box
from headsmith.capture.keyframes import expressive_frames, key_frames
from headsmith.capture.photo import load_photo, load_photos
from headsmith.errors import InputError
from headsmith.types import U8

if TYPE_CHECKING:
    from headsmith.capture.video import Clip

__all__ = [
    "crop_frame",
    "crop_landmarks",
    "crop_mattes",
    "expressive_frames",
    "head_box",
    "key_frames",
    "load_photo",
    "load_photos",
    "open_clip",
    "write_clip",
]


def open_clip(path: Path) -> Clip:
    """A video file, to be read frame by frame. Raises InputError."""
    _need_av(path)
    from headsmith.capture.video import open_clip

    return open_clip(path)


def write_clip(path: Path, frames: Iterable[U8], fps: float) -> None:
    """sRGB pictures [H, W, 3] as an MP4 file. Raises InputError where it cannot be written."""
    _need_av(path)
    from headsmith.capture.video_writer import write_clip

    write_clip(path, frames, fps)


def _need_av(path: Path) -> None:
    from importlib.util import find_spec

    if find_spec("av") is None:
        raise InputError(path, found="a video clip, and no library that reads it", expected="PyAV",
                         action="run: pip install 'headsmith[clip]'")  # fmt: skip
