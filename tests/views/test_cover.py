"""Hands before the face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, render_textured
from headsmith.types import StaticTexture, TrainingView
from headsmith.views import doubt_covers

HAND = np.array([196, 140, 116], np.uint8)
"""a skin too, a little browner than the face"""


@pytest.fixture(scope="module")
def texture() -> StaticTexture:
    y, x = np.mgrid[:256, :256]
    mottled = 12 * np.sin(x / 5) * np.sin(y / 6)
    albedo = np.clip(np.array([205, 160, 135]) + mottled[..., None], 0, 255).astype(np.uint8)
    return StaticTexture(albedo, np.ones((256, 256), np.float32), NEUTRAL_LIGHT[None])


@pytest.fixture(scope="module")
def clear(bob, texture) -> TrainingView:
    """The head in a light that the texture does not know of, its picture a pixel beside its place."""
    m, fitted = bob.model, bob.fit.views[0]
    posed = m.pose(m.v_template, fitted.expression, fitted.joint_rotations)
    light = NEUTRAL_LIGHT.copy()
    light[0], light[3] = 0.7 / 0.282095, 0.2
    image, buffers = render_textured(posed, m.faces, m.uvs, m.uv_faces, texture.albedo, fitted.camera, light)
    alpha = (buffers.triangle >= 0).astype(np.float32)
    shown = np.roll(np.round(image * 255).astype(np.uint8), 1, axis=1)
    return TrainingView(
        fitted.camera, shown, alpha, np.ones_like(alpha), fitted.expression, fitted.joint_rotations, True
    )


def hand_on(view: TrainingView, bob) -> np.ndarray:
    """[H, W] a disc on the cheek and the corner of the mouth."""
    m = bob.model
    posed = m.pose(m.v_template, view.expression, view.joint_rotations)
    x, y = view.camera.project(m.landmarks(posed)[[61]])[0][0]
    yy, xx = np.mgrid[: view.image.shape[0], : view.image.shape[1]]
    return (xx + 0.5 - x + 8) ** 2 + (yy + 0.5 - y) ** 2 < 16**2


def test_a_clear_face_is_trusted(bob, texture, clear) -> None:
    assert np.array_equal(doubt_covers(clear, bob.model, bob.fit, texture).weight, clear.weight)


def test_a_hand_is_not_trusted_and_the_rest_is(bob, texture, clear) -> None:
    hand = hand_on(clear, bob)
    image = clear.image.copy()
    image[hand] = HAND // 2
    doubted = doubt_covers(replace(clear, image=image), bob.model, bob.fit, texture)
    m = bob.model
    posed = m.pose(m.v_template, clear.expression, clear.joint_rotations)
    face = rasterize(posed, m.faces, clear.camera).triangle >= 0
    assert (doubted.weight[hand & face] == 0).mean() > 0.9
    assert (doubted.weight[~hand & face] == 0).mean() < 0.15
    assert (doubted.weight[clear.alpha == 0] == 1).mean() > 0.97


def test_without_a_known_texture_nothing_is_doubted(bob, texture, clear) -> None:
    unknown = replace(texture, observed=np.zeros_like(texture.observed))
    assert doubt_covers(clear, bob.model, bob.fit, unknown) is clear
