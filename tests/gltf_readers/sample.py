"""An exported avatar with what has to be seen in it, and the request that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gltf_readers.compare import Texture
from gltf_readers.expected import Expected, expected_of, probes_of
from gltf_readers.request import Request
from headsmith.asset.avatar import Avatar, Motion
from headsmith.motion import talk
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.registry import export

MOTION_SECONDS = 0.2


@dataclass(frozen=True)
class Sample:
    path: Path
    expected: Expected
    texture: Texture
    request: Request


def sample_of(avatar: Avatar, path: Path, profile: str) -> Sample:
    """`avatar` with a short motion, written to `path` under a profile of `GlbOptions`."""
    options = GlbOptions(profile=profile)  # type: ignore[arg-type]
    avatar = replace(avatar, motions={"speaking": speaking()})
    export(avatar, path, "glb", options, force=True)
    expected = expected_of(avatar)
    height, width = avatar.material.static_texture.shape[:2]
    scale = min(1.0, options.longest_px(max(width, height)) / max(width, height))
    (animated,) = expected.animations.values()
    faces, rest = avatar.head.faces, avatar.head.vertices
    request = Request(
        animated.times,
        probes=tuple(probes_of(rest, rest + delta, faces) for delta in expected.deltas),
        animation_probes=tuple(probes_of(rest, moved, faces) for moved in animated.vertices),
    )
    return Sample(path, expected, Texture(round(width * scale), round(height * scale)), request)


def speaking() -> Motion:
    """Speech with a turning jaw, neck and eyes, and a head that moves."""
    motion = talk(MOTION_SECONDS)
    frames = len(motion.weights)
    names = ("root", "neck", "jaw", "left_eye", "right_eye")
    turns = np.random.default_rng(0).normal(0, 0.15, (frames, len(names), 3))
    angles = np.linalg.norm(turns, axis=2, keepdims=True)
    quats = np.concatenate([np.cos(angles / 2), np.sin(angles / 2) * turns / angles], 2)
    way = np.linspace(0, 1, frames)[:, None] * [0.01, -0.02, 0.015]
    return replace(motion, joint_names=names, joint_rotations_wxyz=quats.astype(np.float32),
                   head_translation_m=way.astype(np.float32))  # fmt: skip
