"""Light and skin told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.head_model.shading import sh_basis
from headsmith.texture.delight import LUMINANCE, SKIN_LUMINANCE, SkinObservations, fit_light, plausible_skin
from headsmith.texture.params import TextureParams

SKIN = np.array([0.42, 0.25, 0.18], np.float32)


@pytest.fixture
def observed(subject):
    from headsmith.asset.normals import vertex_normals

    model = subject.model
    normal = vertex_normals(model.v_template, model.faces)
    weight = model.regions["face"] * (normal[:, 2] > 0.2)

    def under(light, colour=SKIN, noise=0.02):
        random = np.random.default_rng(0)
        shading = np.maximum(sh_basis(normal) @ light, 0)
        seen = colour * shading * (1 + noise * random.standard_normal((len(normal), 1)))
        return SkinObservations(model.faces, model.mirror, seen.astype(np.float32), normal, weight.astype(np.float32))

    return under


def test_known_shading_is_found(observed, light):
    skin = observed(light)
    found = fit_light(skin, TextureParams())
    seen = skin.weight > 0.5
    ratio = (sh_basis(skin.normal[seen]) @ found / (sh_basis(skin.normal[seen]) @ light)).mean(1)
    truth = (sh_basis(skin.normal[seen]) @ light).mean(1)
    assert (ratio / ratio.mean()).std() < 0.02 < (truth / truth.mean()).std()


def test_spots_do_not_bend_the_light(observed, light):
    skin = observed(light)
    spotted = skin.colour.copy()
    spotted[np.random.default_rng(1).random(len(spotted)) < 0.1] *= 0.3
    found = fit_light(skin, TextureParams())
    robust = fit_light(SkinObservations(skin.faces, skin.mirror, spotted, skin.normal, skin.weight), TextureParams())
    seen = skin.weight > 0.5
    ratio = (sh_basis(skin.normal[seen]) @ robust / (sh_basis(skin.normal[seen]) @ found)).mean(1)
    assert (ratio / ratio.mean()).std() < 0.03


def test_hard_light_leaves_no_seen_skin_in_the_dark(observed, light):
    hard = light.copy()
    hard[3] = 3.5
    params = TextureParams()
    skin = observed(hard)
    found = fit_light(skin, params)
    shading = sh_basis(skin.normal[skin.weight > 0.1]) @ found
    assert np.quantile(shading, 0.02) > 0.8 * params.min_irradiance * shading.mean()


def test_nothing_seen_gives_a_white_light(observed, light):
    skin = observed(light)
    none = SkinObservations(skin.faces, skin.mirror, skin.colour, skin.normal, np.zeros_like(skin.weight))
    found = fit_light(none, TextureParams())
    assert np.allclose(found[1:], 0)
    assert np.allclose(found[0], found[0, 0])


def test_a_green_lamp_goes_to_the_light(observed, light):
    found = fit_light(observed(light * np.array([0.6, 1.4, 0.7], np.float32)), TextureParams())
    assert found[0, 1] > found[0, 0]
    assert found[0, 1] > found[0, 2]


@given(st.tuples(*[st.floats(0.0, 1.5)] * 3), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_any_colour_becomes_a_skin(colour, keep):
    moved = plausible_skin(np.array(colour, np.float32), keep)
    assert np.isfinite(moved).all()
    assert SKIN_LUMINANCE[0] * 0.98 <= moved @ LUMINANCE <= SKIN_LUMINANCE[1] * 1.02
