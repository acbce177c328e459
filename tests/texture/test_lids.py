"""Eyelids that an open eye's photo folds away."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.texture import TextureParams, make_texture
from headsmith.texture.lids import BLINKS, UPPER_RIMS, Lids, find_lids, folded_lids
from headsmith.texture.uv import fill_between_charts

PARAMS = TextureParams(size_px=512, analysis_px=512)
SKIN = np.array([0.72, 0.54, 0.45])
LASHES = np.array([0.16, 0.10, 0.09])
LASHES_REACH_M = 0.0035
"""how far from the lid's rim the photo's lashes and their shadow lie on the skin"""
NO_EXPRESSION = np.zeros(0, np.float32)


def lids_of(model) -> Lids:
    lids = find_lids(model, [NO_EXPRESSION])
    assert lids is not None
    return lids


@pytest.fixture(scope="module")
def from_rim_m(subject) -> np.ndarray:
    """[N] distance of the texels from the rims of the upper lids."""
    points = subject.model.landmarks(subject.model.v_template)
    lines = [np.linspace(points[a], points[b], 20) for rim in UPPER_RIMS for a, b in pairwise(rim)]
    return cKDTree(np.concatenate(lines)).query(subject.atlas.at(subject.model.v_template))[0]


@pytest.fixture(scope="module")
def lashed(subject, from_rim_m):
    """The subject with dark lashes across the skin of its upper lids."""
    model, atlas = subject.model, subject.atlas
    albedo = subject.albedo.reshape(-1, 3)[atlas.texel].copy()
    streak = 0.5 + 0.5 * np.sin(atlas.at(model.v_template)[:, 0] * 4000)
    moved = atlas.at(np.linalg.norm(_blink(model), axis=1)) > 0.001
    dark = subject.part("head") & moved & (from_rim_m < LASHES_REACH_M)
    albedo[dark] = (LASHES + 0.2 * streak[:, None] * (SKIN - LASHES))[dark]
    return replace(subject, albedo=fill_between_charts(atlas.image(albedo), atlas))


@pytest.fixture(scope="module")
def texels(lashed, light) -> np.ndarray:
    """[N, 3] sRGB 0..1 of the texture made of a photo with open eyes."""
    frame, mattes, view = lashed.shoot(0.0, light)
    texture = make_texture(lashed.model, lashed.fit(view), [frame], [mattes], PARAMS)
    return texture.albedo.reshape(-1, 3)[lashed.atlas.texel] / 255


@pytest.fixture(scope="module")
def lid(subject, from_rim_m) -> np.ndarray:
    """[N] True on the skin that only closed eyes show, above the line of the lashes."""
    model, atlas = subject.model, subject.atlas
    moved_m = atlas.at(np.linalg.norm(_blink(model), axis=1))
    unfolding = atlas.at(lids_of(model).anywhere) > 0.9
    outside = unfolding & (atlas.at(vertex_normals(model.v_template, model.faces))[:, 2] > 0.1)
    outside &= atlas.at(model.regions["eyes"]) < 0.5
    return subject.part("head") & (moved_m > 0.004) & (from_rim_m > 0.0022) & (from_rim_m < 0.006) & outside


def _blink(model):
    return model.exprdirs[..., [model.expression_names.index(name) for name in BLINKS]].sum(2)


def test_closed_lids_have_the_colour_of_skin(subject, texels, lid):
    around = subject.part("head") & (subject.atlas.at(subject.model.regions["face"]) > 0.9)
    skin = np.median(texels[around], axis=0)
    assert lid.sum() > 60
    ratio = texels[lid].mean(1) / skin.mean()
    assert np.median(ratio) > 0.85
    assert np.quantile(ratio, 0.05) > 0.68
    warmth = np.log(texels[lid][:, 0] / texels[lid][:, 2]) - np.log(skin[0] / skin[2])
    assert np.median(warmth) > -0.05


def test_lashes_leave_a_line_at_the_rim(subject, texels, lid, from_rim_m):
    unfolding = subject.atlas.at(lids_of(subject.model).anywhere) > 0.9
    line = subject.part("head") & unfolding & (from_rim_m < 0.0006)
    assert line.sum() > 10
    assert np.median(texels[line].mean(1)) < 0.8 * np.median(texels[lid].mean(1))


def test_skin_beyond_the_lids_is_left_to_the_photo(lashed, light, texels):
    model, atlas = lashed.model, lashed.atlas
    away = lashed.part("head") & (atlas.at(lids_of(model).near) == 0)
    frame, mattes, view = lashed.shoot(0.0, light)
    unable = replace(model, expression_names=tuple(f"x{name}" for name in model.expression_names))
    texture = make_texture(unable, lashed.fit(view), [frame], [mattes], PARAMS)
    plain = texture.albedo.reshape(-1, 3)[atlas.texel] / 255
    assert np.quantile(np.abs(plain - texels)[away], 0.999) < 0.01


def test_closed_eyes_show_their_lids_themselves(subject):
    model = subject.model
    closed = np.array([name in BLINKS for name in model.expression_names], np.float32)
    folded = folded_lids(model, [closed, 0 * closed])
    assert folded[0].max() == 0
    assert folded[1].max() == 1
    assert find_lids(model, [closed]) is None
    opened = find_lids(model, [closed, 0 * closed])
    assert opened is not None
    assert np.array_equal(opened.anywhere, folded[1])
