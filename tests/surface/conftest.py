"""A few frames of a synthetic clip in which the phone goes around a person, with their truth."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from headsmith.bench.clip_seen import true_landmarks
from headsmith.bench.clips import SyntheticClip, small_clip, synthetic_clip_a
from headsmith.types import Frame, HeadFit, Landmarks, Mattes

FRAMES = (0, 4, 8, 12, 16, 20, 24)


@dataclass(frozen=True)
class Sweep:
    clip: SyntheticClip
    frames: tuple[Frame, ...]
    landmarks: tuple[Landmarks, ...]
    mattes: tuple[Mattes, ...]
    fit: HeadFit
    """the truth"""


@pytest.fixture(scope="session")
def sweep() -> Sweep:
    clip = synthetic_clip_a(small_clip(seed=2))
    seen = true_landmarks(clip, FRAMES, sd_px=0.4)
    landmarks = tuple(seen.at(row) for row in range(len(FRAMES)))
    mattes = tuple(clip.mattes(index) for index in FRAMES)
    return Sweep(clip, tuple(clip.reader.read(FRAMES)), landmarks, mattes, clip.fit(FRAMES))
