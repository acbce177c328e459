"""Synthetic clips: what they show, and that it is what their truth says."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from headsmith.bench.clip_script import blink_curve
from headsmith.bench.clips import SyntheticClip, recorded, small_clip, synthetic_clip_a, synthetic_clip_b
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import sh_basis
from headsmith.landmarks import detect

SIZE = (240, 320)


@pytest.fixture(scope="module")
def clip_a() -> SyntheticClip:
    return synthetic_clip_a(small_clip(1, seconds=2.0, size_px=SIZE))


@pytest.fixture(scope="module")
def clip_b() -> SyntheticClip:
    return synthetic_clip_b(small_clip(1, seconds=4.0, size_px=SIZE))


def test_sweep_goes_around_a_still_head(clip_a: SyntheticClip) -> None:
    places = np.array([clip_a.camera(k).position_m for k in range(len(clip_a.moments))])
    yaw = np.degrees(np.arctan2(places[:, 0], places[:, 2] + 0.06))
    assert yaw.min() < -55
    assert yaw.max() > 55
    assert not clip_a.expression.any()
    assert np.array_equal(clip_a.vertices_m(0), clip_a.vertices_m(9))
    assert np.allclose(clip_a.light_sh(9), clip_a.studio.light_sh, atol=1e-4)


def test_talk_moves_the_head_before_a_still_camera(clip_b: SyntheticClip) -> None:
    cameras = np.stack([moment.T_camera_room for moment in clip_b.moments])
    assert (cameras == cameras[0]).all()
    assert np.ptp(clip_b.T_camera_world[:, :3, 3], 0).max() > 0.003
    assert np.ptp(clip_b.joint_rotations, 0).max() > 0.1
    names = clip_b.model.expression_names
    for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "eyeLookOutLeft"):
        assert clip_b.expression[:, names.index(name)].max() > 0.2
    assert clip_b.expression.min() >= 0
    assert clip_b.expression.max() <= 1


def test_light_stays_in_the_room_when_the_head_turns(clip_b: SyntheticClip) -> None:
    turned = int(np.argmax([np.linalg.norm(m.T_room_head[:3, :3] - np.eye(3)) for m in clip_b.moments]))
    normal = np.array([0.0, 0.0, 1.0], np.float32)
    R = clip_b.moments[turned].T_room_head[:3, :3]
    in_room = R @ normal
    wanted = sh_basis(in_room) @ clip_b.studio.light_sh
    assert np.allclose(sh_basis(normal) @ clip_b.light_sh(turned), wanted, atol=1e-4)


def test_blinks_are_short_and_complete() -> None:
    times = np.arange(0, 10, 1 / 240)
    curve = blink_curve(times, np.random.default_rng(0))
    shut = np.flatnonzero(np.diff(np.r_[0, curve > 0.02, 0].astype(int)))
    lasts_s = (shut[1::2] - shut[::2]) / 240
    assert len(lasts_s) >= 4
    assert curve.max() == 1
    assert ((lasts_s > 0.13) & (lasts_s < 0.19)).all()


def test_mattes_are_where_the_truth_stands(clip_b: SyntheticClip) -> None:
    mattes = clip_b.mattes(20)
    head = rasterize(clip_b.vertices_m(20), clip_b.model.faces, clip_b.camera(20)).triangle >= 0
    # the shirt hides the lowest part of the bust, hair shows around the head
    upper = np.zeros_like(head)
    upper[: int(clip_b.landmarks_px(20)[152, 1])] = True
    assert mattes.head[head & upper].mean() > 0.98
    assert (mattes.head <= mattes.person + 1e-6).all()
    assert np.allclose(mattes.hair + mattes.skin, mattes.head, atol=1e-5)
    assert 0.1 < mattes.person.mean() < 0.7
    assert mattes.skin[tuple(np.round(clip_b.landmarks_px(20)[4]).astype(int)[::-1])] > 0.99


def test_creases_get_less_light_than_the_nose(clip_a: SyntheticClip) -> None:
    model, light = clip_a.model, clip_a.studio.open_to_light
    tip = int(np.argmax(clip_a.rest_m[:, 2]))
    assert light[tip] > 0.9
    assert light[model.regions["inner_mouth"] > 0.9].mean() < 0.5
    assert light.min() >= 0.2


def test_landmarks_are_found_where_the_truth_has_them(clip_b: SyntheticClip) -> None:
    frame = next(clip_b.reader.read([15]))
    found = detect(frame.image)
    assert found is not None
    known = clip_b.model.landmark_weight > 0.3
    error = np.linalg.norm(found.points_px - clip_b.landmarks_px(15), axis=1)[known].mean()
    eyes = np.linalg.norm(clip_b.landmarks_px(15)[33] - clip_b.landmarks_px(15)[263])
    assert error < 0.06 * eyes


def test_frames_repeat_and_differ_by_seed(clip_b: SyntheticClip) -> None:
    first, again = (next(clip_b.reader.read([7])).image for _ in range(2))
    copy = pickle.loads(pickle.dumps(clip_b.reader))
    assert np.array_equal(first, again)
    assert np.array_equal(first, next(copy.read([7])).image)
    other = synthetic_clip_b(small_clip(2, seconds=1.0, size_px=SIZE))
    assert np.abs(other.rest_m - clip_b.rest_m).max() > 0.002
    assert np.abs(next(other.reader.read([7])).image.astype(int) - first).mean() > 10


def test_recorded_clip_shows_the_same(clip_a: SyntheticClip, tmp_path: Path) -> None:
    file = recorded(clip_a, tmp_path / "sweep.mp4")
    assert len(file.info.timestamps_s) == len(clip_a.moments)
    assert file.info.focal_px == pytest.approx(clip_a.params.intrinsics.focal_px)
    drawn, read = (next(clip.reader.read([11])).image.astype(int) for clip in (clip_a, file))
    assert np.abs(drawn - read).mean() < 6
    unknown = recorded(clip_a, tmp_path / "again.mp4", known_focal=False)
    assert unknown.info.focal_px != file.info.focal_px


def test_true_track_poses_the_true_vertices(clip_b: SyntheticClip) -> None:
    fit = clip_b.fit([3, 30])
    rest = clip_b.model.rest_vertices(fit.identity, fit.offsets_m)
    view = fit.views[1]
    assert np.allclose(clip_b.model.pose(rest, view.expression, view.joint_rotations), clip_b.vertices_m(30), atol=1e-6)
    assert np.array_equal(clip_b.track.T_camera_world[30], view.camera.T_camera_world)
