"""The mathematics under the mattes, on made cases whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from headsmith.matting.closed_form import solve_alpha
from headsmith.matting.colour import fit_mixture, to_lab
from headsmith.matting.face_frame import polygon
from headsmith.matting.guided import guided_filter
from headsmith.matting.matte import _parts_of


def test_lab_equals_scikit_image() -> None:
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    np.testing.assert_allclose(to_lab(cube), rgb2lab(cube), atol=0.05)


def test_a_mixture_finds_its_parts() -> None:
    rng = np.random.default_rng(0)
    colours = np.concatenate([rng.normal((20, 0, 0), 3, (3000, 3)), rng.normal((70, 20, 25), 4, (1000, 3))])
    mixture = fit_mixture(colours.astype(np.float32), np.ones(4000, np.float32), 2)
    order = np.argsort(mixture.means[:, 0])
    np.testing.assert_allclose(mixture.means[order], [(20, 0, 0), (70, 20, 25)], atol=0.6)
    np.testing.assert_allclose(mixture.shares[order], [0.75, 0.25], atol=0.02)
    near, far = mixture.log_density(np.array([(20.0, 0, 0), (45.0, -30, 60)], np.float32))
    assert near > far + 20


def test_alpha_between_two_colours_is_recovered() -> None:
    ramp = np.clip((np.arange(60) - 20) / 20, 0, 1).astype(np.float32)
    alpha = np.tile(ramp, (40, 1))
    front, back = np.array([0.35, 0.25, 0.15]), np.array([0.8, 0.8, 0.75])
    image = (alpha[..., None] * front + (1 - alpha[..., None]) * back).astype(np.float32)
    unknown = np.zeros(alpha.shape, bool)
    unknown[:, 12:48] = True
    guess = np.where(unknown, 0.5, alpha).astype(np.float32)
    np.testing.assert_allclose(solve_alpha(image, guess, unknown), alpha, atol=0.03)


def test_known_pixels_keep_their_alpha() -> None:
    guess = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    image = np.full((20, 20, 3), 0.5, np.float32)
    assert np.array_equal(solve_alpha(image, guess, np.zeros((20, 20), bool)), guess)
    unknown = np.zeros((20, 20), bool)
    unknown[5:9, 5:9] = True
    assert np.array_equal(solve_alpha(image, guess, unknown)[~unknown], guess[~unknown])


def test_the_guided_filter_keeps_the_guides_edges() -> None:
    guide = np.zeros((40, 40, 3), np.float32)
    guide[:, 20:] = 0.9
    rng = np.random.default_rng(2)
    clean = (guide[..., :1] > 0.5).astype(np.float32)
    noisy = clean + rng.normal(0, 0.2, clean.shape).astype(np.float32)
    smooth = guided_filter(guide, noisy, 5, 1e-3)
    assert np.abs(smooth - clean).mean() < 0.3 * np.abs(noisy - clean).mean()
    assert smooth[:, 19].mean() < 0.1
    assert smooth[:, 20].mean() > 0.9


def test_a_polygon_covers_its_area() -> None:
    square = polygon(np.array([[2, 2], [8, 2], [8, 6.5], [2, 6.5]], np.float32), (10, 10))
    assert square.sum() == pytest.approx(6 * 4.5, rel=0.12)
    assert square[4, 4] == 1
    assert square[6, 4] == pytest.approx(0.5, abs=0.26)
    assert square[8, 4] == 0


def test_six_classes_become_three_parts() -> None:
    parts = _parts_of(np.eye(6, dtype=np.float32)[:, None, :])
    np.testing.assert_allclose(parts.hair[0], [0, 1, 0, 0, 0, 1])
    np.testing.assert_allclose(parts.skin[0], [0, 0, 1, 1, 0, 0])
    np.testing.assert_allclose(parts.clothes[0], [0, 0, 0, 0, 1, 0])
