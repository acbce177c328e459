"""Frames of one clip: one camera, one still face, and a head that many views know better than one."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.fit import FitParams, OffsetParams, fit_head
from headsmith.fit.facing import landmark_trust
from headsmith.fit.ties import MOVES_WITH_THE_GAZE
from headsmith.head_model.landmark_sets import LEFT_EYE, RIGHT_EYE

SMALL = FitParams(rounds=1, iterations=8, offsets=OffsetParams(samples=160, modes=30))
CLIP = replace(SMALL, one_camera=True, still=True)
OF_THE_FACE = [not name.startswith(MOVES_WITH_THE_GAZE) for name in ARKIT_52]


@pytest.fixture(scope="module")
def person(make_person):
    return make_person(seed=3, views=4, smile=0.4, clip=True)


@pytest.fixture(scope="module")
def fit(model, person):
    return fit_head(model, person.frames, person.landmarks, person.mattes, CLIP)


def test_all_frames_have_one_focal_length(person, fit):
    focal = np.array([view.camera.focal_px for view in fit.views])
    np.testing.assert_allclose(focal, focal[0], rtol=1e-9)
    assert focal[0] == pytest.approx(person.cameras[0].focal_px, rel=0.1)


def test_all_frames_show_one_expression_but_for_the_eyes(person, fit):
    shown = np.stack([view.expression for view in fit.views])
    assert np.array_equal(shown[:, OF_THE_FACE], np.tile(shown[0, OF_THE_FACE], (len(shown), 1)))
    assert not np.array_equal(shown[0], shown[1])
    assert np.abs(shown[0] - person.expressions[0])[OF_THE_FACE].mean() < 0.05


def test_many_views_know_the_head_better_than_one(model, person, rest_of, face_error_mm):
    # a detector errs alike over all of a face, and otherwise in the next frame
    rng = np.random.default_rng(5)
    seen = []
    for landmarks in person.landmarks:
        arm = landmarks.points_px - landmarks.points_px.mean(0)
        stretched = landmarks.points_px + arm @ rng.normal(0, 0.04, (2, 2))
        seen.append(replace(landmarks, points_px=stretched.astype(np.float32)))
    one = fit_head(model, person.frames[:1], seen[:1], person.mattes[:1], SMALL)
    many = fit_head(model, person.frames, seen, person.mattes, CLIP)
    assert face_error_mm(rest_of(many), person.rest_m) < 0.9 * face_error_mm(rest_of(one), person.rest_m)


def test_a_bad_frame_spoils_little(model, person, fit, rest_of, face_error_mm):
    wrong = person.landmarks[1].points_px[::-1].copy()
    landmarks = [*person.landmarks]
    landmarks[1] = replace(landmarks[1], points_px=wrong)
    spoilt = fit_head(model, person.frames, landmarks, person.mattes, CLIP)
    good = face_error_mm(rest_of(fit), person.rest_m)
    assert face_error_mm(rest_of(spoilt), person.rest_m) < good + 0.5
    assert any("misses the face's landmarks" in warning for warning in spoilt.warnings)


def test_a_photo_beside_the_clip_keeps_its_camera_and_expression(model, person, make_person):
    other = make_person(seed=3, smile=0.0)
    photo = replace(other.frames[0], sha256="f" * 64, camera=replace(other.frames[0].camera, focal_px=2000.0))
    both = ((*person.frames[:2], photo), person.landmarks[:2] + other.landmarks, person.mattes[:2] + other.mattes)
    first, second, beside = fit_head(model, *both, CLIP).views
    assert first.camera.focal_px == pytest.approx(second.camera.focal_px, rel=1e-9)
    assert beside.camera.focal_px > 1.15 * first.camera.focal_px
    smile = ARKIT_52.index("mouthSmileLeft")
    assert beside.expression[smile] < first.expression[smile] - 0.1


def test_the_far_side_of_a_turned_face_is_believed_less(model, person, make_person):
    turned = make_person(seed=3, yaw=0.9).cameras[0]
    trust = landmark_trust(model, person.rest_m, turned)
    left, right = trust[list(LEFT_EYE)].mean(), trust[list(RIGHT_EYE)].mean()
    near, far = (left, right) if turned.position_m[0] > 0 else (right, left)
    assert far < 0.8 * near
    assert trust.mean() < 0.5 * landmark_trust(model, person.rest_m, person.cameras[0]).mean()
