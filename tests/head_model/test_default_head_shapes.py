"""What the blendshapes and identities of the default head do, measured."""

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.default import load_default_head
from headsmith.head_model.raster import rasterize
from headsmith.head_model.sheet import blendshape_sheet, sheet_camera

FLIP = np.array([-1, 1, 1], np.float32)
STILL = np.zeros((5, 3), np.float32)


@pytest.fixture(scope="module")
def head():
    return load_default_head()


def delta(head, name):
    return head.arkit[ARKIT_52.index(name)]


def posed(head, rest=None, **weights):
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[ARKIT_52.index(name)] = weight
    return head.pose(head.v_template if rest is None else rest, values, STILL)


def rows_of(head, part):
    return np.unique(head.faces[head.faces_of(part)])


def twin(name):
    for here, there in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(here):
            return name.removesuffix(here) + there
    return name


@pytest.mark.parametrize("name", ARKIT_52)
def test_every_shape_moves_something_and_nothing_flies_away(head, name):
    length = np.linalg.norm(delta(head, name), axis=1)
    assert 0.0015 < length.max() < 0.05
    neck = head.v_template[:, 1] < -0.17
    assert length[neck].max() < 0.004


@pytest.mark.parametrize("name", ARKIT_52)
def test_left_and_right_mirror_each_other(head, name):
    np.testing.assert_allclose(delta(head, name)[head.mirror] * FLIP, delta(head, twin(name)), atol=2.1e-6)


@pytest.mark.parametrize("name", [n for n in ARKIT_52 if n.endswith("Left") and n not in ("jawLeft", "mouthLeft")])
def test_left_means_the_subjects_left(head, name):
    length = np.linalg.norm(delta(head, name), axis=1)
    x = head.v_template[:, 0]
    assert np.average(x, weights=length) > 0.003
    if name.startswith(("eye", "browOuter", "cheekSquint")):
        assert length[x < -0.002].max() < 1e-3
    if name.startswith("eye"):
        assert length[x < -0.006].max() < 3e-4


@pytest.mark.parametrize("name", ["jawLeft", "mouthLeft"])
def test_sideways_shapes_go_to_the_subjects_left(head, name):
    d = delta(head, name)
    assert d[np.linalg.norm(d, axis=1).argmax(), 0] > 0.004


def test_jaw_open_takes_chin_lower_teeth_and_tongue_down_and_leaves_the_upper_teeth(head):
    d, v = delta(head, "jawOpen"), head.v_template
    chin = rows_of(head, "head")
    chin = chin[(np.abs(v[chin, 0]) < 0.01) & (v[chin, 1] < -0.09) & (v[chin, 2] > 0)]
    assert d[chin, 1].max() < -0.015
    assert d[rows_of(head, "teeth_lower"), 1].max() < -0.005
    assert d[rows_of(head, "teeth_lower"), 1].min() < -0.02
    assert d[rows_of(head, "tongue"), 1].mean() < -0.01
    assert np.abs(d[rows_of(head, "teeth_upper")]).max() == 0
    assert np.abs(d[rows_of(head, "eye_left")]).max() == 0


def seen(head, vertices, parts, yaw=0.0):
    triangle = rasterize(vertices, head.faces, sheet_camera(yaw, 512)).triangle
    return int(np.isin(head.face_part[triangle[triangle >= 0]], [head.part_names.index(p) for p in parts]).sum())


MOUTH, EYES = ("teeth_upper", "teeth_lower", "tongue"), ("eye_left", "eye_right")


def test_mouth_is_shut_at_rest_and_opens(head):
    assert seen(head, head.v_template, MOUTH) == 0
    assert seen(head, posed(head, jawOpen=1), MOUTH) > 800


@pytest.mark.parametrize("weight", [0.2, 0.5, 1.0])
def test_mouth_close_closes_what_jaw_open_opens(head, weight):
    open_px = seen(head, posed(head, jawOpen=weight), MOUTH)
    closed_px = seen(head, posed(head, jawOpen=weight, mouthClose=weight), MOUTH)
    assert closed_px <= 0.02 * open_px


def lid_gap_mm(head, vertices):
    """The largest height of the visible eyeball of the left eye, in a fine front view."""
    camera = sheet_camera(0.0, 2048)
    triangle = rasterize(vertices, head.faces, camera).triangle
    left = (triangle >= 0) & (head.face_part[np.maximum(triangle, 0)] == head.part_names.index("eye_left"))
    return left.sum(0).max() / camera.focal_px * 1e3


def test_blink_closes_the_lids_over_the_eyeball(head):
    assert lid_gap_mm(head, head.v_template) > 6
    assert lid_gap_mm(head, posed(head, eyeBlinkLeft=0.5)) < 6
    assert lid_gap_mm(head, posed(head, eyeBlinkLeft=1)) < 1
    shut = posed(head, eyeBlinkLeft=1, eyeBlinkRight=1)
    for yaw in (-0.6, 0.0, 0.6):
        assert seen(head, shut, EYES, yaw) == 0


def test_blink_works_on_other_identities(head):
    rng = np.random.default_rng(11)
    for _ in range(6):
        rest = head.rest_vertices(rng.normal(size=150))
        assert seen(head, posed(head, rest, eyeBlinkLeft=1, eyeBlinkRight=1), EYES) <= 5
        assert seen(head, rest, MOUTH) <= 10
        assert seen(head, rest, EYES) > 500


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [("eyeLookUpLeft", 1, 1), ("eyeLookDownLeft", 1, -1), ("eyeLookInLeft", 0, -1), ("eyeLookOutLeft", 0, 1)],
)
def test_gaze_turns_the_eyeball_without_deforming_it(head, name, axis, sign):
    rows = rows_of(head, "eye_left")
    ball, moved = head.v_template[rows], head.v_template[rows] + delta(head, name)[rows]
    pupil = int(ball[:, 2].argmax())
    assert 0.004 < sign * (moved - ball)[pupil, axis] < 0.008
    centre = head.joints(head.v_template)[3]
    radius = [np.linalg.norm(points - centre, axis=1) for points in (ball, moved)]
    np.testing.assert_allclose(*radius, atol=2e-5)
    lids = delta(head, name)[rows_of(head, "head")]
    assert 0.0005 < np.abs(lids).max() < 0.006


def test_mouth_pucker_narrows_and_protrudes(head):
    d, v, lips = delta(head, "mouthPucker"), head.v_template, head.regions["lips"] > 0.5
    width = [np.ptp(points[lips, 0]) for points in (v, v + d)]
    assert width[1] < 0.8 * width[0]
    middle = lips & (np.abs(v[:, 0]) < 0.008)
    assert d[middle, 2].mean() > 0.003


def test_smile_frown_and_brows_go_the_right_way(head):
    v = head.v_template
    lips = np.flatnonzero(head.regions["lips"] > 0.5)
    corner = lips[v[lips, 0].argmax()]
    assert delta(head, "mouthSmileLeft")[corner, 1] > 0.003
    assert delta(head, "mouthFrownLeft")[corner, 1] < -0.002
    brow = (np.abs(v[:, 1] - 0.022) < 0.006) & (v[:, 0] > 0.01) & (v[:, 0] < 0.05) & (v[:, 2] > 0)
    assert delta(head, "browDownLeft")[brow, 1].mean() < -0.001
    assert delta(head, "browOuterUpLeft")[brow & (v[:, 0] > 0.03), 1].mean() > 0.002
    assert delta(head, "browInnerUp")[brow & (v[:, 0] < 0.025), 1].mean() > 0.002


def test_tongue_comes_out(head):
    tongue = rows_of(head, "tongue")
    tip = tongue[head.v_template[tongue, 2].argmax()]
    out = head.v_template[tip] + delta(head, "tongueOut")[tip]
    lips = head.v_template[head.regions["lips"] > 0.5]
    assert out[2] > lips[:, 2].max() + 0.005


def test_jaw_joint_opens_the_mouth(head):
    rotations = STILL.copy()
    rotations[2, 0] = 0.3
    opened = head.pose(head.v_template, np.zeros(52, np.float32), rotations)
    assert seen(head, opened, MOUTH) > 300


def test_eyes_move_with_the_identity(head):
    rng = np.random.default_rng(12)
    for _ in range(10):
        rest = head.rest_vertices(rng.normal(size=150))
        joints = head.joints(rest)
        for part, joint in (("eye_left", joints[3]), ("eye_right", joints[4])):
            radius = np.linalg.norm(rest[rows_of(head, part)] - joint, axis=1)
            assert np.ptp(radius) < 0.03 * radius.mean()
        assert 0.053 < joints[3, 0] - joints[4, 0] < 0.070


def test_identities_are_heads_of_adults(head):
    """A draw at one standard deviation on every component keeps the order of the face's features and its size."""
    rng = np.random.default_rng(13)
    skin = rows_of(head, "head")
    template = head.v_template
    nose = skin[template[skin, 2].argmax()]
    front = (np.abs(template[:, 0]) < 0.012) & (template[:, 2] > -0.005)
    chin = np.flatnonzero(front)[template[front, 1].argmin()]
    lips = np.flatnonzero((head.regions["lips"] > 0.5) & (np.abs(template[:, 0]) < 0.01))
    sizes = []
    for _ in range(30):
        v = head.rest_vertices(rng.normal(size=150))
        assert v[chin, 1] < v[lips, 1].mean() < v[nose, 1] < 0
        assert v[nose, 2] == pytest.approx(v[skin, 2].max(), abs=0.004)
        sizes.append([np.ptp(v[skin][v[skin, 1] > 0.03][:, 0]), v[skin, 1].max() - v[chin, 1]])
    low, high = np.min(sizes, 0), np.max(sizes, 0)
    assert (low > [0.12, 0.17]).all()
    assert (high < [0.175, 0.29]).all()


def test_sheet_shows_every_shape(head):
    sheet = blendshape_sheet(head, 64)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (6 * 80, 9 * 64, 3)
    assert sheet.std() > 20
