"""The sample portrait: a smiling astronaut becomes a head with a mouth that can close."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.capture import crop_frame, crop_landmarks, head_box, load_photo
from headsmith.fit import fit_head
from headsmith.fit.repair import folded
from headsmith.head_model.landmark_sets import inter_ocular_px, lip_weights
from headsmith.landmarks import detect_in
from headsmith.matting import MatteParams, matte

NO_ROTATIONS = np.zeros((5, 3), np.float32)
LIDS = ((159, 145), (386, 374))


@pytest.fixture(scope="module")
def photo(portrait):
    frame = load_photo(portrait)
    seen = detect_in(frame)
    box = head_box(seen, frame.camera.size_px)
    size = (box[2] - box[0], box[3] - box[1])
    frame, landmarks = crop_frame(frame, box, size), crop_landmarks(seen, box, size)
    return frame, landmarks, matte(frame, landmarks, MatteParams())


@pytest.fixture(scope="module")
def fit(model, photo):
    frame, landmarks, mattes = photo
    return fit_head(model, (frame,), (landmarks,), (mattes,))


@pytest.fixture(scope="module")
def rest(model, fit):
    return model.rest_vertices(fit.identity, fit.offsets_m)


def _posed(model, rest, **weights):
    expression = np.array([weights.get(name, 0.0) for name in ARKIT_52], np.float32)
    return model.pose(rest, expression, NO_ROTATIONS)


def test_landmarks_lie_within_two_percent_of_the_eye_distance(model, photo, fit, rest):
    view, seen = fit.views[0], photo[1]
    px, _ = view.camera.project(model.landmarks(model.pose(rest, view.expression, view.joint_rotations)))
    error = np.linalg.norm(px - seen.points_px, axis=1)
    assert error.mean() < 0.02 * inter_ocular_px(seen.points_px)


def test_the_smile_is_expression(fit):
    smile = fit.views[0].expression[[ARKIT_52.index("mouthSmileLeft"), ARKIT_52.index("mouthSmileRight")]]
    assert (smile > 0.4).all()


def test_weights_are_weights(fit):
    expression = fit.views[0].expression
    assert expression.shape == (52,)
    assert ((expression >= 0) & (expression <= 1)).all()


def test_the_neutral_mouth_is_shut_and_level(model, rest):
    points, mean = model.landmarks(rest), model.landmarks(model.v_template)
    gap = np.linalg.norm((points[13] - points[14]) - (mean[13] - mean[14]))
    assert gap < 0.5e-3
    # a smile left in the identity would lift the corners above the middle
    lift = points[[61, 291], 1].mean() - points[[13, 14], 1].mean()
    mean_lift = mean[[61, 291], 1].mean() - mean[[13, 14], 1].mean()
    assert abs(lift - mean_lift) < 3e-3


def test_eyes_close_as_on_the_mean_head(model, rest):
    def gaps(vertices):
        points = model.landmarks(vertices)
        return np.array([points[upper, 1] - points[lower, 1] for upper, lower in LIDS])

    closed = gaps(_posed(model, rest, eyeBlinkLeft=1.0, eyeBlinkRight=1.0))
    mean_closed = gaps(_posed(model, model.v_template, eyeBlinkLeft=1.0, eyeBlinkRight=1.0))
    assert (closed < mean_closed + 0.7e-3).all()


def test_lids_stay_outside_the_eyeballs(model, rest):
    for part in ("eye_left", "eye_right"):
        rows = np.unique(model.faces[model.faces_of(part)])
        lids = np.setdiff1d(np.flatnonzero(model.regions["eyes"] > 0.5), rows)
        center, mean_center = rest[rows].mean(0), model.v_template[rows].mean(0)
        distance, mean_distance = (np.linalg.norm(v[lids] - c, axis=1)
                                   for v, c in ((rest, center), (model.v_template, mean_center)))  # fmt: skip
        near = mean_distance < 0.016
        assert np.percentile(distance[near] - mean_distance[near], 1) > -1.5e-3


def test_nothing_is_folded(model, fit, rest):
    unchanged = model.rest_vertices(fit.identity)
    assert not folded(unchanged, rest, model.faces).any()


def test_the_light_is_finite_and_bright_in_front(fit):
    from headsmith.head_model.shading import sh_basis

    light = fit.views[0].light_sh
    assert light.shape == (9, 3)
    front = sh_basis(np.array([[0.0, 0, 1]], np.float32)) @ light
    assert ((front > 0.4) & (front < 2)).all()


def test_a_lip_point_on_the_wrong_lip_is_left_out(model):
    upper, lower = 13, 14
    swapped = model.landmark_triangle.copy()
    outer_upper, outer_lower = 0, 17
    swapped[[upper, lower]] = model.landmark_triangle[[outer_lower, outer_upper]]
    weights = lip_weights(replace(model, landmark_triangle=swapped))
    assert (weights[[upper, lower]] == 0).all()
    assert (weights[[outer_upper, outer_lower]] == 1).all()
