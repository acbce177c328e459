"""Offsets are smooth, lean to symmetry, keep lips together and eyeballs round."""

import numpy as np
import pytest

from headsmith.fit.offsets import offset_modes, spread_samples
from headsmith.fit.params import OffsetParams


@pytest.fixture(scope="module")
def modes(model):
    return offset_modes(model, OffsetParams())


def test_prior_amplitude_is_what_the_parameters_say(model, modes):
    params = OffsetParams()
    wanted = np.sqrt(sum(s.amplitude_m**2 for s in params.scales))
    std = np.sqrt(np.square(modes).sum(2))[model.regions["face"] > 0.99]
    assert 0.6 * wanted < np.median(std) < 1.1 * wanted


def test_offsets_lean_to_symmetry(model, modes):
    mirrored = modes[model.mirror] * np.array([-1.0, 1, 1])[:, None]
    covariance = (modes * mirrored).sum((1, 2)) / np.square(modes).sum((1, 2))
    assert np.median(covariance) > 0.6


def test_closed_lips_move_together(model, modes):
    offsets = modes @ np.random.default_rng(0).normal(size=modes.shape[2])
    moved = model.landmarks(model.v_template + offsets) - model.landmarks(model.v_template)
    assert np.linalg.norm(moved[13] - moved[14]) < 0.35 * np.linalg.norm(moved[13] - moved[10])


def test_eyeballs_stay_round(model, modes):
    offsets = modes @ np.random.default_rng(1).normal(size=modes.shape[2])
    for part in ("eye_left", "eye_right"):
        rows = np.unique(model.faces[model.faces_of(part)])
        before, after = model.v_template[rows], (model.v_template + offsets)[rows]
        growth = np.linalg.norm(after - after.mean(0), axis=1) / np.linalg.norm(before - before.mean(0), axis=1)
        assert np.ptp(growth) < 1e-3


def test_samples_are_spread():
    places = np.random.default_rng(2).uniform(0, 1, (2000, 3))
    chosen = places[spread_samples(places, np.ones(2000), 50)]
    distance = np.linalg.norm(chosen[:, None] - chosen, axis=-1) + 9 * np.eye(50)
    assert distance.min() > 0.15
