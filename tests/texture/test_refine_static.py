"""A texture that was painted wrong, made like pictures of the known subject."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.texture.sitter import Sitter, make_sitter

from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import render_textured
from headsmith.texture import RefineParams, refine_texture
from headsmith.texture.uv import build_atlas
from headsmith.types import F32, U8, StaticTexture, TrainingView

PARAMS = RefineParams(correction_px=256, steps=80, batch=3)
YAWS_DEG = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0)
HELD_OUT_DEG = 5.0
CHEEK_M = np.array([0.040, -0.035, 0.015])
"""of the mean head's left side"""


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    return make_sitter()


@pytest.fixture(scope="module")
def views(sitter) -> list[TrainingView]:
    return [sitter.view({}, yaw) for yaw in YAWS_DEG]


@pytest.fixture(scope="module")
def cheek(sitter) -> F32:
    """[T, T] 1 on a soft spot of the left cheek."""
    model = sitter.subject.model
    atlas = build_atlas(model, sitter.subject.albedo.shape[0])
    away_m = np.linalg.norm(atlas.at(model.v_template) - CHEEK_M, axis=1)
    head = model.faces_of("head")[atlas.triangle]
    return atlas.image((head * np.exp(-((away_m / 0.02) ** 2))).astype(np.float32))


@pytest.fixture(scope="module")
def wrong(sitter, cheek) -> StaticTexture:
    painted = sitter.subject.albedo * (1 - 0.35 * cheek[..., None])
    return replace(sitter.texture, albedo=np.round(painted).astype(np.uint8))


@pytest.fixture(scope="module")
def mended(sitter, wrong, views) -> tuple[StaticTexture, list[float]]:
    told: list[float] = []
    return refine_texture(sitter.subject.model, sitter.fit, wrong, views, PARAMS, told.append), told


def error(sitter: Sitter, albedo: U8, view: TrainingView) -> float:
    """Mean difference from the picture where the cheek is, 0..1."""
    model = sitter.subject.model
    posed = model.pose(sitter.subject.rest_m, view.expression, view.joint_rotations).astype(np.float32)
    image, buffers = render_textured(posed, model.faces, model.uvs, model.uv_faces, albedo, view.camera, view.light_sh)
    place = rasterize(posed, model.faces, view.camera).interpolate(model.v_template[model.faces])
    cheek = (buffers.triangle >= 0) & (np.linalg.norm(place - CHEEK_M, axis=-1) < 0.02)
    assert cheek.sum() > 50
    return float(np.abs(image - view.image / 255)[cheek].mean())


def test_a_picture_that_was_not_learnt_from_is_met_better(sitter, wrong, mended):
    view = sitter.view({}, HELD_OUT_DEG)
    before, after, best = (error(sitter, a, view)
                           for a in (wrong.albedo, mended[0].albedo, sitter.subject.albedo))  # fmt: skip
    assert before > 3 * best
    assert after < 0.4 * before


def test_what_no_picture_shows_and_eyes_stay(sitter, wrong, mended):
    model = sitter.subject.model
    atlas = build_atlas(model, wrong.albedo.shape[0])
    changed = np.abs(mended[0].albedo.astype(int) - wrong.albedo).max(-1).reshape(-1)[atlas.texel]
    behind = (atlas.at(model.v_template)[:, 2] < -0.13) & model.faces_of("head")[atlas.triangle]
    assert changed[behind].max() == 0
    eyes = model.faces_of("eye_left") | model.faces_of("eye_right")
    assert np.percentile(changed[eyes[atlas.triangle]], 95) == 0


def test_no_edge_shows_where_the_seen_skin_ends(sitter, views):
    grey = np.full_like(sitter.subject.albedo, 100)
    made = refine_texture(sitter.subject.model, sitter.fit, replace(sitter.texture, albedo=grey), views, PARAMS)
    change = made.albedo.astype(int) - grey
    assert change.max() > 50
    atlas = build_atlas(sitter.subject.model, grey.shape[0])
    around = atlas.image((sitter.subject.model.regions["face"] < 0.1)[atlas.corner].all(1).astype(np.float32)) > 0
    steps = np.abs(np.diff(change, axis=1)).max(-1)[around[:, 1:] & around[:, :-1]]
    assert steps.max() < 20


def test_pictures_of_other_exposure_do_not_change_the_brightness(sitter, views):
    darker = [replace(view, image=np.round(view.image * f).astype(np.uint8))
              for view, f in zip(views, (1.06, 0.94, 1.06, 1.0, 0.94, 1.06, 0.94), strict=True)]  # fmt: skip
    made = refine_texture(sitter.subject.model, sitter.fit, sitter.texture, darker, PARAMS)
    view = sitter.view({}, HELD_OUT_DEG)
    assert error(sitter, made.albedo, view) < error(sitter, sitter.texture.albedo, view) + 0.02


def test_covered_skin_teaches_nothing(sitter, views):
    dyed = []
    for view in views:
        image = view.image.copy()
        image[60:80] = (0, 255, 0)
        bare = np.ones(view.alpha.shape, np.float32)
        bare[60:80] = 0
        dyed.append(replace(view, image=image, skin=bare))
    made = refine_texture(sitter.subject.model, sitter.fit, sitter.texture, dyed, PARAMS)
    assert np.abs(made.albedo.astype(int) - sitter.texture.albedo).max() < 60


def test_without_skin_the_texture_comes_back(sitter, views):
    texture = sitter.texture
    blind = [replace(views[0], weight=np.zeros_like(views[0].weight))]
    assert refine_texture(sitter.subject.model, sitter.fit, texture, blind, PARAMS) is texture
    assert refine_texture(sitter.subject.model, sitter.fit, texture, [], PARAMS) is texture


def test_large_pictures_are_shrunken_alike(sitter, wrong, views):
    small = replace(PARAMS, longest_px=40)
    made = refine_texture(sitter.subject.model, sitter.fit, wrong, views, small)
    view = sitter.view({}, HELD_OUT_DEG)
    assert error(sitter, made.albedo, view) < 0.5 * error(sitter, wrong.albedo, view)


def test_the_same_seed_gives_the_same_texture(sitter, wrong, views, mended):
    again = refine_texture(sitter.subject.model, sitter.fit, wrong, views, PARAMS)
    assert np.array_equal(again.albedo, mended[0].albedo)


def test_progress_runs_to_the_end(mended):
    told = mended[1]
    assert told == sorted(told)
    assert told[-1] == 1
