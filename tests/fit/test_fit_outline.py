"""Bare skin draws the outline to the matte's edge; hair only keeps the skull inside."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from headsmith.fit.points import head_space
from headsmith.fit.silhouette import match_outline
from headsmith.fit.state import layout_of
from headsmith.types import Mattes


@pytest.fixture(scope="module")
def scene(model, make_person):
    person = make_person(seed=5)
    space = head_space(model, np.zeros((*model.v_template.shape, 3)), layout_of(model, 3))
    vertices = model.pose(person.rest_m, person.expressions[0], np.zeros((5, 3), np.float32))
    return space, vertices, person.cameras[0], person.mattes[0]


def _distance_px(outline, vertices, camera):
    """Mean signed distance from the outline to its match, outward."""
    px, _ = camera.project(outline_points(outline, vertices))
    return float(np.average(((outline.matched_px - px) * outline.normals).sum(1), weights=outline.weights))


def outline_points(outline, vertices):
    """[K, 3] by nearest vertex, which is near enough for means."""
    from headsmith.fit.points import rest_points

    rest = rest_points(outline.points, np.zeros(outline.points.space.layout.shared)).value
    nearest = np.linalg.norm(outline.points.space.model.v_template[None] - rest[:, None], axis=-1).argmin(1)
    return vertices[nearest]


def test_a_true_outline_is_left_alone(scene):
    space, vertices, camera, mattes = scene
    outline = match_outline(space, vertices, camera, mattes, 384)
    assert len(outline.weights) > 100
    assert abs(_distance_px(outline, vertices, camera)) < 1.0


@pytest.mark.parametrize("pixels", [-6, 6])
def test_skin_pulls_both_ways(scene, pixels):
    space, vertices, camera, mattes = scene
    outline = match_outline(space, vertices, camera, _grown(mattes, pixels), 384)
    assert _distance_px(outline, vertices, camera) == pytest.approx(pixels, abs=1.5)


def test_hair_only_pushes_inward(scene):
    space, vertices, camera, mattes = scene
    hairy = replace(mattes, hair=mattes.head, skin=np.zeros_like(mattes.skin))
    assert match_outline(space, vertices, camera, _grown(hairy, 8), 384) is None
    inside = match_outline(space, vertices, camera, _grown(hairy, -6), 384)
    assert _distance_px(inside, vertices, camera) == pytest.approx(-6, abs=1.5)


def test_clothes_are_no_edge(scene):
    space, vertices, camera, mattes = scene
    dressed = replace(mattes, person=np.ones_like(mattes.person))
    assert match_outline(space, vertices, camera, dressed, 384) is None


def _grown(mattes, pixels):
    change = binary_dilation if pixels > 0 else binary_erosion
    kernel = np.hypot(*np.mgrid[-9:10, -9:10]) <= abs(pixels)
    return Mattes(*(change(m > 0.5, kernel).astype(np.float32) if m.any() else m
                    for m in (mattes.person, mattes.head, mattes.hair, mattes.skin)))  # fmt: skip
