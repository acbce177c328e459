"""The reference of real clips: a learnt picture, bent and relit."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from headsmith.bench.warped_frames import matched, nearest
from headsmith.metrics import psnr
from headsmith.types import F32

SIZE = 96


def blobs(seed: int) -> F32:
    """[SIZE, SIZE, 3] 0..1"""
    noise = np.random.default_rng(seed).random((SIZE, SIZE, 3)).astype(np.float32)
    smooth = gaussian_filter(noise, (3, 3, 0))
    return np.asarray((smooth - smooth.min()) / np.ptp(smooth), np.float32)


def test_a_shifted_and_darker_picture_is_matched() -> None:
    picture = blobs(1)
    other = 0.8 * np.roll(picture, (2, -3), (0, 1))
    inside = np.zeros((SIZE, SIZE), bool)
    inside[12:-12, 12:-12] = True
    assert psnr(other, picture, inside) < 18
    assert psnr(matched(other, picture, inside), picture, inside) > 30


def test_the_most_alike_is_chosen() -> None:
    picture, everywhere = blobs(1), np.ones((SIZE, SIZE), bool)
    near = np.round(255 * np.roll(picture, 1, 0)).astype(np.uint8)
    far = np.round(255 * blobs(2)).astype(np.uint8)
    best = nearest(picture, everywhere, [far, near, far])
    assert psnr(best, picture, everywhere) > 28
    assert psnr(nearest(picture, everywhere, [far]), picture, everywhere) < 24
