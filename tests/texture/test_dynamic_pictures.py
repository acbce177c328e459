"""The dynamic texture learnt from pictures: of a known subject whose lips and lids change colour with its face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.texture.sitter import SIZE_PX, Sitter, make_sitter

from headsmith.asset import Material, TextureNetwork
from headsmith.asset.texture_blend import TextureBlend
from headsmith.bench.subject import LIGHT
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import render_textured, sample_bilinear
from headsmith.texture import DynamicParams, dynamic_mask, train_dynamic
from headsmith.texture.dynamic_inputs import view_vector
from headsmith.texture.dynamic_network import Sizes
from headsmith.texture.dynamic_params import MASK_PX
from headsmith.texture.dynamic_raster import believed, look_up, skin_of
from headsmith.types import F32, Bool, TrainingView

PARAMS = DynamicParams(sizes=Sizes(texture_px=256), steps=120, batch=2, perceptual=0.0)
FACES = ({}, {"jawOpen": 0.7}, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, {"jawOpen": 0.35}, {"mouthSmileLeft": 0.8},
         {"jawOpen": 0.6, "eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9})  # fmt: skip
HELD_OUT = {"jawOpen": 0.55, "mouthSmileLeft": 0.3, "eyeBlinkLeft": 0.1, "eyeBlinkRight": 0.1}


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    return make_sitter()


@pytest.fixture(scope="module")
def views(sitter) -> list[TrainingView]:
    return [sitter.view(face, yaw) for face, yaw in zip(FACES, (0, 5, -5, 12, -12, 8), strict=True)]


@pytest.fixture(scope="module")
def skin(sitter):
    return skin_of(sitter.subject.model, sitter.fit, sitter.texture)


@pytest.fixture(scope="module")
def learnt(sitter, views) -> tuple[TextureNetwork, list[float]]:
    told: list[float] = []
    made = train_dynamic(sitter.subject.model, sitter.fit, sitter.texture, views, PARAMS, told.append)
    return TextureNetwork(made), told


def shown(sitter: Sitter, network: TextureNetwork, view: TrainingView) -> tuple[F32, F32, Bool]:
    """The mesh in a view with its static and its dynamic texture, and where its lips are."""
    model = sitter.subject.model
    material = Material(sitter.subject.albedo, dynamic_mask(model, MASK_PX), LIGHT)
    blend = TextureBlend(material, (network.height_px, network.width_px))
    texture = blend.shown(network.texture(view_vector(model, view)))
    posed = model.pose(sitter.subject.rest_m, view.expression, view.joint_rotations).astype(np.float32)
    images = [render_textured(posed, model.faces, model.uvs, model.uv_faces, t, view.camera, LIGHT)[0]
              for t in (sitter.subject.albedo, texture)]  # fmt: skip
    buffers = rasterize(posed, model.faces, view.camera)
    lips = sample_bilinear(sitter.lips, buffers.interpolate(model.uvs[model.uv_faces]))[..., 0] > 0.8
    return images[0], images[1], lips & (buffers.triangle >= 0)


def test_a_mixture_never_seen_looks_more_like_its_picture(sitter, learnt):
    view = sitter.view(HELD_OUT, 3)
    static, dynamic, lips = shown(sitter, learnt[0], view)
    assert lips.sum() > 100
    before, after = (np.abs(image - view.image / 255)[lips].mean() for image in (static, dynamic))
    assert before > 0.05
    assert after < 0.6 * before


def test_a_calm_face_keeps_its_texture(sitter, learnt):
    view = sitter.view({}, 3)
    static, dynamic, lips = shown(sitter, learnt[0], view)
    assert np.abs(dynamic - view.image / 255)[lips].mean() < np.abs(static - view.image / 255)[lips].mean() + 0.02


def test_progress_runs_to_the_end(learnt):
    told = learnt[1]
    assert told == sorted(told)
    assert told[-1] == 1


def test_looked_up_pixels_are_the_pictures_own(skin, views):
    found = look_up(skin, views[0])
    assert 300 < len(found.pixel) < SIZE_PX**2 / 4
    row, column = found.pixel.T
    assert np.array_equal(found.target, views[0].image[row, column].astype(np.float32) / 255)
    albedo = np.where(found.static <= 0.04045, found.static / 12.92, ((found.static + 0.055) / 1.055) ** 2.4)
    lit = np.clip(albedo * found.light, 0, 1)
    sure = (found.weight > 0.9) & (found.mask > 0.5)
    srgb = np.where(lit <= 0.0031308, lit * 12.92, 1.055 * lit ** (1 / 2.4) - 0.055)
    assert np.median(np.abs(srgb - found.target)[sure]) < 0.02


def test_exposure_is_measured_on_plain_skin(skin, views):
    darker = replace(views[0], image=np.round(views[0].image * 0.85).astype(np.uint8))
    ratio = look_up(skin, darker).light / look_up(skin, views[0]).light
    assert np.allclose(ratio, 0.85**2.2, atol=0.05)


def test_what_is_covered_does_not_count(skin, views):
    weight = views[0].weight.copy()
    weight[: SIZE_PX // 2] = 0
    found = look_up(skin, replace(views[0], weight=weight))
    assert len(found.pixel)
    assert found.pixel[:, 0].min() >= SIZE_PX // 2


def test_a_hand_before_the_mouth_is_not_believed(skin, views):
    """Of any other colour, over the mouth's left half and the skin beside and below it."""
    row, column = found_mouth(skin, views[0])
    hand = views[0].image.copy()
    hand[row - 20 :, column - 60 : column] = hand[row - 20 :, column - 60 : column] * 0.6 + 20
    found = [look_up(skin, view) for view in (replace(views[0], image=hand), *views[1:])]
    weight, before = believed(found)[0].weight, found[0].weight
    mouth = found[0].pixel[:, 0] > row - 10
    left, right = (mouth & (side * (found[0].pixel[:, 1] - column) > 6) for side in (-1, 1))
    assert weight[left].sum() < 0.25 * before[left].sum()
    assert weight[right].sum() > 0.5 * before[right].sum()
    assert np.allclose(weight[found[0].pixel[:, 0] < row - 30], before[found[0].pixel[:, 0] < row - 30], atol=0.02)


def found_mouth(skin, view) -> tuple[int, int]:
    """Row and column of its middle."""
    model = skin.model
    lips = model.v_template[model.regions["lips"] > 0.9].mean(0, keepdims=True)
    x, y = view.camera.project(lips + skin.rest_m.mean(0) - model.v_template.mean(0))[0][0]
    return int(y), int(x)


def test_clear_pictures_are_believed(skin, views):
    found = [look_up(skin, view) for view in views]
    for before, after in zip(found, believed(found), strict=True):
        assert after.weight.sum() > 0.9 * before.weight.sum()


def test_pictures_from_behind_leave_the_static_texture(sitter, skin):
    behind = sitter.view({"jawOpen": 0.7}, 180)
    assert not len(look_up(skin, behind).pixel)
    model = sitter.subject.model
    network = TextureNetwork(train_dynamic(model, sitter.fit, sitter.texture, [behind], PARAMS))
    calm, opened = (network.texture(view_vector(model, sitter.view(face, 0))) for face in FACES[:2])
    assert np.array_equal(calm, opened)


def test_the_same_pictures_give_the_same_network(sitter, views):
    short = replace(PARAMS, steps=2)
    files = [train_dynamic(sitter.subject.model, sitter.fit, sitter.texture, views, short).onnx for _ in range(2)]
    assert files[0] == files[1]
