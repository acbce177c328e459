"""Skin grain, strands, irises and the dynamic mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.texture import dynamic_mask
from headsmith.texture.grain import CONTRAST, lay_on, skin_grain
from headsmith.texture.iris import EyePoints, find_rim, measure_eyes, white_gain
from headsmith.texture.strands import strand_noise


def test_grain_repeats_and_keeps_its_contrast(subject):
    random = np.random.default_rng(0)
    atlas = subject.atlas
    detail = 0.03 * random.standard_normal((len(atlas.texel), 3)).astype(np.float32)
    good = subject.part("head")
    tile = skin_grain(atlas, detail, good, 2500.0, 7)
    assert np.isfinite(tile).all()
    assert CONTRAST[0] * 0.9 < tile.std() < CONTRAST[1] * 1.1
    assert np.abs(tile.mean((0, 1))).max() < 1e-3
    inside = np.abs(np.diff(tile, axis=0)).mean()
    across = np.abs(tile[0] - tile[-1]).mean()
    assert across < 1.5 * inside
    assert np.array_equal(tile, skin_grain(atlas, detail, good, 2500.0, 7))


def test_grain_without_any_seen_skin(subject):
    tile = skin_grain(subject.atlas, np.zeros((len(subject.atlas.texel), 3), np.float32),
                      np.zeros(len(subject.atlas.texel), bool), 2500.0, 7)  # fmt: skip
    assert tile.std() > 0


def test_grain_is_continuous_in_space(subject):
    tile = skin_grain(subject.atlas, np.zeros((len(subject.atlas.texel), 3), np.float32),
                      np.zeros(len(subject.atlas.texel), bool), 2500.0, 7)  # fmt: skip
    line = np.linspace(-0.1, 0.1, 4001)[:, None] * np.array([[0.6, 0.5, 0.62]])
    normal = np.broadcast_to(np.array([0.1, 0.7, 0.7], np.float32), line.shape)
    values = lay_on(tile, line.astype(np.float32), normal, 2500.0)
    assert np.abs(np.diff(values, axis=0)).max() < 0.25 * np.ptp(values)


def test_strands_run_down_from_the_crown():
    random = np.random.default_rng(0)
    direction = random.standard_normal((20000, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    start = (0.1 * direction).astype(np.float32)
    crown = np.array([0, 0.89, -0.45]) / np.linalg.norm([0, 0.89, -0.45])
    down = -crown + direction * (direction @ crown)[:, None]
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    side = np.cross(direction, down)
    corners = np.array([[-0.1] * 3, [0.1] * 3], np.float32)

    def noise(points):
        return strand_noise(np.concatenate([points, corners]).astype(np.float32), 5e-4, 3)[:-2]

    here = noise(start)
    along = np.abs(noise(start + 0.002 * down) - here).mean()
    across = np.abs(noise(start + 0.002 * side) - here).mean()
    assert abs(here.mean()) < 0.2
    assert across > 2 * along


def _drawn_eye(centre, radius):
    random = np.random.default_rng(0)
    place = random.uniform(-0.8, 0.8, (6000, 2)).astype(np.float32)
    place = place[np.abs(place[:, 1]) < 0.35]
    ratio = np.linalg.norm(place - centre, axis=1) / radius
    colour = np.where(ratio[:, None] < 1, [0.10, 0.16, 0.25], [0.55, 0.5, 0.48])
    colour = np.where(ratio[:, None] < 0.36, 0.01, colour)
    colour[np.linalg.norm(place - centre - [0.05, 0.1], axis=1) < 0.05] = 1.0
    return EyePoints(place, colour.astype(np.float32), np.ones(len(place), np.float32))


def test_the_rim_of_an_iris_is_found_off_the_axis():
    centre, radius = find_rim(_drawn_eye(np.array([0.08, -0.05]), 0.36), 0.38)
    assert np.abs(centre - [0.08, -0.05]).max() < 0.05
    assert abs(radius - 0.36) < 0.03


def test_a_blue_iris_stays_blue_and_ignores_the_catchlight():
    points = _drawn_eye(np.zeros(2), 0.36)
    look = measure_eyes(points, 0.36)
    assert look.iris[2] > look.iris[1] > look.iris[0]
    assert look.iris.max() < 0.6


def test_too_few_points_give_a_usual_eye():
    none = EyePoints(np.zeros((3, 2), np.float32), np.zeros((3, 3), np.float32), np.ones(3, np.float32))
    assert find_rim(none, 0.36)[1] == 0.36
    assert measure_eyes(none, 0.36).iris.min() > 0


def test_the_mask_holds_eyes_mouth_and_brows_and_fades(subject):
    mask = dynamic_mask(subject.model, 512)
    assert mask.shape == (512, 512)
    assert mask.dtype == np.uint8
    texels = mask.reshape(-1)[subject.atlas.texel]
    for part in ("eye_left", "teeth_upper", "tongue"):
        assert texels[subject.part(part)].min() == 255
    assert (texels[subject.atlas.at(subject.model.regions["lips"]) > 0.95] > 240).all()
    assert texels[subject.atlas.at(subject.model.regions["scalp"]) > 0.95].max() == 0
    face = texels[subject.part("head")]
    assert ((face > 20) & (face < 235)).sum() > 500
    assert 0.02 < (mask > 128).mean() < 0.5


def test_a_dark_photo_is_brightened_and_a_usual_one_is_left_alone():
    usual = _drawn_eye(np.zeros(2), 0.36)
    assert np.allclose(white_gain(usual, 0.36), 1, atol=0.1)
    dark = replace(usual, colour=usual.colour * np.array([0.15, 0.08, 0.06], np.float32))
    gain = white_gain(dark, 0.36)
    assert gain.min() > 1.5
    assert gain[2] > gain[0]
    closed = replace(usual, colour=np.full_like(usual.colour, 0.1))
    assert np.array_equal(white_gain(closed, 0.36), np.ones(3))
