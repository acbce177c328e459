"""Textures from several photos of which some are blurred, covered, displaced or lit otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from headsmith.head_model.shading import render_textured
from headsmith.texture import TextureParams, make_texture
from headsmith.texture.choose import choose
from headsmith.texture.lids import BLINKS, find_lids
from headsmith.texture.project import Shot
from headsmith.texture.strain import neutral_share
from headsmith.texture.survey import survey

PARAMS = TextureParams(size_px=512, analysis_px=384)
YAWS = (-0.35, -0.15, 0.0, 0.15, 0.35)
BLURRED, COVERED, DISPLACED, CLOSED = 0, 1, 3, 4
MOVED_PX = 2.0
HAND_M = np.array([0.035, -0.035, 0.0])
"""where the hand's middle is seen from the front, and its radius"""
RADIUS_M = 0.02


def cheek(subject) -> np.ndarray:
    """[V] the skin under the hand."""
    v = subject.model.v_template
    return (np.hypot(v[:, 0] - HAND_M[0], v[:, 1] - HAND_M[1]) < 0.7 * RADIUS_M) & (v[:, 2] > 0)


@pytest.fixture(scope="module")
def shots(subject, light) -> list[Shot]:
    out = []
    for number, yaw in enumerate(YAWS):
        frame, mattes, view = subject.shoot(yaw, light)
        vertices, image = subject.model.v_template, frame.image
        if number == CLOSED:
            expression = np.array([name in BLINKS for name in subject.model.expression_names], np.float32)
            m = subject.model
            vertices = m.pose(m.v_template, expression, view.joint_rotations).astype(np.float32)
            view = replace(view, expression=expression)
            shown, buffers = render_textured(vertices, m.faces, m.uvs, m.uv_faces, subject.albedo, view.camera, light)
            drawn = (buffers.triangle >= 0)[..., None]
            image = np.where(drawn, np.round(shown * 255), image).astype(np.uint8)
        if number == BLURRED:
            image = ndimage.gaussian_filter(image, (2.5, 2.5, 0))
        if number == COVERED:
            y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
            spot = vertices[cheek(subject)].mean(0)
            (px,), (depth_m,) = view.camera.project(spot[None])
            hand = np.hypot(x - px[0], y - px[1]) < RADIUS_M * view.camera.focal_px / depth_m
            image = np.where(hand[..., None], np.array([120, 90, 80], np.uint8), image)
        if number == DISPLACED:
            cx, cy = view.camera.principal_px
            view = replace(view, camera=replace(view.camera, principal_px=(cx + MOVED_PX, cy)))
        out.append(Shot(replace(frame, image=image), mattes, view, vertices))
    return out


@pytest.fixture(scope="module")
def known(subject, shots):
    return survey(subject.model, shots, subject.model.v_template, PARAMS)


@pytest.fixture(scope="module")
def made(subject, shots):
    fit = subject.fit(*(shot.view for shot in shots))
    return make_texture(subject.model, fit, [s.frame for s in shots], [s.mattes for s in shots], PARAMS)


@pytest.fixture(scope="module")
def front(subject) -> np.ndarray:
    """[V] the middle of the face, that all photos show."""
    v = subject.model.v_template
    return (subject.model.regions["face"] > 0.9) & (np.abs(v[:, 0]) < 0.03) & (v[:, 2] > 0)


def test_a_blurred_photo_counts_little(known, front) -> None:
    quality = known.quality[:, front].mean(1)
    assert quality[BLURRED] < 0.5 * quality[2]


def test_a_hand_counts_little_where_it_is(subject, known, front) -> None:
    under = cheek(subject)
    assert known.quality[COVERED, under].mean() < 0.25 * known.quality[2, under].mean()
    assert known.quality[COVERED, front].mean() > 0.5 * known.quality[2, front].mean()


def test_a_displaced_photo_is_laid_on_the_others(known, front) -> None:
    found = known.shifts_px[:, front].mean(1)
    others = np.mean([found[i] for i in (1, 2)], axis=0)
    assert found[DISPLACED][0] - others[0] == pytest.approx(-MOVED_PX, abs=0.6)
    assert abs(found[DISPLACED][1] - others[1]) < 0.4


def test_the_hand_is_not_in_the_texture(subject, made) -> None:
    atlas = subject.atlas
    under = atlas.at(cheek(subject).astype(np.float32)) > 0.9
    ratio = made.albedo.reshape(-1, 3)[atlas.texel][under] / 255 / subject.albedo.reshape(-1, 3)[atlas.texel][under]
    beside = (atlas.at(subject.model.regions["face"]) > 0.9) & (atlas.at(subject.model.v_template)[:, 0] < -0.02)
    usual = made.albedo.reshape(-1, 3)[atlas.texel][beside] / 255 / subject.albedo.reshape(-1, 3)[atlas.texel][beside]
    assert np.abs(np.median(ratio, 0) / np.median(usual, 0) - 1).max() < 0.06


def test_lids_come_from_closed_eyes(subject, made) -> None:
    open_eyes = find_lids(subject.model, [np.zeros(len(subject.model.expression_names), np.float32)])
    lids = subject.atlas.at(open_eyes.anywhere) > 0.9
    assert made.observed.reshape(-1)[subject.atlas.texel][lids].mean() > 0.4


def test_every_photo_gets_its_light(made, shots) -> None:
    assert made.light_sh.shape == (len(shots), 9, 3)
    constant = made.light_sh[:, 0].mean(1)
    assert np.abs(constant / constant.mean() - 1).max() < 0.1


def test_skin_that_an_expression_stretches_counts_less(subject) -> None:
    m = subject.model
    weights = np.zeros(len(m.expression_names), np.float32)
    weights[[m.expression_names.index(n) for n in ("mouthSmileLeft", "mouthSmileRight")]] = 1
    still = np.zeros((len(m.joint_names), 3), np.float32)
    share = neutral_share(m, m.v_template, m.pose(m.v_template, weights, still))
    assert share[m.regions["lips"] > 0.9].mean() < 0.8
    assert share[m.regions["scalp"] > 0.9].mean() > 0.99


def test_few_of_many_photos_are_chosen_and_none_of_them_blurred(shots) -> None:
    many = [shots[2]] * 4 + [shots[BLURRED], shots[CLOSED], shots[COVERED]]
    assert choose(many, len(many)) == list(range(len(many)))
    chosen = choose(many, 3)
    assert chosen == [0, 5, 6]
