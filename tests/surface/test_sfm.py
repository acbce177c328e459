"""Cameras found by structure from motion, against those of a synthetic clip."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from headsmith.capture import crop_frame
from headsmith.surface.cameras import place_cameras, triangulate
from headsmith.surface.params import PlacingParams, SfmParams
from headsmith.surface.sfm import NotRegistered, find_structure

pycolmap = pytest.importorskip("pycolmap")


@pytest.fixture(scope="module")
def structure(sweep):
    return find_structure(sweep.frames, None, SfmParams())


@pytest.fixture(scope="module")
def placed(sweep, structure):
    return place_cameras(sweep.clip.model, sweep.fit, structure, (sweep.frames, sweep.landmarks), PlacingParams())


def turn_deg(a, b):
    cosine = (np.trace(a.T_camera_world[:3, :3].T @ b.T_camera_world[:3, :3]) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_all_frames_are_placed_in_head_space(sweep, placed):
    assert placed.rows == tuple(range(len(sweep.frames)))
    for camera, view in zip(placed.cameras, sweep.fit.views, strict=True):
        assert turn_deg(camera, view.camera) < 1.0
        apart = np.linalg.norm(camera.position_m / placed.size - view.camera.position_m)
        assert apart < 0.02 * np.linalg.norm(view.camera.position_m)
        assert camera.focal_px == pytest.approx(view.camera.focal_px, rel=0.02)


def test_the_head_gets_the_size_of_the_mean_head(sweep, placed):
    model = sweep.clip.model
    mean, true = (model.landmarks(vertices) for vertices in (model.v_template, sweep.clip.rest_m))
    larger = np.linalg.norm(mean - mean.mean(0), axis=1).sum() / np.linalg.norm(true - true.mean(0), axis=1).sum()
    assert placed.size == pytest.approx(larger, abs=0.02)


def test_crops_give_the_cameras_of_the_whole_pictures(sweep, structure):
    width, height = sweep.frames[0].camera.size_px
    boxes = [(5 * (row % 3), 7 * (row % 2), width - 9 * (row % 4), height - 20) for row in range(len(sweep.frames))]
    crops = [crop_frame(frame, box, (box[2] - box[0], box[3] - box[1]))
             for frame, box in zip(sweep.frames, boxes, strict=True)]  # fmt: skip
    cropped = find_structure(crops, None, SfmParams())
    assert cropped.focal_ratio == pytest.approx(structure.focal_ratio, rel=0.02)
    assert len(cropped.rows) == len(structure.rows)


def test_a_second_run_is_identical(sweep, structure):
    again = find_structure(sweep.frames, None, SfmParams())
    assert np.array_equal(again.T_camera_scene, structure.T_camera_scene)
    assert np.array_equal(again.points, structure.points)


def test_frames_without_motion_are_not_registered(sweep):
    with pytest.raises(NotRegistered, match="placed 0 of 5 frames"):
        find_structure([sweep.frames[0]] * 5, None, SfmParams())


def test_frames_without_texture_are_not_registered(sweep):
    blank = [replace(frame, image=np.full_like(frame.image, 90)) for frame in sweep.frames]
    with pytest.raises(NotRegistered, match="placed 0 of 7 frames"):
        find_structure(blank, None, SfmParams())


def test_cameras_that_contradict_the_landmarks_are_refused(sweep, structure):
    mirrored = list(reversed(sweep.fit.views))
    fit = replace(sweep.fit, views=tuple(mirrored))
    seen = (sweep.frames, sweep.landmarks)
    with pytest.raises(NotRegistered, match=r"contradicts the face's landmarks by \d+ degrees"):
        place_cameras(sweep.clip.model, fit, structure, seen, PlacingParams(max_median_turn_deg=5.0))


def test_without_pycolmap_a_sentence_says_what_to_install(sweep, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(NotRegistered, match="pycolmap is not installed"):
        find_structure(sweep.frames, None, SfmParams())


def test_points_are_triangulated_in_spite_of_an_outlier(sweep):
    cameras = [view.camera for view in sweep.fit.views]
    points = sweep.clip.model.landmarks(sweep.clip.rest_m)[:20].astype(np.float64)
    observed = np.stack([camera.project(points)[0] for camera in cameras])
    observed[3] += 40
    weights = np.ones(observed.shape[:2])
    weights[1:, 5] = 0
    found = triangulate(cameras, observed, weights)
    assert np.isnan(found[5]).all()
    known = np.arange(20) != 5
    np.testing.assert_allclose(found[known], points[known], atol=3e-4)
