# SPDX-License-Identifier: GPL-3.0-or-later
"""Named poses of a face as plain data, mirrored, and as a JSON file that other avatars can read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headsmith.errors import InputError
from headsmith_exporters.files import write_files

FORMAT, VERSION = "headsmith-poses", 1
MAX_BYTES = 16 << 20
MAX_NAME_CHARS = 60
Rotation = tuple[float, float, float, float]
_IDENTITY: Rotation = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class FacePose:
    name: str
    weights: dict[str, float]
    """slider -> value; those at 0 are left out"""
    rotations_wxyz: dict[str, Rotation]
    """joint -> rotation relative to its parent, in Blender's axes; joints at rest are left out"""


def face_pose(name: str, weights: dict[str, float], rotations_wxyz: dict[str, Rotation]) -> FacePose:
    """A pose without what is at rest anyway, rounded to what can be seen."""
    return FacePose(
        name,
        {slider: round(value, 6) for slider, value in weights.items() if abs(value) > 1e-6},
        {
            joint: tuple(round(part, 7) for part in turn)  # type: ignore[misc]
            for joint, turn in rotations_wxyz.items()
            if math.dist(turn, _IDENTITY) > 1e-6
        },
    )


def mirrored(pose: FacePose, name: str) -> FacePose:
    """Left for right: mirrored at the plane x = 0, which both head space and Blender's axes share."""
    return FacePose(
        name,
        {other_side(slider): value for slider, value in pose.weights.items()},
        {other_side(joint): (w, x, -y, -z) for joint, (w, x, y, z) in pose.rotations_wxyz.items()},
    )


def other_side(name: str) -> str:
    """`mouthSmileRight` for `mouthSmileLeft`, `right_eye` for `left_eye`; names without a side stay."""
    for left, right in (("Left", "Right"), ("left", "right")):
        if left in name:
            return name.replace(left, right)
        if right in name:
            return name.replace(right, left)
    return name


def pose_to_json(pose: FacePose) -> str:
    """One pose on one line, as it is kept in the .blend."""
    return json.dumps(vars(pose), sort_keys=True)


def pose_from_json(text: str, subject: str) -> FacePose:
    """The inverse of `pose_to_json`. Raises InputError about `subject`."""
    return _pose(_parsed(text, subject), subject)


def write_poses(poses: Sequence[FacePose], path: Path) -> None:
    """Writes a poses file. Raises InputError where it cannot be written or there is nothing to write."""
    if not poses:
        raise InputError(path, found="no poses to write", expected="at least one", action="save a pose first")
    data = {"format": FORMAT, "version": VERSION, "poses": [vars(pose) for pose in poses]}
    write_files({path: (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()})


def read_poses(path: Path) -> list[FacePose]:
    """The poses of a file. Raises InputError for anything that is not one."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _wrong(path, f"more than {MAX_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, f"a file that cannot be read ({error})") from error
    data = _parsed(text, str(path))
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("poses"), list):
        raise _wrong(path, "another kind of file")
    if data.get("version") != VERSION:
        raise InputError(path, found=f"version {data.get('version')!r}", expected=f"version {VERSION}",
                         action="update Headsmith")  # fmt: skip
    return [_pose(entry, str(path)) for entry in data["poses"]]


def _parsed(text: str, subject: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(subject, f"text that is not JSON ({error})") from error


def _pose(entry: Any, subject: str) -> FacePose:
    parts = (entry.get("name"), entry.get("weights"), entry.get("rotations_wxyz")) if isinstance(entry, dict) else ()
    if len(parts) != 3 or not isinstance(parts[0], str) or not all(isinstance(part, dict) for part in parts[1:]):
        raise _wrong(subject, "a pose without name, weights and rotations_wxyz")
    name, weights, rotations = parts
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise _wrong(subject, f"a pose with a name of {len(name)} characters")
    for slider, value in weights.items():
        if not _is_number(value):
            raise _wrong(subject, f"{slider} = {value!r} in pose {name!r}")
    for joint, turn in rotations.items():
        if not (isinstance(turn, list) and len(turn) == 4 and all(map(_is_number, turn))):
            raise _wrong(subject, f"the rotation {turn!r} of {joint} in pose {name!r}")
        if abs(math.hypot(*turn) - 1) > 1e-3:
            raise _wrong(subject, f"a rotation of {joint} in pose {name!r} that is not a unit quaternion")
    return FacePose(name, {k: float(v) for k, v in weights.items()}, {k: tuple(v) for k, v in rotations.items()})  # type: ignore[misc]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6


def _wrong(subject: str | Path, found: str) -> InputError:
    return InputError(subject, found=found, expected="a poses file that Headsmith wrote", action="choose another file")
