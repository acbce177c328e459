"""Presets and motions made by rule."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset import ARKIT_52
from headsmith.errors import InputError
from headsmith.motion import EXPRESSIONS, PRESETS, VISEMES, each_shape, expression, idle, talk

SIDES = {"wink left": "wink right"}


def test_presets_name_real_shapes_within_reach() -> None:
    assert len(VISEMES) == 15
    for weights in PRESETS.values():
        assert set(weights) <= set(ARKIT_52)
        assert all(0 < weight <= 1 for weight in weights.values())
    assert len({tuple(sorted(weights.items())) for weights in PRESETS.values()}) == len(PRESETS) - 1  # sil is neutral


def test_faces_are_even_but_for_winks() -> None:
    for name, weights in EXPRESSIONS.items():
        mirrored = {shape.replace("Left", "*").replace("Right", "Left").replace("*", "Right"): weight
                    for shape, weight in weights.items()}  # fmt: skip
        assert (mirrored == weights) != name.startswith("wink")
    flipped = {shape.replace("Left", "Right"): weight for shape, weight in EXPRESSIONS["wink left"].items()}
    assert flipped == EXPRESSIONS["wink right"]


def test_strength_scales() -> None:
    assert expression("kiss", 0.5)["mouthPucker"] == pytest.approx(0.5 * expression("kiss")["mouthPucker"])
    with pytest.raises(InputError, match="choose smile"):
        expression("smiel")


@pytest.mark.parametrize("make", [idle, talk])
def test_made_motions_are_repeatable_and_sound(make) -> None:
    motion, again, other = make(8.0, 30.0, seed=5), make(8.0, 30.0, seed=5), make(8.0, 30.0, seed=6)
    assert motion.weights.shape[0] == 241
    np.testing.assert_array_equal(motion.weights, again.weights)
    assert motion.weights.shape != other.weights.shape or np.abs(motion.weights - other.weights).max() > 0.5
    assert motion.weights.min() >= 0
    assert motion.weights.max() <= 1
    assert np.linalg.norm(motion.joint_rotations_wxyz, axis=-1) == pytest.approx(1, abs=1e-6)
    blink = motion.weights[:, motion.blendshape_names.index("eyeBlinkLeft")]
    assert 1 <= (np.diff((blink > 0.5).astype(int)) == 1).sum() <= 4
    angles = 2 * np.arccos(np.minimum(np.abs(motion.joint_rotations_wxyz[..., 0]), 1))
    assert 0.002 < angles.max() < np.radians(12)
    assert 0.0005 < motion.head_translation_m[:, 1].max() < 0.003


def test_talk_moves_the_mouth_and_pauses() -> None:
    motion = talk(10.0, 30.0, seed=1)
    jaw = motion.weights[:, motion.blendshape_names.index("jawOpen")]
    assert jaw.max() > 0.2
    assert (jaw[5:-5] < 0.01).sum() >= 5


def test_each_shape_peaks_alone() -> None:
    motion = each_shape(("jawOpen", "cheekPuff"), 30.0, 0.5)
    np.testing.assert_allclose(motion.weights.max(0), 1)
    assert (np.count_nonzero(motion.weights > 1e-6, axis=1) <= 1).all()
    np.testing.assert_allclose(motion.weights[[0, 15, 30]], 0, atol=1e-7)


def test_lengths_that_make_no_sense_are_refused() -> None:
    for seconds in (0.0, -1.0, 1e9):
        with pytest.raises(InputError):
            idle(seconds)
