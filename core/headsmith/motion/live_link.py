"""CSV files of Epic's Live Link Face app for iOS.

One header, then a row per tracked frame: `Timecode` (see `timecode`), `BlendShapeCount` (61), ARKit's 52 blendshapes
in PascalCase, then HeadYaw, HeadPitch, HeadRoll and the same three of LeftEye and RightEye. A row without a face has
the count 0, and zeros or nothing after it. The app writes `BlendshapeCount` too: names are read in any case.

Epic documents neither units nor signs. What recordings and the importers made for them show:

- Angles are radians: a magnitude check of recordings against their own video, and the importers of Faceit and of
  Diffeomorphic's DAZ add-on, which Blender artists use on them, agree.
- They are Unreal's yaw, pitch and roll (roll turns first, yaw last). Head: yaw is positive to the subject's right
  and pitch is positive upwards (both importers); roll is positive where the head tilts to its right, as in Unreal
  and in the DAZ add-on, while Faceit turns it the other way.
- Eyes: yaw is positive to the subject's right and pitch is positive *downwards*: in recordings LeftEyePitch rises
  with EyeLookDownLeft at 0.52 rad per unit, and yaw falls with EyeLookInRight. Roll is next to nothing.

The app gives the gaze twice, as EyeLook shapes and as angles; an avatar that took both would look twice as far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Motion
from headsmith.motion.angles import from_angles
from headsmith.motion.live_link_table import ANGLES, Table, read_table
from headsmith.motion.problem import unusable
from headsmith.motion.resampling import MAX_FRAMES, at_positions, turns_at_positions
from headsmith.motion.timecode import seconds_of_rows
from headsmith.types import F32

_ARKIT_BY_LOWER = {name.lower(): name for name in ARKIT_52}
_JITTER_FRAMES = 0.02
"""rows that stand so near to whole frames are those frames"""


@dataclass(frozen=True)
class _Joint:
    """One joint's three columns."""

    prefix: str
    """of the columns, in lower case"""
    name: str
    pitch_sign: float
    """of a positive pitch as a turn about +X of head space, which looks down"""
    roll_sign: float
    """of a positive roll as a turn about +Z of head space, which tilts to the subject's right"""


_HEAD = _Joint("head", "neck", -1.0, 1.0)
_EYES = (_Joint("lefteye", "left_eye", 1.0, -1.0), _Joint("righteye", "right_eye", 1.0, -1.0))


def decode_live_link(data: bytes, name: str, fps: float | None, eyes_as_bones: bool) -> Motion:
    """The recording in the bytes of a CSV file called `name`, on an even grid without gaps.

    `fps` replaces the rate that the timecodes imply. With `eyes_as_bones` the gaze turns the eye joints and the
    EyeLook shapes are left out; else it is the other way round. Raises InputError naming file and line.
    """
    table = read_table(data, name)
    times, rate = seconds_of_rows(table.whole_s, table.frames)
    if fps is not None:
        times, rate = times * (rate / fps), fps
    positions = _even_positions(times, rate, name)
    joints = [_HEAD, *(_EYES if eyes_as_bones else ())]
    joints = [joint for joint in joints if f"{joint.prefix}yaw" in table.columns]
    turns = np.stack([_turns(table, joint) for joint in joints], 1) if joints else np.zeros((len(times), 0, 4))
    shapes = _shape_columns(table, eyes_as_bones and len(joints) > 1)
    return Motion(
        fps=rate,
        blendshape_names=tuple(shapes),
        weights=at_positions(table.values[:, list(shapes.values())], positions),
        joint_names=tuple(joint.name for joint in joints),
        joint_rotations_wxyz=turns_at_positions(turns, positions),
        head_translation_m=np.zeros((len(positions), 3), np.float32),
        source=f"Live Link Face: {name}",
    )


def _even_positions(times: F32, fps: float, name: str) -> F32:
    """[T] the fractional row of the file that each frame of the even grid shows; dropped frames fall between rows."""
    exact = times * fps
    whole = np.round(exact)
    if np.abs(exact - whole).max() < _JITTER_FRAMES:
        exact = whole
    count = int(exact[-1] + 0.01) + 1
    if count > MAX_FRAMES:
        raise unusable(name, f"{count} frames between the first timecode and the last", f"at most {MAX_FRAMES}")
    return np.interp(np.arange(count), exact, np.arange(len(exact)))


def _turns(table: Table, joint: _Joint) -> F32:
    """[N, 4] of one joint, in head space."""
    yaw, pitch, roll = (table.values[:, table.columns[f"{joint.prefix}{angle}"]] for angle in ANGLES)
    return from_angles(np.stack([joint.pitch_sign * pitch, -yaw, joint.roll_sign * roll], 1))


def _shape_columns(table: Table, without_gaze: bool) -> dict[str, int]:
    """Blendshape -> column; names that ARKit does not have stay as they are."""
    angles = {f"{joint.prefix}{angle}" for joint in (_HEAD, *_EYES) for angle in ANGLES}
    out = {}
    for row, given in enumerate(table.names):
        lower = given.lower()
        if lower not in angles and not (without_gaze and lower.startswith("eyelook")):
            out[_ARKIT_BY_LOWER.get(lower, given)] = row
    return out
