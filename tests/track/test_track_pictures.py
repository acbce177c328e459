"""Tracking against the frames themselves, with landmarks that are off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from headsmith.bench.clip_seen import true_landmarks
from headsmith.bench.clip_track_measures import TrackError, track_error
from headsmith.bench.clips import SyntheticClip, small_clip, synthetic_clip_b
from headsmith.track import ChunkParams, TrackParams, track_head
from headsmith.types import ClipLandmarks, HeadTrack, StaticTexture

STRETCH, JITTER_PX = 0.06, 0.4
FEW = TrackParams(chunk=ChunkParams(frames=8, overlap=3))


@dataclass(frozen=True)
class Filmed:
    clip: SyntheticClip
    seen: ClipLandmarks
    texture: StaticTexture

    def track(self, params: TrackParams, texture: StaticTexture | None) -> HeadTrack:
        return track_head(self.clip.model, self.clip.fit([0]), self.seen, self.clip.reader, texture, params)

    def error(self, track: HeadTrack) -> TrackError:
        return track_error(self.clip.model, self.clip.rest_m, self.clip.track, self.clip.rest_m, track)


@pytest.fixture(scope="module")
def filmed() -> Filmed:
    clip = synthetic_clip_b(replace(small_clip(6, seconds=1.2), fps=15.0))
    seen = true_landmarks(clip, range(len(clip.moments)))
    points = seen.points_px
    middle = points.mean(1, keepdims=True)
    random = np.random.default_rng(1).normal(0, JITTER_PX, points.shape)
    # a detector that knows another face: longer, and its mouth lower than this one's
    points = points + np.array([0, STRETCH]) * (points - middle) + random
    seen = replace(seen, points_px=points.astype(np.float32), scores=0.7 * seen.scores)
    albedo = clip.studio.subject.albedo
    texture = StaticTexture(albedo, np.ones(albedo.shape[:2], np.float32), clip.light_sh(0)[None])
    return Filmed(clip, seen, texture)


@pytest.fixture(scope="module")
def by_pictures(filmed: Filmed) -> HeadTrack:
    return filmed.track(FEW, filmed.texture)


def test_pictures_tell_what_landmarks_do_not(filmed: Filmed, by_pictures: HeadTrack) -> None:
    with_pictures = filmed.error(by_pictures)
    without = filmed.error(filmed.track(FEW, None))
    assert with_pictures.landmark_in_head_mm < 0.85 * without.landmark_in_head_mm
    assert with_pictures.landmark_mm < 0.4 * without.landmark_mm
    assert with_pictures.rotation_deg < min(1.0, without.rotation_deg)
    assert with_pictures.landmark_mm < 3
    assert with_pictures.weight < 0.08


def test_focal_length_of_the_file_is_kept_when_right_and_corrected_when_not(
    filmed: Filmed, by_pictures: HeadTrack
) -> None:
    true = filmed.clip.params.intrinsics.focal_px
    assert by_pictures.camera.focal_px == pytest.approx(true)
    wrong = replace(filmed.seen, info=replace(filmed.seen.info, focal_px=true / 2))
    found = track_head(filmed.clip.model, filmed.clip.fit([0]), wrong, filmed.clip.reader, filmed.texture, FEW)
    assert abs(np.log(found.camera.focal_px / true)) < 0.3


def test_processes_read_the_clip_themselves(filmed: Filmed, by_pictures: HeadTrack) -> None:
    two = filmed.track(replace(FEW, workers=2), filmed.texture)
    assert np.allclose(two.expression, by_pictures.expression, atol=1e-4)
    assert np.allclose(two.T_camera_world, by_pictures.T_camera_world, atol=1e-5)
