"""Colours of every kind of clip come out as the standards say."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from capture.clip_files import Coding, pictures, write
from headsmith.capture import open_clip
from headsmith.capture.clip_color import (
    BT2020_TO_BT709,
    TRC_HLG,
    TRC_PQ,
    encode_srgb,
    hlg_scene,
    pq_nits,
    to_srgb,
    tone_map,
)
from headsmith.capture.clip_shape import first_field

RED_BLUE = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Kr and Kb of BT.709, BT.601 and BT.2020"""
SAMPLE = (0.62, -0.10, 0.12)
"""Y, Cb, Cr"""


def plain_clip(path: Path, matrix: int, full_range: bool) -> Path:
    """FFV1, which keeps values exactly, of one colour."""
    scale, base, chroma = (255, 0, 255) if full_range else (219, 16, 224)
    values = round(base + scale * SAMPLE[0]), *(round(128 + chroma * value) for value in SAMPLE[1:])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 2 if full_range else 1
        for number in range(2):
            frame = av.VideoFrame(96, 64, "yuv444p")
            for plane, value in zip(frame.planes, values, strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts, frame.colorspace, frame.color_range = number, matrix, 2 if full_range else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 5])
def test_matrix_and_range_are_the_files(matrix: int, full_range: bool, tmp_path: Path) -> None:
    clip = open_clip(plain_clip(tmp_path / "plain.mkv", matrix, full_range))
    red_share, blue_share = RED_BLUE[matrix]
    y, cb, cr = SAMPLE
    red, blue = y + 2 * (1 - red_share) * cr, y + 2 * (1 - blue_share) * cb
    green = (y - red_share * red - blue_share * blue) / (1 - red_share - blue_share)
    np.testing.assert_allclose(next(clip.read([0])).image[30, 40], 255 * np.array([red, green, blue]), atol=2)


def test_ten_bits_look_like_eight(tmp_path: Path) -> None:
    source = pictures(2)
    clip = open_clip(write(tmp_path / "ten.mkv", source, Coding("ffv1", "yuv422p10le", options={})))
    assert np.abs(next(clip.read([0])).image.astype(int) - source[0]).mean() < 3


def test_transfer_functions_at_the_standards_points() -> None:
    # BT.2408: reference white is 75 % of HLG's signal and 58 % of PQ's; BT.2100: HLG's 50 % is a twelfth
    assert hlg_scene(np.array([0.5]))[0] == pytest.approx(1 / 12, rel=1e-3)
    assert hlg_scene(np.array([1.0]))[0] == pytest.approx(1, rel=1e-3)
    assert 1000 * hlg_scene(np.array([0.75]))[0] ** 1.2 == pytest.approx(203, rel=0.01)
    assert pq_nits(np.array([0.5806]))[0] == pytest.approx(203, rel=0.01)
    assert pq_nits(np.array([1.0]))[0] == pytest.approx(10000)
    np.testing.assert_allclose(BT2020_TO_BT709.sum(1), 1, atol=2e-4)


@pytest.mark.parametrize(("transfer", "white"), [(TRC_HLG, 0.75), (TRC_PQ, 0.5806)])
def test_skin_keeps_its_brightness_and_highlights_their_order(transfer: int, white: float) -> None:
    signal = np.linspace(0, 1, 256)
    grey = np.repeat((signal * 65535).astype(np.uint16)[None, :, None], 3, -1)
    shown = to_srgb(grey, transfer)[0].astype(int)
    assert (np.ptp(shown, axis=1) <= 1).all(), "grey stays grey"
    assert (np.diff(shown[:, 1]) >= 0).all()
    at_white = np.interp(white, signal, shown[:, 1])
    assert 215 < at_white < 250
    nits = 1000 * hlg_scene(signal) ** 1.2 if transfer == TRC_HLG else pq_nits(signal)
    dark = nits / 203 < 0.7
    np.testing.assert_allclose(shown[dark, 1], 255 * encode_srgb(nits[dark] / 203), atol=1.6)
    assert shown[-1, 1] >= 254


def test_the_tone_curve_has_no_corner() -> None:
    light = np.linspace(0, 4.9, 5000)
    slope = np.diff(tone_map(light)) / np.diff(light)
    assert np.abs(np.diff(slope)).max() < 0.01
    assert tone_map(np.array([1000 / 203]))[0] == pytest.approx(1)


def test_a_clip_in_hlg_is_tone_mapped(tmp_path: Path) -> None:
    path = tmp_path / "hlg.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p10le"
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_trc, context.color_primaries = 9, 1, TRC_HLG, 9
        for number in range(2):
            frame = av.VideoFrame(96, 64, "yuv444p10le")
            # half of the signal, no colour
            for plane, value in zip(frame.planes, (64 + 438, 512, 512), strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
            frame.pts, frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = (
                number, 9, 1, TRC_HLG, 9)  # fmt: skip
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    expected = 255 * encode_srgb(np.array(1000 * (1 / 12) ** 1.2 / 203))
    np.testing.assert_allclose(next(open_clip(path).read([1])).image[20, 20], expected, atol=2)


def test_an_interlaced_picture_becomes_one_moment() -> None:
    early, late = np.full((8, 6, 3), 40, np.uint8), np.full((8, 6, 3), 200, np.uint8)
    woven = early.copy()
    woven[1::2] = late[1::2]
    np.testing.assert_array_equal(first_field(woven), early)
    assert first_field(woven[:7]).shape == (7, 6, 3)
