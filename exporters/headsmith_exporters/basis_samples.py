"""Parameters at which a network is looked at to bake it: what the motions show, and what else a face may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headsmith.asset.avatar import Avatar, Motion
from headsmith.asset.dynamic_texture import VIEW, parameters_of, weight_range
from headsmith.motion import idle, talk
from headsmith.types import F32

MOST_FRAMES = 480
"""of all motions together, evenly taken from them"""
BLOCK_FRAMES = 24
"""frames in a row that are learnt from or held out together, since neighbours are alike"""
HELD_OUT_EVERY = 4
MIXED, MIXED_HELD_OUT = 480, 96
MOST_MIXED_SHAPES = 8
JOINT_RANGE_RAD = {"neck": 0.3, "jaw": 0.15, "left_eye": 0.3, "right_eye": 0.3}
OTHER_JOINT_RAD = 0.1
VIEW_RANGE_RAD = 0.5
TYPICAL_COEFFICIENT = 2.0
"""of a head model's own shapes: what faces mostly stay within"""


@dataclass(frozen=True)
class Samples:
    """Parameter vectors, each [_, P]."""

    learnt: F32
    unseen_motion: F32
    """frames of motions that are not learnt from"""
    unseen_mixed: F32
    """random expressions that are not learnt from"""


def samples_of(avatar: Avatar, inputs: tuple[str, ...]) -> Samples:
    """For a network that takes `inputs` [P]; the same avatar gives the same samples."""
    frames = _frames(avatar, inputs)
    held = (np.arange(len(frames)) // BLOCK_FRAMES) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    mixed = _mixed(inputs, avatar.blendshapes.names, MIXED + MIXED_HELD_OUT)
    learnt = [_front(inputs, {}), *_singles(inputs, avatar.blendshapes.names), *frames[~held], *mixed[:MIXED]]
    return Samples(np.stack(learnt), frames[held], mixed[MIXED:])


def _frames(avatar: Avatar, inputs: tuple[str, ...]) -> F32:
    """[T, P] of the avatar's motions; without any, of made-up speech and rest."""
    motions = list(avatar.motions.values()) or [talk(20.0, 24.0), idle(10.0, 24.0)]
    rows = np.concatenate([_vectors(motion, inputs) for motion in motions])
    return rows[:: -(-len(rows) // MOST_FRAMES)]


def _vectors(motion: Motion, inputs: tuple[str, ...]) -> F32:
    turns = _axis_angles(motion.joint_rotations_wxyz)
    return np.stack([
        parameters_of(inputs, dict(zip(motion.blendshape_names, weights.tolist(), strict=True)),
                      dict(zip(motion.joint_names, joints, strict=True)))
        for weights, joints in zip(motion.weights, turns, strict=True)
    ])  # fmt: skip


def _axis_angles(quats: F32) -> F32:
    """[..., 4] wxyz to [..., 3] radians, the shorter way round."""
    real, imaginary = np.abs(quats[..., :1]), quats[..., 1:] * np.where(quats[..., :1] < 0, -1, 1)
    length = np.linalg.norm(imaginary, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, real)
    return (imaginary * np.where(length > 1e-8, angle / np.maximum(length, 1e-8), 2)).astype(np.float32)


def _front(inputs: tuple[str, ...], weights: Mapping[str, float]) -> F32:
    return parameters_of(inputs, weights, {})


def _singles(inputs: tuple[str, ...], blendshapes: tuple[str, ...]) -> list[F32]:
    """Every blendshape that the network takes alone, half and fully, and both ways where it has a sign."""
    out = []
    for name in inputs:
        if name in blendshapes:
            ends = {end for end in _usual_range(name) if end}
            out += [_front(inputs, {name: end * share}) for end in sorted(ends) for share in (0.5, 1.0)]
    return out


def _usual_range(name: str) -> tuple[float, float]:
    least, most = weight_range(name)
    return max(least, -TYPICAL_COEFFICIENT), min(most, TYPICAL_COEFFICIENT)


def _mixed(inputs: tuple[str, ...], blendshapes: tuple[str, ...], count: int) -> F32:
    """[count, P]: a few blendshapes at once, with the head, the jaw, the eyes and the view turned a little."""
    rng = np.random.default_rng(0)
    shapes = [name for name in inputs if name in blendshapes]
    joints = {name.rpartition(".")[0] for name in inputs if name not in blendshapes} - {VIEW}
    out = np.empty((count, len(inputs)), np.float32)
    for row in out:
        chosen = rng.permutation(len(shapes))[: rng.integers(1, MOST_MIXED_SHAPES + 1)]
        weights = {shapes[i]: float(rng.uniform(*_usual_range(shapes[i]))) for i in chosen}
        turns = {name: rng.uniform(-1, 1, 3) * JOINT_RANGE_RAD.get(name, OTHER_JOINT_RAD) for name in sorted(joints)}
        row[:] = parameters_of(inputs, weights, turns, _view(rng))
    return out


def _view(rng: np.random.Generator) -> F32:
    """[3] a direction near the front."""
    sideways, upwards = rng.uniform(-VIEW_RANGE_RAD, VIEW_RANGE_RAD, 2)
    direction = (np.cos(upwards) * np.sin(sideways), np.sin(upwards), np.cos(upwards) * np.cos(sideways))
    return np.array(direction, np.float32)
