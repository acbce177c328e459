"""The frames that are chosen are sharp, uncovered, and as different as the clip allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.capture import expressive_frames, key_frames
from headsmith.capture.keyframes import pose_rad
from headsmith.types import ClipInfo, ClipLandmarks

COUNT = 200
JAW, BLINK = ARKIT_52.index("jawOpen"), ARKIT_52.index("eyeBlinkLeft")


def turned(yaw_rad: np.ndarray, pitch_rad: np.ndarray) -> np.ndarray:
    """[N, 4, 4] MediaPipe's matrices of faces that look there."""
    T = np.tile(np.eye(4, dtype=np.float32), (len(yaw_rad), 1, 1))
    cy, sy, cp, sp = np.cos(yaw_rad), np.sin(yaw_rad), np.cos(pitch_rad), np.sin(pitch_rad)
    forward = np.stack([sy * cp, sp, cy * cp], 1)
    right = np.stack([cy, np.zeros_like(cy), -sy], 1)
    T[:, :3, 2], T[:, :3, 0], T[:, :3, 1] = forward, right, np.cross(forward, right)
    return T


@pytest.fixture
def seen() -> ClipLandmarks:
    """A head that turns from side to side three times and nods once."""
    t = np.linspace(0, 1, COUNT)
    info = ClipInfo("turn.mp4", "0" * 64, (640, 480), 30.0, (t * COUNT / 30).astype(np.float32), 500.0)
    yaw, pitch = 0.9 * np.sin(6 * np.pi * t), 0.3 * np.sin(2 * np.pi * t)
    ones = np.ones(COUNT, np.float32)
    # a face from the side shows less detail
    return ClipLandmarks(info, np.arange(COUNT, dtype=np.int32), ones > 0, np.zeros((COUNT, 478, 2), np.float32),
                         np.zeros((COUNT, 478), np.float32), np.zeros((COUNT, 52), np.float32), turned(yaw, pitch),
                         (0.2 * np.cos(yaw) + 0.05).astype(np.float32), 0 * ones, ones.astype(np.int32))  # fmt: skip


def test_poses_are_measured(seen: ClipLandmarks) -> None:
    pose = pose_rad(turned(np.array([0.5, -0.3, 0.0]), np.array([0.1, 0.0, -0.4])))
    np.testing.assert_allclose(pose, [[0.5, 0.1], [-0.3, 0.0], [0.0, -0.4]], atol=1e-6)
    assert len(pose_rad(seen.T_face)) == COUNT


def test_key_frames_cover_the_turn(seen: ClipLandmarks) -> None:
    rows = key_frames(seen, 18)
    assert len(rows) == 18
    assert list(rows) == sorted(set(rows))
    yaw, pitch = pose_rad(seen.T_face[list(rows)]).T
    assert yaw.max() > 0.75
    assert yaw.min() < -0.75
    assert np.diff(np.sort(yaw)).max() < 0.4, "no gap"
    assert np.ptp(pitch) > 0.4
    assert rows == key_frames(seen, 18)


def test_blurred_covered_and_blinking_frames_are_left_out(seen: ClipLandmarks) -> None:
    blurred, covered, blinking = np.arange(COUNT) % 4 == 0, np.arange(COUNT) % 5 == 1, np.arange(COUNT) % 7 == 2
    scores = seen.scores.copy()
    scores[blinking, BLINK] = 0.9
    poor = replace(seen, sharpness=np.where(blurred, 0.5, 1) * seen.sharpness, scores=scores,
                   occluded=np.where(covered, 0.4, 0.02).astype(np.float32))  # fmt: skip
    rows = np.array(key_frames(poor, 18))
    assert len(rows) == 18
    assert not (blurred | covered | blinking)[rows].any()
    assert not (blurred | covered)[list(expressive_frames(poor, range(COUNT), 20))].any()


def test_a_clip_without_good_frames_gives_the_best_it_has(seen: ClipLandmarks) -> None:
    covered = replace(seen, occluded=np.linspace(0.9, 0.3, COUNT).astype(np.float32))
    rows = key_frames(covered, 10)
    assert len(rows) == 10
    assert min(rows) >= COUNT - 10, "the least covered ones"


def test_a_face_at_rest_is_preferred(seen: ClipLandmarks) -> None:
    # every pose is passed several times: once with the mouth open
    talking = seen.scores.copy()
    talking[:100, JAW] = 0.8
    yaw = pose_rad(seen.T_face)[:, 0]
    level = replace(seen, scores=talking, T_face=turned(yaw, 0 * yaw))
    rows = np.array(key_frames(level, 8))
    assert (rows >= 100).mean() > 0.6


def test_expressive_frames_find_what_happens_once(seen: ClipLandmarks) -> None:
    scores = seen.scores.copy()
    scores[150:153, JAW] = 0.9
    scores[60, ARKIT_52.index("cheekPuff")] = 0.7
    still = replace(seen, scores=scores, T_face=turned(np.zeros(COUNT), np.zeros(COUNT)))
    rows = expressive_frames(still, range(COUNT), 4)
    assert 60 in rows
    assert {150, 151, 152} & set(rows)
    assert max(expressive_frames(still, range(100), 4)) < 100, "only allowed rows"


def test_frames_without_a_face_are_never_chosen(seen: ClipLandmarks) -> None:
    gone = replace(seen, found=np.arange(COUNT) % 2 == 0)
    assert not (np.array(key_frames(gone, 18)) % 2).any()
    assert not (np.array(expressive_frames(gone, range(COUNT), 18)) % 2).any()


def test_a_clip_of_few_frames_gives_few(seen: ClipLandmarks) -> None:
    few = replace(seen, found=np.arange(COUNT) < 3)
    assert set(key_frames(few, 18)) <= {0, 1, 2}
    assert expressive_frames(few, range(COUNT), 18) == (0, 1, 2)
    none = replace(seen, found=np.zeros(COUNT, bool))
    assert key_frames(none) == expressive_frames(none, range(COUNT), 5) == ()
