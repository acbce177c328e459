"""Views around the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headsmith.head_model.raster import shrink
from headsmith.types import TrainingView
from headsmith.views import HairParams, ViewParams, grow_hair, synthesise_views

PARAMS = ViewParams(size_px=96)


@pytest.fixture(scope="module")
def hair(bob):
    return grow_hair(bob.model, bob.fit, bob.frames, bob.mattes, HairParams.draft())


@pytest.fixture(scope="module")
def views(bob, skin_texture, hair) -> tuple[TrainingView, ...]:
    return synthesise_views(bob.model, bob.fit, skin_texture, hair, PARAMS)


def test_views_are_what_training_expects(views, bob) -> None:
    assert len(views) == PARAMS.count
    for view in views:
        assert view.image.shape == (96, 96, 3)
        assert view.image.dtype == np.uint8
        assert view.alpha.dtype == view.weight.dtype == np.float32
        assert view.alpha.min() >= 0
        assert view.alpha.max() <= 1
        assert 0 < view.weight.min() <= view.weight.max() <= 1
        assert not view.image[view.alpha == 0].any()
        assert not view.real
        assert view.expression.shape == (bob.model.exprdirs.shape[2],)


def test_the_head_fills_each_view_without_being_cut(views) -> None:
    for view in views:
        seen = view.alpha > 0.5
        assert not seen[0].any()
        assert not seen[-1].any()
        assert not seen[:, 0].any()
        assert not seen[:, -1].any()
        assert max(np.ptp(np.nonzero(seen)[0]), np.ptp(np.nonzero(seen)[1])) > 0.6 * 96


def test_all_sides_are_shown(views) -> None:
    yaws = sorted(np.degrees(np.arctan2(p[0], p[2])) for p in (view.camera.position_m for view in views))
    assert yaws[0] < -80
    assert yaws[-1] > 80
    assert sum(abs(yaw) <= 61 for yaw in yaws) >= 10


def test_lids_mouth_and_neutral_face_are_shown(views, bob) -> None:
    names = bob.model.expression_names
    shown = {name for view in views for name, w in zip(names, view.expression, strict=True) if w > 0.4}
    assert {"jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft"} <= shown
    assert any(not view.expression.any() for view in views)


def test_the_photo_rules_from_where_it_was_taken(bob, skin_texture, hair) -> None:
    params = replace(PARAMS, yaws_deg=(0, 90), pitches_deg=(), posed_yaws_deg=())
    front, side = synthesise_views(bob.model, bob.fit, skin_texture, hair, params)
    assert front.weight.max() < 0.35
    assert side.weight.max() == pytest.approx(1.0)


def test_views_that_photos_show_are_not_made(bob, skin_texture) -> None:
    params = replace(PARAMS, yaws_deg=(0, 15, 90), pitches_deg=(), posed_yaws_deg=(0,))
    names, (front,) = list(bob.model.expression_names), bob.fit.views
    opened = np.zeros_like(front.expression)
    opened[names.index("jawOpen")] = 0.6
    many = replace(bob.fit, views=(front,) * 3 + (replace(front, expression=opened),) * 3)
    views = synthesise_views(bob.model, many, skin_texture, None, params)
    yaws = [round(float(np.degrees(np.arctan2(*v.camera.position_m[[0, 2]])))) for v in views]
    assert all(
        abs(yaw) > 80 for yaw, v in zip(yaws, views, strict=True) if np.array_equal(v.expression, front.expression)
    )
    assert any(v.expression[names.index("eyeBlinkLeft")] == 1 for v in views)
    assert not any(v.expression[names.index("jawOpen")] > 0.5 for v in views)


def test_guessed_texture_is_trusted_less(bob, skin_texture) -> None:
    params = replace(PARAMS, yaws_deg=(60,), pitches_deg=(), posed_yaws_deg=())
    (view,) = synthesise_views(bob.model, bob.fit, skin_texture, None, params)
    inside = view.weight[view.alpha > 0.99]
    assert inside.min() == pytest.approx(params.completed_weight, abs=0.01)
    assert inside.max() == pytest.approx(1.0, abs=0.01)


def test_hair_hides_the_scalp(bob, skin_texture, hair) -> None:
    params = replace(PARAMS, yaws_deg=(180,), pitches_deg=(), posed_yaws_deg=())
    (view,) = synthesise_views(bob.model, bob.fit, skin_texture, hair, params)
    rows = np.nonzero((view.alpha > 0.99).any(1))[0]
    top = view.image[rows[0] : rows[0] + 25][view.alpha[rows[0] : rows[0] + 25] > 0.99]
    assert (np.abs(top.astype(int) - [90, 60, 35]).max(1) < 40).mean() > 0.97


def test_a_head_without_blendshapes_opens_its_jaw(bob, skin_texture) -> None:
    """FLAME names its coefficients otherwise."""
    names = tuple(f"expression_{k}" for k in range(len(bob.model.expression_names)))
    model = replace(bob.model, expression_names=names)
    params = replace(PARAMS, yaws_deg=(), pitches_deg=(), posed_yaws_deg=(20,))
    views = synthesise_views(model, bob.fit, skin_texture, None, params)
    jaw = model.joint_names.index("jaw")
    assert len(views) == 2
    assert sorted(float(view.joint_rotations[jaw, 0]) > 0.2 for view in views) == [False, True]


def test_count_and_repetition(bob, skin_texture, hair, views) -> None:
    few = synthesise_views(bob.model, bob.fit, skin_texture, hair, replace(PARAMS, count=3))
    assert len(few) == 3
    for a, b in zip(few, views, strict=False):
        np.testing.assert_array_equal(a.image, b.image)


def test_shrinking_averages_blocks() -> None:
    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    np.testing.assert_allclose(shrink(image, 2), [[2.5, 4.5], [10.5, 12.5]])
