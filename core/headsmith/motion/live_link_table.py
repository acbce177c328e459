"""The rows of a Live Link Face CSV file, checked; `live_link` says what they mean."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.arkit import ARKIT_52
from headsmith.motion.problem import unusable
from headsmith.motion.timecode import parse_timecode

PARTS = ("head", "lefteye", "righteye")
ANGLES = ("yaw", "pitch", "roll")
MAX_VALUE = 1e4
_LEADING = ("timecode", "blendshapecount")
_ARKIT_LOWER = {name.lower() for name in ARKIT_52}


@dataclass(frozen=True)
class Table:
    """N tracked rows."""

    columns: dict[str, int]
    """name in lower case -> column of `values`"""
    names: tuple[str, ...]
    """as the file spells them"""
    values: NDArray[np.float64]
    """[N, columns]"""
    whole_s: NDArray[np.float64]
    """[N] whole seconds since midnight"""
    frames: NDArray[np.float64]
    """[N] frames within the second"""


@dataclass(frozen=True)
class _Line:
    subject: str
    whole_s: int
    frames: float
    values: list[float]


def read_table(data: bytes, name: str) -> Table:
    """The tracked rows of a CSV file called `name`. Raises InputError naming file and line."""
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = next(rows, [])
        names = _check_header(header, name)
        parsed = (_parse_row(row, len(header), f"{name}: line {rows.line_num}") for row in rows)
        lines = _in_order([line for line in parsed if line])
    except UnicodeDecodeError as error:
        raise unusable(name, f"bytes that are not text (byte {error.start})", "a CSV file in UTF-8") from error
    except csv.Error as error:
        raise unusable(name, f"text that is not CSV ({error})", "rows of numbers between commas") from error
    if not lines:
        raise unusable(name, "no row with a face in it", "at least one tracked frame")
    return Table(
        columns={given.lower(): column for column, given in enumerate(names)},
        names=names,
        values=np.array([line.values for line in lines]),
        whole_s=np.array([line.whole_s for line in lines], np.float64),
        frames=np.array([line.frames for line in lines]),
    )


def _check_header(header: list[str], name: str) -> tuple[str, ...]:
    """The names of the value columns."""
    subject, names = f"{name}: line 1", tuple(cell.strip() for cell in header)
    lower = [cell.lower() for cell in names]
    if tuple(lower[:2]) != _LEADING:
        raise unusable(subject, f"the columns '{','.join(header[:3])[:60]}'",
                       "Timecode,BlendShapeCount and so on, as Live Link Face writes them")  # fmt: skip
    twice = sorted({cell for cell in lower if lower.count(cell) > 1})
    if twice:
        raise unusable(subject, f"the column '{twice[0]}' twice", "names that differ")
    if not set(lower) & _ARKIT_LOWER:
        raise unusable(subject, f"{len(names) - 2} columns, none of them one of ARKit's blendshapes",
                       "EyeBlinkLeft and so on")  # fmt: skip
    for part in PARTS:
        angles = [f"{part}{angle}" for angle in ANGLES]
        missing = [angle for angle in angles if angle not in lower]
        if missing and len(missing) < 3:
            raise unusable(subject, f"no column '{missing[0]}'", f"{', '.join(angles)} together or not at all")
    return names[2:]


def _parse_row(cells: list[str], width: int, subject: str) -> _Line | None:
    """The row's numbers; None for an empty row, and for a frame in which the app saw no face."""
    if not any(cell.strip() for cell in cells):
        return None
    whole_s, frames = parse_timecode(cells[0], subject)
    if len(cells) > 1 and cells[1].strip() == "0":
        return None
    if len(cells) != width:
        raise unusable(subject, f"{len(cells)} values", f"the {width} that the header names")
    return _Line(subject, whole_s, frames, [_number(cell, subject) for cell in cells[2:]])


def _number(cell: str, subject: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not abs(value) <= MAX_VALUE:
        raise unusable(subject, f"'{cell[:40]}'", f"a number from {-MAX_VALUE:g} to {MAX_VALUE:g}")
    return value


def _in_order(lines: list[_Line]) -> list[_Line]:
    """Without rows of the same time as the row before. Raises InputError where time runs backwards, midnight apart."""
    kept = lines[:1]
    for line in lines[1:]:
        before = kept[-1]
        now, then = (line.whole_s, line.frames), (before.whole_s, before.frames)
        if now < then and line.whole_s > before.whole_s - 12 * 3600:
            raise unusable(line.subject, "a timecode that is before the one above it", "rows in order of time")
        if now != then:
            kept.append(line)
    return kept
