"""People whose truth is known are recovered from their landmarks and outlines."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.fit import fit_head
from headsmith.head_model.landmark_sets import inter_ocular_px

SMILE = [ARKIT_52.index("mouthSmileLeft"), ARKIT_52.index("mouthSmileRight")]


def _fit(model, person):
    return fit_head(model, person.frames, person.landmarks, person.mattes)


def _rotation_error_deg(found, true):
    cosine = (np.trace(found.T_camera_world[:3, :3].T @ true.T_camera_world[:3, :3]) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


@pytest.fixture(scope="module")
def smiling(model, make_person):
    person = make_person(seed=1, smile=0.7)
    return person, _fit(model, person)


def test_landmarks_are_met(model, smiling, rest_of):
    person, fit = smiling
    view, seen = fit.views[0], person.landmarks[0]
    px, _ = view.camera.project(model.landmarks(model.pose(rest_of(fit), view.expression, view.joint_rotations)))
    error = np.linalg.norm(px - seen.points_px, axis=1)
    # the noise alone is 0.6 % per axis
    assert error.mean() < 0.012 * inter_ocular_px(seen.points_px)


def test_pose_and_distance_are_found(smiling):
    person, fit = smiling
    found, true = fit.views[0].camera, person.cameras[0]
    assert _rotation_error_deg(found, true) < 1.0
    found_z, true_z = found.T_camera_world[2, 3] / found.focal_px, true.T_camera_world[2, 3] / true.focal_px
    assert found_z == pytest.approx(true_z, rel=0.05)


def test_identity_is_nearer_than_the_mean_head(model, smiling, rest_of, face_error_mm):
    person, fit = smiling
    found, mean = face_error_mm(rest_of(fit), person.rest_m), face_error_mm(model.v_template, person.rest_m)
    assert found < 0.6 * mean
    assert np.corrcoef(fit.identity[:30], person.identity[:30])[0, 1] > 0.5


def test_a_smile_is_expression(smiling):
    _, fit = smiling
    np.testing.assert_allclose(fit.views[0].expression[SMILE], 0.7, atol=0.12)


def test_the_same_head_with_and_without_a_smile(model, make_person, smiling, rest_of, face_error_mm):
    _, with_smile = smiling
    plain = make_person(seed=1, smile=0.0)
    without = _fit(model, plain)
    assert face_error_mm(rest_of(with_smile), rest_of(without)) < 0.45


def test_the_neutral_lips_stay_closed(model, smiling, rest_of):
    _, fit = smiling
    upper, lower = 13, 14
    gap = np.diff(model.landmarks(rest_of(fit))[[lower, upper]], axis=0)[0]
    closed = np.diff(model.landmarks(model.v_template)[[lower, upper]], axis=0)[0]
    assert np.linalg.norm(gap - closed) < 0.5e-3


def test_more_photos_make_a_better_head(model, make_person, rest_of, face_error_mm):
    one, three = make_person(seed=2, views=1, smile=0.7), make_person(seed=2, views=3, smile=0.7)
    single, several = _fit(model, one), _fit(model, three)
    assert len(several.views) == 3
    assert face_error_mm(rest_of(several), three.rest_m) < 0.9 * face_error_mm(rest_of(single), one.rest_m)
    for view, true in zip(several.views, three.cameras, strict=True):
        assert _rotation_error_deg(view.camera, true) < 1.0


def test_a_second_run_is_identical_and_reports_its_progress(model, smiling):
    (person, first), seen = smiling, []
    second = fit_head(model, person.frames, person.landmarks, person.mattes, progress=seen.append)
    assert np.array_equal(first.identity, second.identity)
    assert np.array_equal(first.offsets_m, second.offsets_m)
    assert np.array_equal(first.views[0].expression, second.views[0].expression)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_face_from_the_side_is_fitted_with_a_warning(model, make_person):
    person = make_person(seed=7, yaw=1.1)
    fit = _fit(model, person)
    assert _rotation_error_deg(fit.views[0].camera, person.cameras[0]) < 1.5
    assert len(fit.warnings) == 1
    assert fit.warnings[0].startswith("drawn.png: the face is turned by ")


def test_landmarks_that_are_no_face_give_a_warning(model, make_person):
    person = make_person(seed=8)
    shuffled = replace(person.landmarks[0], points_px=np.random.default_rng(0).permuted(person.landmarks[0].points_px))
    fit = fit_head(model, person.frames, (shuffled,), person.mattes)
    assert any("misses the face's landmarks" in warning for warning in fit.warnings)
    assert np.isfinite(rest_px(model, fit)).all()


def rest_px(model, fit):
    return fit.views[0].camera.project(model.rest_vertices(fit.identity, fit.offsets_m))[0]
