"""Point sets are brought onto each other exactly where they can be, and never mirrored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headsmith.asset.alignment import similarity
from headsmith.asset.skinning import rotation_matrices

angles = st.floats(-3.1, 3.1)


@given(st.tuples(angles, angles, angles), st.floats(0.1, 50))
def test_turn_scale_and_shift_are_recovered(turn, scale):
    rng = np.random.default_rng(0)
    source, R = rng.normal(size=(20, 3)), rotation_matrices(np.array(turn))
    target = scale * source @ R.T + [1.0, -2, 3]
    found_scale, found_R, t = similarity(source, target, rng.uniform(0.1, 1, 20))
    np.testing.assert_allclose(found_scale, scale, rtol=1e-9)
    np.testing.assert_allclose(found_R, R, atol=1e-9)
    np.testing.assert_allclose(t, [1, -2, 3], atol=1e-8 * scale)


@given(angles)
def test_points_of_a_plane_are_turned_in_it(turn):
    source = np.random.default_rng(1).normal(size=(5, 2))
    R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    scale, found_R, t = similarity(source, 3 * source @ R.T + [4.0, 5])
    assert scale == pytest.approx(3)
    np.testing.assert_allclose(found_R, R, atol=1e-9)
    np.testing.assert_allclose(t, [4, 5], atol=1e-8)


def test_a_mirror_image_is_not_mirrored():
    source = np.random.default_rng(2).normal(size=(10, 3))
    _, R, _ = similarity(source, source * [-1, 1, 1])
    assert np.linalg.det(R) == pytest.approx(1)


def test_a_rigid_alignment_keeps_lengths():
    source = np.random.default_rng(3).normal(size=(10, 3))
    scale, R, _ = similarity(source, 2 * source, scaled=False)
    assert scale == 1.0
    np.testing.assert_allclose(R, np.eye(3), atol=1e-9)
