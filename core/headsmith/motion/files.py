"""Motions in files: which reader and writer a suffix has."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from headsmith.asset.avatar import Motion
from headsmith.asset.check import motion_problems
from headsmith.asset.quaternions import normalized
from headsmith.motion.json_format import decode_motion_json, encode_motion_json
from headsmith.motion.live_link import decode_live_link
from headsmith.motion.npz import decode_motion_npz, encode_motion_npz
from headsmith.motion.problem import unusable

Eyes = Literal["shapes", "bones"]
SUFFIXES = (".csv", ".npz", ".json")
"""what `read_motion` reads"""
MAX_BYTES = 512 << 20
_DECODERS: dict[str, Callable[[bytes, str], Motion]] = {".npz": decode_motion_npz, ".json": decode_motion_json}
_ENCODERS: dict[str, Callable[[Motion], bytes]] = {".npz": encode_motion_npz, ".json": encode_motion_json}


def read_motion(path: str | Path, *, fps: float | None = None, eyes: Eyes = "shapes") -> Motion:
    """The motion in a Live Link Face CSV, a motion .npz or a motion .json, by the suffix.

    Args:
        path: the file.
        fps: frames a second at which it was recorded, in place of what the file says or implies.
        eyes: what turns the eyes where a recording has the gaze twice (Live Link Face): ARKit's EyeLook "shapes",
            which move the lids too, or the joints left_eye and right_eye ("bones").

    Raises InputError, naming the file and where it can the line, for anything that is not a motion.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise unusable(path.name, f"the suffix '{path.suffix}'", f"one of {', '.join(SUFFIXES)}",
                       "choose a motion file")  # fmt: skip
    if fps is not None and not 1e-3 <= fps <= 1e6:
        raise unusable("the frame rate", f"{fps:g}", "0.001 to 1000000 frames a second", "correct it")
    data = _bytes_of(path)
    if suffix == ".csv":
        motion = decode_live_link(data, path.name, fps, eyes == "bones")
    else:
        motion = _DECODERS[suffix](data, path.name)
    if not len(motion.weights):
        raise unusable(path.name, "no frames", "at least one")
    for problem in motion_problems(path.name, motion):
        raise unusable(problem.file, problem.found, problem.expected)
    motion = replace(motion, joint_rotations_wxyz=normalized(motion.joint_rotations_wxyz))
    return motion if fps is None else replace(motion, fps=float(fps))


def describe_motion(path: str | Path) -> dict[str, Any]:
    """What `headsmith info` shows of a motion file, ready for JSON. Raises InputError as `read_motion` does."""
    motion = read_motion(path)
    return {
        "motion": str(path),
        "source": motion.source,
        "fps": round(motion.fps, 3),
        "frames": len(motion.weights),
        "seconds": round((len(motion.weights) - 1) / motion.fps, 3),
        "joints": list(motion.joint_names),
        "blendshapes": list(motion.blendshape_names),
    }


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise unusable(path.name, f"{size} bytes", f"at most {MAX_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise unusable(path.name, f"a file that cannot be read ({error.strerror or error})", "a motion file",
                       "check the path") from error  # fmt: skip


def write_motion(motion: Motion, path: str | Path, *, force: bool = False) -> None:
    """Writes `motion` as .npz or .json, by the suffix of `path`; the file appears whole or not at all.

    Raises InputError for another suffix, an existing file without `force`, or a place that cannot be written;
    ValueError for a motion that contradicts itself.
    """
    path = Path(path)
    encode = _ENCODERS.get(path.suffix.lower())
    if encode is None:
        raise unusable(path.name, f"the suffix '{path.suffix}'", f"one of {', '.join(_ENCODERS)}", "rename the output")
    if os.path.lexists(path) and not force:
        raise unusable(path.name, "an existing file", "a name that is free", "choose another, or replace it with force")
    for problem in motion_problems(path.name, motion):
        raise ValueError(f"found {problem.found}, expected {problem.expected}")
    _place(encode(motion), path)


def _place(data: bytes, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise unusable(path.name, f"a place that cannot be written ({error.strerror or error})",
                       "a writable folder", "choose another output") from error  # fmt: skip
