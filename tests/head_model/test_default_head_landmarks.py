"""The landmark embedding of the default head against landmarks detected on its renders."""

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.default import load_default_head
from headsmith.head_model.embedding import (
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    IRIS_LEFT,
    IRIS_RIGHT,
    EmbeddingOptions,
    Look,
    embed_landmarks,
    orbit_camera,
    render,
)
from headsmith.head_model.tints import part_colors
from headsmith.types import Landmarks

OUTER_UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409)
OUTER_LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375)


@pytest.fixture(scope="module")
def head():
    return load_default_head()


def test_detected_landmarks_meet_the_embedding(head):
    """On a 1024 px front render of the mean head, the well-defined points lie within 1.5 px on average."""
    landmarks = pytest.importorskip("headsmith.landmarks")
    camera = orbit_camera(0.0, EmbeddingOptions())
    image, _ = render(head.v_template, head.faces, camera, part_colors(head))
    found = landmarks.detect(image)
    projected, _ = camera.project(head.landmarks(head.v_template))
    error = np.linalg.norm(projected - found.points_px, axis=1)
    defined = head.landmark_weight > 0.5
    assert defined.sum() > 380
    assert error[defined].mean() < 1.5


def test_irises_lie_on_the_eyeballs(head):
    points = head.landmarks(head.v_template)
    joints = head.joints(head.v_template)
    for rows, part, joint in ((IRIS_LEFT, "eye_left", joints[3]), (IRIS_RIGHT, "eye_right", joints[4])):
        assert head.faces_of(part)[head.landmark_triangle[rows]].all()
        assert np.linalg.norm(points[rows[0], :2] - joint[:2]) < 0.0015
        radius = np.linalg.norm(points[rows[1:], :2] - points[rows[0], :2], axis=1)
        assert np.abs(radius - 0.0058).max() < 0.0015


def test_lower_lip_landmarks_move_with_the_jaw_and_upper_ones_do_not(head):
    opened = head.v_template + head.arkit[ARKIT_52.index("jawOpen")]
    drop = -(head.landmarks(opened) - head.landmarks(head.v_template))[:, 1]
    assert drop[[*INNER_LOWER_LIP, *OUTER_LOWER_LIP]].min() > 0.012
    # near the corners the upper lip follows a little, as the corners themselves do
    assert drop[[*INNER_UPPER_LIP, *OUTER_UPPER_LIP]].max() < 0.009
    x = head.landmarks(head.v_template)[:, 0]
    for row in (INNER_UPPER_LIP, INNER_LOWER_LIP):
        assert (np.diff(x[[78, *row, 308]]) > 0.001).all()


def test_other_landmarks_lie_on_the_skin_in_their_places(head):
    assert head.faces_of("head")[head.landmark_triangle[:468]].all()
    p = head.landmarks(head.v_template)
    np.testing.assert_allclose(head.landmark_barycentric.sum(1), 1, atol=1e-5)
    assert head.landmark_barycentric.min() >= -1e-6
    nose_tip, chin, forehead, left_corner, right_corner = p[[4, 152, 10, 291, 61]]
    assert nose_tip[2] > p[:468, 2].max() - 0.003
    assert chin[1] < nose_tip[1] < forehead[1]
    assert left_corner[0] > 0.015
    assert right_corner[0] < -0.015
    np.testing.assert_allclose(left_corner * [-1, 1, 1], right_corner, atol=0.003)


def test_embedding_of_known_points_finds_them_again(head):
    """A detector that knows the truth: points on the skin, projected, come back to where they were."""
    rng = np.random.default_rng(2)
    options = EmbeddingOptions(size_px=512)
    skin = np.flatnonzero(head.faces_of("head") & (head.regions["face"][head.faces].min(1) > 0.9))
    triangle = rng.choice(skin, 478)
    barycentric = rng.dirichlet([1, 1, 1], 478)
    truth = (head.v_template[head.faces[triangle]] * barycentric[..., None]).sum(1)
    cameras = iter([orbit_camera(yaw, options) for yaw in options.yaws_rad])

    def detect(_):
        points, _ = next(cameras).project(truth.astype(np.float32))
        return Landmarks(points, np.zeros(478), np.zeros(52), np.eye(4))

    look = Look(skin_faces=head.faces_of("head"))
    found = embed_landmarks(head.v_template, head.faces, detect, look, options)
    points = (head.v_template[head.faces[found.triangle]] * found.barycentric[..., None]).sum(1)
    error = np.linalg.norm(points - truth, axis=1)
    # a few lie on folds that no view sees
    assert np.median(error) < 0.0005
    assert np.quantile(error, 0.95) < 0.002


def test_a_mesh_without_a_face_is_an_error(head):
    with pytest.raises(ValueError, match="no face"):
        embed_landmarks(head.v_template, head.faces, lambda _: None, options=EmbeddingOptions(size_px=64))
