"""Teeth and tongue of the default head: hidden at rest, shown by smiles and open mouths, never through the skin."""

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.default import load_default_head
from headsmith.head_model.raster import rasterize
from headsmith.head_model.sheet import sheet_camera

STILL = np.zeros((5, 3), np.float32)
INSIDE = ("teeth_upper", "teeth_lower", "tongue")
SMILE = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "jawOpen": 0.1}
LAUGH = {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "mouthUpperUpLeft": 0.6, "mouthUpperUpRight": 0.6,
         "jawOpen": 0.2}  # fmt: skip
SHAPES = [{}, SMILE, LAUGH, {"jawOpen": 0.3}, {"jawOpen": 1}, {"mouthFunnel": 1}, {"mouthPucker": 1},
          {"jawOpen": 1, "mouthClose": 1}]  # fmt: skip


@pytest.fixture(scope="module")
def head():
    return load_default_head()


@pytest.fixture(scope="module")
def heads(head):
    rng = np.random.default_rng(5)
    return [head.v_template, *(head.rest_vertices(rng.normal(size=150)) for _ in range(8))]


def posed(head, rest, weights):
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[ARKIT_52.index(name)] = weight
    return head.pose(rest, values, STILL)


def part_pixels(head, vertices, yaw=0.0):
    """name -> picture rows in which the part is seen, one entry per pixel."""
    triangle = rasterize(vertices, head.faces, sheet_camera(yaw, 640)).triangle
    part = np.where(triangle >= 0, head.face_part[np.maximum(triangle, 0)], -1)
    return {name: np.nonzero(part == head.part_names.index(name))[0] for name in INSIDE}


def through_the_skin(head, vertices, yaw):
    """Pixels that show teeth or tongue where the head alone shows its outer skin, not the inside of the mouth."""
    camera, skin = sheet_camera(yaw, 512), np.flatnonzero(head.faces_of("head"))
    whole = rasterize(vertices, head.faces, camera).triangle
    alone = rasterize(vertices, head.faces[skin], camera).triangle
    outer = head.regions["inner_mouth"][head.faces[skin]].max(1) < 0.5
    inside = (whole >= 0) & head.faces_of(*INSIDE)[np.maximum(whole, 0)]
    return int((inside & (alone >= 0) & outer[np.maximum(alone, 0)]).sum())


@pytest.mark.parametrize("weights", SHAPES, ids=lambda w: "+".join(w) or "rest")
def test_nothing_pokes_through_lips_or_chin(head, heads, weights):
    for rest in heads:
        vertices = posed(head, rest, weights)
        assert [through_the_skin(head, vertices, yaw) for yaw in (-0.7, 0.0, 0.7)] == [0, 0, 0]


def test_the_mouth_is_shut_at_rest(head, heads):
    for rest in heads:
        for yaw in (-0.6, 0.0, 0.6):
            assert sum(len(rows) for rows in part_pixels(head, rest, yaw).values()) <= 6


def test_a_smile_shows_upper_teeth_and_no_tongue(head):
    seen = part_pixels(head, posed(head, head.v_template, LAUGH))
    assert len(seen["teeth_upper"]) > 500
    assert len(seen["tongue"]) < 0.05 * len(seen["teeth_upper"])


def test_an_open_mouth_shows_upper_teeth_tongue_and_lower_teeth_from_top_to_bottom(head):
    seen = part_pixels(head, posed(head, head.v_template, {"jawOpen": 1}))
    assert min(len(rows) for rows in seen.values()) > 50
    assert seen["teeth_upper"].mean() < seen["tongue"].mean() < np.quantile(seen["teeth_lower"], 0.8)


def test_front_teeth_stand_just_behind_the_upper_lip(head):
    upper, lower = (head.v_template[np.unique(head.faces[head.faces_of(part)])] for part in INSIDE[:2])
    lips = head.v_template[(head.regions["lips"] > 0.5) & (np.abs(head.v_template[:, 0]) < 0.003)]
    front = upper[np.abs(upper[:, 0]) < 0.003]
    assert 0.005 < lips[:, 2].max() - front[:, 2].max() < 0.016
    assert 0.013 < np.ptp(front[:, 1]) < 0.018
    assert 0.001 < front[:, 2].max() - lower[:, 2].max() < 0.005
