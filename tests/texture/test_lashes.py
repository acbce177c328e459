"""Lashes between dark hair and the skin behind them."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.texture.lashes import LASH, paint_lashes
from headsmith.texture.mask import dynamic_mask
from headsmith.texture.uv import Atlas, build_atlas
from headsmith.types import F32

SKIN = np.array([0.8, 0.6, 0.5], np.float32)


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return load_default_head()


@pytest.fixture(scope="module")
def atlas(model: HeadModel) -> Atlas:
    return build_atlas(model, 1024)


def part(model: HeadModel, atlas: Atlas, name: str) -> Atlas:
    return atlas.subset(model.faces_of(name)[atlas.triangle])


def painted(model: HeadModel, atlas: Atlas, skin: F32) -> tuple[F32, F32]:
    """[N, 3] colours and [N] heights of the lashes' texels, beside one colour of skin."""
    head, lashes = part(model, atlas, "head"), part(model, atlas, "lashes")
    colours = paint_lashes(model, lashes, head, np.tile(skin, (len(head.texel), 1)))
    return colours, lashes.at(model.v_template)[:, 1]


def test_lower_lashes_are_nearer_to_skin_than_upper_ones(model: HeadModel, atlas: Atlas) -> None:
    colours, height_m = painted(model, atlas, SKIN)
    assert (colours >= LASH - 1e-6).all()
    assert (colours <= SKIN + 1e-6).all()
    low, high = colours[height_m < -3e-3], colours[height_m > 3e-3]
    assert min(len(low), len(high)) > 50
    assert (low.min(0) > high.max(0)).all()


def test_dark_skin_keeps_dark_lashes(model: HeadModel, atlas: Atlas) -> None:
    colours, _ = painted(model, atlas, LASH / 2)
    np.testing.assert_allclose(colours, np.tile(LASH, (len(colours), 1)), atol=1e-6)


def test_the_dynamic_texture_leaves_lashes_out(model: HeadModel) -> None:
    atlas, mask = build_atlas(model, 256), dynamic_mask(model, 256)
    lashes = part(model, atlas, "lashes")
    assert len(lashes.texel) > 20
    assert mask.reshape(-1)[lashes.texel].max() == 0
    eyes = part(model, atlas, "eye_left")
    assert mask.reshape(-1)[eyes.texel].min() > 200
