"""Shadows, shine and creases that the light cannot explain."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.texture.blend import Layer
from headsmith.texture.even import CREASE_REMOVED, crease_keep, evening_gain

SKIN = np.array([0.8, 0.62, 0.53], np.float32)


@pytest.fixture
def evened(subject):
    """Applies the gain to a face whose brightness is SKIN times `pattern` [V]; returns before and after [V]."""
    model = subject.model
    head = subject.part("head")
    atlas = subject.atlas.subset(head)
    plain = model.regions["face"]

    def run(pattern):
        layer = Layer(SKIN * atlas.at(pattern)[:, None], atlas.at(plain))
        gain = evening_gain(model, atlas, layer, plain, np.ones_like(plain))
        return pattern, pattern * gain.mean(1)

    return run


def test_even_skin_stays(evened, subject):
    _, after = evened(np.ones(len(subject.model.v_template), np.float32))
    assert np.allclose(after[subject.model.regions["face"] > 0.9], 1, atol=0.01)


def test_one_dark_side_comes_closer_to_the_other(evened, subject):
    x = subject.model.v_template[:, 0]
    before, after = evened((1 + 0.25 * np.tanh(x / 0.03)).astype(np.float32))
    face = subject.model.regions["face"] > 0.9
    left, right = face & (x > 0.04), face & (x < -0.04)
    assert after[left].mean() - after[right].mean() < 0.6 * (before[left].mean() - before[right].mean())


def test_a_bright_spot_is_taken_back_and_a_mole_stays(evened, subject):
    v = subject.model.v_template
    face = subject.model.regions["face"] > 0.9
    spot = np.argmin(np.where(face, np.linalg.norm(v - [0.03, -0.03, 0.02], axis=1), 1))
    near = np.exp(-((np.linalg.norm(v - v[spot], axis=1) / 0.007) ** 2)).astype(np.float32)
    _, shine = evened(1 + 0.4 * near)
    _, mole = evened(1 - 0.3 * near)
    assert shine[spot] - 1 < 0.85 * 0.4
    assert mole[spot] < 0.8


def test_creases_go_where_the_expression_moved_the_skin(subject):
    model = subject.model
    plain = model.regions["face"] * (1 - model.regions["neck"])
    still = crease_keep(model, np.zeros(len(plain), np.float32), plain)
    moved = crease_keep(model, np.full(len(plain), 0.01, np.float32), plain)
    core = plain > 0.99
    assert still[core].min() > 0.9
    assert np.median(moved[core]) == pytest.approx(1 - CREASE_REMOVED, abs=0.03)
