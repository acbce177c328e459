"""Timecodes HH:MM:SS:FF.mmm to seconds, and the frame rate that they imply.

FF counts frames within the second and mmm is a fraction of a frame in thousandths: in recordings of Epic's app, rows
of one second read 44.643, 45.645, 46.646 and so on, steps of 1.0016 frames, and go over to the next second at 60.
How many frames a second of the timecode has is written nowhere in the file; it follows from where FF wraps around.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from headsmith.motion.problem import unusable

_TIMECODE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3})(?:\.(\d{1,9}))?")
_COUNTS = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
"""frames that a timecode's second may have"""
_USUAL_COUNT = 60
"""where no row goes over to another second"""
RATES = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0, 90.0, 100.0, 120.0, 240.0)
_RATE_TOLERANCE = 0.004
_DAY_S = 24 * 3600
Times = NDArray[np.float64]


def parse_timecode(text: str, subject: str) -> tuple[int, float]:
    """The whole seconds, and the frames within the second. Raises InputError about `subject`."""
    match = _TIMECODE.fullmatch(text.strip())
    if not match or int(match[2]) > 59 or int(match[3]) > 59 or int(match[4]) >= max(_COUNTS):
        raise unusable(subject, f"the timecode '{text[:40]}'", "HH:MM:SS:FF.mmm, such as 14:58:02:44.643")
    hours, minutes, seconds, frames = (int(part) for part in match.groups()[:4])
    return hours * 3600 + minutes * 60 + seconds, frames + float(f"0.{match[5] or 0}")


def seconds_of_rows(whole_s: Times, frames: Times) -> tuple[Times, float]:
    """Seconds [N] since the first row, and the frame rate, of rows in order; a recording may pass midnight."""
    whole_s = whole_s + _DAY_S * np.cumsum(np.diff(whole_s, prepend=whole_s[:1]) < -_DAY_S / 2)
    count = _frames_per_second_of(whole_s, frames)
    times = whole_s + frames / count
    steps = np.diff(times)
    usual = np.median(steps[steps > 0]) if (steps > 0).any() else 1 / count
    # the mean of the rows that follow each other directly: the median alone is as coarse as the file's decimals
    direct = steps[(steps > 0.5 * usual) & (steps < 1.5 * usual)]
    return times - times[0], _common_rate(1 / float(direct.mean() if len(direct) else usual))


def _frames_per_second_of(whole_s: Times, frames: Times) -> int:
    """The count under which the steps into another second are most like all others."""
    possible = [count for count in _COUNTS if count > frames.max()]
    wraps = np.diff(whole_s) == 1
    if not wraps.any():
        return min((count for count in possible if count >= _USUAL_COUNT), default=possible[-1])
    usual = float(np.median(np.diff(frames)[np.diff(whole_s) == 0])) if (np.diff(whole_s) == 0).any() else 1.0
    over = np.diff(frames)[wraps]
    return min(possible, key=lambda count: float(np.median(np.abs(over + count - usual))))


def _common_rate(fps: float) -> float:
    nearest = min(RATES, key=lambda rate: abs(rate - fps))
    return nearest if abs(nearest - fps) <= _RATE_TOLERANCE * nearest else round(fps, 3)
