"""An exported avatar with what has to be seen in it, and the request that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gltf_readers.compare import Texture
from gltf_readers.expected import Expected, expected_of, probes_of
from gltf_readers.request import Request
from headsmith.asset.avatar import Avatar, Motion
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.registry import export

FRAMES, FRAMES_PER_SECOND = 7, 30.0
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
WORN = ("glasses", "earrings")


@dataclass(frozen=True)
class Sample:
    path: Path
    expected: Expected
    texture: Texture
    request: Request


def samples_of(avatar: Avatar, folder: Path, profiles: Iterable[str]) -> dict[str, Sample]:
    """Profile of `GlbOptions` -> `avatar`, moving and dressed, written to `folder`; and `gltf`: a .gltf for engines."""
    avatar = replace(avatar, motions={"moving": moving()})
    expected = expected_of(avatar, WORN)
    request = _request(expected)
    files = {profile: folder / f"{profile}.glb" for profile in profiles} | {"gltf": folder / "engine.gltf"}
    return {name: _sample(expected, request, avatar, path) for name, path in files.items()}


def _sample(expected: Expected, request: Request, avatar: Avatar, path: Path) -> Sample:
    options = GlbOptions(profile=path.stem, visemes=True, accessories=WORN)  # type: ignore[arg-type]
    export(avatar, path, path.suffix[1:], options, force=True)
    height, width = avatar.material.static_texture.shape[:2]
    scale = min(1.0, options.longest_px(max(width, height)) / max(width, height))
    return Sample(path, expected, Texture(round(width * scale), round(height * scale)), request)


def _request(expected: Expected) -> Request:
    (animated,) = expected.animations.values()
    faces, rest = expected.avatar.head.faces, expected.avatar.head.vertices
    return Request(
        animated.times,
        probes=tuple(probes_of(rest, rest + delta, faces) for delta in expected.deltas),
        animation_probes=tuple(probes_of(rest, moved, faces) for moved in animated.vertices),
    )


def moving() -> Motion:
    """Everything moves at once, at the frames of no program's own clock: mouth, lid and brow, all joints, the head."""
    rng = np.random.default_rng(0)
    shapes = ("jawOpen", "mouthSmileLeft", "mouthFunnel", "eyeBlinkRight", "browInnerUp")
    turns = rng.normal(0, 0.15, (FRAMES, len(JOINTS), 3))
    angles = np.linalg.norm(turns, axis=2, keepdims=True)
    quats = np.concatenate([np.cos(angles / 2), np.sin(angles / 2) * turns / angles], 2)
    return Motion(
        fps=FRAMES_PER_SECOND,
        blendshape_names=shapes,
        weights=rng.uniform(0, 0.8, (FRAMES, len(shapes))).astype(np.float32),
        joint_names=JOINTS,
        joint_rotations_wxyz=quats.astype(np.float32),
        head_translation_m=rng.normal(0, 0.01, (FRAMES, 3)).astype(np.float32),
        source="test",
    )
