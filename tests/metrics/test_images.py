"""PSNR and SSIM against scikit-image's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from headsmith.metrics import psnr, ssim

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    picture = Image.open(PORTRAIT).convert("RGB").crop((130, 40, 330, 240))
    return np.asarray(picture), np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2)))


def test_psnr_equals_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair), abs=1e-6)


def test_ssim_equals_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    theirs = structural_similarity(*pair, channel_axis=2, gaussian_weights=True, use_sample_covariance=False)
    assert ssim(*pair) == pytest.approx(theirs, abs=1e-3)


def test_equal_pictures(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert psnr(pair[0], pair[0]) == float("inf")
    assert ssim(pair[0], pair[0]) == pytest.approx(1)


def test_bytes_and_floats_agree(pair: tuple[np.ndarray, np.ndarray]) -> None:
    floats = [image.astype(np.float32) / 255 for image in pair]
    assert psnr(*floats) == pytest.approx(psnr(*pair), abs=1e-4)
    assert ssim(*floats) == pytest.approx(ssim(*pair), abs=1e-5)


def test_only_what_the_mask_covers_counts(pair: tuple[np.ndarray, np.ndarray]) -> None:
    spoilt = pair[0].copy()
    spoilt[:, 100:] = 0
    mask = np.zeros(spoilt.shape[:2], np.float32)
    mask[:, :90] = 1
    assert psnr(pair[0], spoilt, mask) == float("inf")
    assert ssim(pair[0], spoilt, mask) == pytest.approx(1)
    assert ssim(pair[0], spoilt, 1 - mask) < 0.6
    assert np.isnan(psnr(*pair, np.zeros_like(mask)))
    half = np.full(spoilt.shape[:2], 0.5, np.float32)
    assert psnr(*pair, half) == pytest.approx(psnr(*pair), abs=1e-4)
