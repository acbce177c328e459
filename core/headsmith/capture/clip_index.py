"""Which picture of a clip is shown when, and from which key frame it can be decoded: pure arithmetic on the
timestamps that a container holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Unit:
    """One compressed picture as it stands in the file."""

    shown: int | None
    """timestamp at which it is shown, in the stream's units"""
    stored: int | None
    """timestamp by which the container seeks"""
    key: bool
    hidden: bool
    """decoded, but cut away by an edit list"""
    damaged: bool


@dataclass(frozen=True)
class FrameIndex:
    """The frames of a clip in the order of time."""

    shown: I64
    """[T] increasing timestamps in the stream's units; empty where the container has none to be trusted: frames are
    then counted from the first"""
    keys_shown: I64
    """[K] increasing: pictures that start a group; all that are shown from there on can be decoded from there"""
    keys_stored: I64
    """[K] where to seek to for them"""

    def number_of(self, shown: int) -> int | None:
        """The frame's number, None for one that is not shown."""
        number = int(np.searchsorted(self.shown, shown))
        return number if number < len(self.shown) and self.shown[number] == shown else None

    def key_before(self, number: int) -> int:
        """The last key picture from which that frame can be decoded; -1: only from the start."""
        return int(np.searchsorted(self.keys_shown, self.shown[number], "right")) - 1 if len(self.shown) else -1

    def number_of_key(self, key: int) -> int:
        """The first frame that is shown from that key picture on."""
        return int(np.searchsorted(self.shown, self.keys_shown[key])) if key >= 0 else 0


def index_units(units: Sequence[Unit]) -> FrameIndex | None:
    """From the units in the order of the file; None where they do not tell which pictures come out of them."""
    first_key = next((i for i, unit in enumerate(units) if unit.key), 0)
    units = units[first_key:]
    if any(unit.shown is None or unit.damaged for unit in units):
        return None
    start = units[0].shown if units else 0
    # what is shown before the first key picture refers to pictures that are not in the file
    shown = np.array([u.shown for u in units if not u.hidden and u.shown >= start], np.int64)  # type: ignore[operator]
    shown.sort()
    if len(np.unique(shown)) < len(shown):
        return None
    keys = sorted((u.shown, u.stored if u.stored is not None else u.shown) for u in units if u.key)
    pairs = np.array(keys, np.int64).reshape(-1, 2)
    return FrameIndex(shown, pairs[:, 0], pairs[:, 1])


def counted_index() -> FrameIndex:
    """For a clip whose frames can only be counted."""
    nothing = np.zeros(0, np.int64)
    return FrameIndex(nothing, nothing, nothing)


def seconds_from_first(shown: Sequence[int | None] | I64, unit_s: float, fallback_fps: float) -> F32:
    """[T] seconds from the first frame on, increasing; evenly spaced where the timestamps are not."""
    if all(t is not None for t in shown):
        ticks = np.asarray(shown, np.int64)
        if (np.diff(ticks) > 0).all():
            return ((ticks - ticks[0]) * unit_s).astype(np.float32)
    return (np.arange(len(shown)) / fallback_fps).astype(np.float32)


def frames_per_second(timestamps_s: F32) -> float:
    """Of at least two frames."""
    return (len(timestamps_s) - 1) / float(timestamps_s[-1] - timestamps_s[0])
