"""A motion as JSON, to be written by hand or by any script.

    {"fps": 30, "frames": [{"jawOpen": 0.4}, {"jawOpen": 0.6, "mouthSmileLeft": 0.1}]}

A blendshape that a frame leaves out has the weight 0 there. Optional: `source` (text), `joints` (name -> one wxyz
quaternion per frame, relative to the parent) and `head_translation_m` (three metres per frame).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from headsmith.asset.avatar import Motion
from headsmith.asset.node import MAX_NAMES, Node, parse_json
from headsmith.motion.problem import about_a_motion, unusable
from headsmith.motion.resampling import MAX_FRAMES
from headsmith.types import F32

KEYS = ("fps", "frames", "joints", "head_translation_m", "source")


def encode_motion_json(motion: Motion) -> bytes:
    """A line per frame; the shortest decimals that give the same 32-bit numbers again."""
    frames = [dict(zip(motion.blendshape_names, _numbers(row), strict=True)) for row in motion.weights]
    rest = {
        "fps": float(motion.fps),
        "source": motion.source,
        "joints": {name: _numbers(motion.joint_rotations_wxyz[:, j]) for j, name in enumerate(motion.joint_names)},
        "head_translation_m": _numbers(motion.head_translation_m),
    }
    lines = ",\n".join(json.dumps(frame, allow_nan=False) for frame in frames)
    head = json.dumps(rest, allow_nan=False)[:-1]
    return f'{head}, "frames": [\n{lines}\n]}}\n'.encode("ascii")


def _numbers(array: F32) -> Any:
    if array.ndim:
        return [_numbers(row) for row in array]
    return float(str(np.float32(array)))


def decode_motion_json(data: bytes, name: str) -> Motion:
    """The motion in a JSON file called `name`. Raises InputError naming the file and the key at fault."""
    with about_a_motion():
        root = parse_json(data, name)
        unknown = sorted(set(root.fields()) - set(KEYS))
        if unknown:
            raise unusable(name, f"the key '{unknown[0]}'", f"only {', '.join(KEYS)}")
        fields = root.fields()
        frames = root["frames"].items()
        if len(frames) > MAX_FRAMES:
            raise unusable(name, f"{len(frames)} frames", f"at most {MAX_FRAMES}")
        names, weights = _weights(frames, name)
        joints = fields["joints"].fields() if "joints" in fields else {}
        rotations = [node.numbers(len(frames), 4) for node in joints.values()]
        translation = fields.get("head_translation_m")
        return Motion(
            fps=root["fps"].number(1e-3, 1e6),
            blendshape_names=names,
            weights=weights,
            joint_names=tuple(joints),
            joint_rotations_wxyz=np.stack(rotations, 1) if rotations else np.zeros((len(frames), 0, 4), np.float32),
            head_translation_m=translation.numbers(len(frames), 3) if translation else _still(len(frames)),
            source=fields["source"].text() if "source" in fields else f"JSON: {name}",
        )


def _weights(frames: list[Node], name: str) -> tuple[tuple[str, ...], F32]:
    """Every name that any frame has, in the order of appearance, and [T, K]."""
    rows: dict[str, int] = {}
    values = []
    for frame in frames:
        values.append({rows.setdefault(key, len(rows)): node.numbers() for key, node in frame.fields().items()})
    if len(rows) > MAX_NAMES or len(rows) * len(frames) > 1 << 28:
        raise unusable(name, f"{len(rows)} names in {len(frames)} frames", f"at most {MAX_NAMES} names, and less data")
    weights = np.zeros((len(frames), len(rows)), np.float32)
    for t, row in enumerate(values):
        weights[t, list(row)] = list(row.values())
    return tuple(rows), weights


def _still(frames: int) -> F32:
    return np.zeros((frames, 3), np.float32)
