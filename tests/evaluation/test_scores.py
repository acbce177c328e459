"""Scores of regions: known differences, empty regions, means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headsmith.evaluation.scores import LEAST_PIXELS, MOST_PSNR_DB, Scores, mean_scores, scores_of
from headsmith.metrics import perceptual, psnr, ssim
from headsmith.metrics.perceptual import perceptual_distance, perceptual_distances


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(0).random((90, 70, 3)).astype(np.float32)


def block(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((90, 70), bool)
    mask[rows, columns] = True
    return mask


def test_scores_are_those_of_the_whole_pictures(picture: np.ndarray) -> None:
    near = np.clip(picture + 0.1 * np.random.default_rng(1).standard_normal(picture.shape), 0, 1).astype(np.float32)
    mask = block(slice(30, 60), slice(25, 50))
    found = scores_of({"near": near, "equal": picture}, picture, {"middle": mask})
    assert found["near"]["middle"].psnr_db == pytest.approx(psnr(near, picture, mask))
    assert found["near"]["middle"].ssim == pytest.approx(ssim(near, picture, mask))
    assert found["equal"]["middle"].psnr_db == MOST_PSNR_DB
    assert found["equal"]["middle"].ssim == pytest.approx(1)


def test_only_the_region_counts(picture: np.ndarray) -> None:
    spoilt = picture.copy()
    spoilt[:20] = 0
    masks = {"top": block(slice(0, 20), slice(0, 70)), "bottom": block(slice(40, 90), slice(0, 70))}
    found = scores_of({"spoilt": spoilt}, picture, masks)["spoilt"]
    assert found["bottom"].psnr_db == MOST_PSNR_DB
    assert found["top"].psnr_db < 6


def test_a_region_that_is_not_seen_has_no_scores(picture: np.ndarray) -> None:
    few = block(slice(0, 1), slice(0, LEAST_PIXELS - 1))
    for masks in ({"few": few}, {"few": np.zeros_like(few)}):
        found = scores_of({"form": picture * 0.5}, picture, masks)["form"]["few"]
        assert math.isnan(found.psnr_db)
        assert math.isnan(found.ssim)
        assert math.isnan(found.perceptual)


def test_means_leave_out_what_was_not_seen() -> None:
    nan = float("nan")
    rows = [Scores(30, 0.8, nan), Scores(nan, nan, nan), Scores(40, 0.9, nan)]
    means = mean_scores(rows)
    assert means["psnr_db"] == 35
    assert means["ssim"] == pytest.approx(0.85)
    assert math.isnan(means["perceptual"])


@pytest.mark.skipif(not perceptual.is_available(), reason="EfficientNet's weights are not installed")
def test_many_distances_are_those_of_each(picture: np.ndarray) -> None:
    shown = [picture, 1 - picture, np.roll(picture, 9, 0)]
    masks = [block(slice(10, 50), slice(10, 50)), block(slice(50, 90), slice(0, 70))]
    table = perceptual_distances(shown, picture, masks)
    alone = [[perceptual_distance(image, picture, mask) for mask in masks] for image in shown]
    assert np.allclose(table, alone, atol=1e-6)
    assert np.abs(table[0]).max() < 1e-6
    assert table[1:].min() > 0.1
