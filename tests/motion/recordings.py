"""Live Link Face recordings, written as the app writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from headsmith.asset import ARKIT_52

ANGLES = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
SHAPES = tuple(name[0].upper() + name[1:] for name in ARKIT_52)
HEADER = ",".join(("Timecode", "BlendShapeCount", *SHAPES, *ANGLES))


@dataclass(frozen=True)
class Take:
    """What is recorded, and by which clock."""

    frames: tuple[int, ...]
    """the rows that there are, counted at `fps`"""
    fps: float = 60.0
    frames_a_second: int = 60
    """of the timecode"""
    start_s: float = 14 * 3600 + 58 * 60 + 2
    values: Mapping[str, Iterable[float]] = field(default_factory=dict)
    """column -> a value per row; the others are 0"""
    lost: frozenset[int] = frozenset()
    """rows in which the app sees no face"""


def timecode(seconds: float, frames_a_second: int) -> str:
    """HH:MM:SS:FF.mmm."""
    thousandths = round(seconds * frames_a_second * 1000)
    whole, rest = divmod(thousandths, frames_a_second * 1000)
    clock = f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{clock}:{rest // 1000:02d}.{rest % 1000:03d}"


def csv_of(take: Take) -> str:
    columns = {name: list(take.values.get(name, np.zeros(len(take.frames)))) for name in (*SHAPES, *ANGLES)}
    lines = [HEADER]
    for row, frame in enumerate(take.frames):
        clock = timecode(take.start_s + frame / take.fps, take.frames_a_second)
        if row in take.lost:
            lines.append(f"{clock},0")
        else:
            lines.append(",".join([clock, "61", *(f"{column[row]:.10f}" for column in columns.values())]))
    return "\n".join(lines) + "\n"
