"""High dynamic range video (HLG and PQ in BT.2020) and wide-gamut video -> 8-bit sRGB.

Sources: Rec. ITU-R BT.2100-2 (transfer functions, HLG's system gamma), BT.2020-2 and BT.709-6 (primaries),
BT.2408-7 (reference white at 203 cd/m2; HLG shown on a display of 1000 cd/m2), IEC 61966-2-1 (sRGB).

What is as bright as reference white or darker than the knee keeps its brightness, so that skin looks as in an
ordinary clip; only highlights are compressed, along one factor a pixel, which keeps their hue.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from headsmith.types import F32, U8

TRC_PQ, TRC_HLG = 16, 18
"""transfer characteristics in ISO/IEC 23091-2"""
PRIMARIES_BT2020 = 9

WHITE_NITS, PEAK_NITS = 203.0, 1000.0
HLG_GAMMA = 1.2
# in units of reference white: where the compression of highlights starts
KNEE = 0.7
PEAK = PEAK_NITS / WHITE_NITS
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
CODES = 4096
"""the 12 bits that are kept of the 16 of the decoder"""
# sRGB rises by 12.92 * 255 levels per unit near black: this many entries keep every level apart
ENCODE_CODES = 16384
# the bright end of HLG's system gamma and of the tone curve is smooth
GAIN_CODES = 4096


def is_wide(transfer: int, primaries: int) -> bool:
    """Whether a frame of those characteristics needs `to_srgb`."""
    return transfer in (TRC_PQ, TRC_HLG) or primaries == PRIMARIES_BT2020


def to_srgb(rgb: np.ndarray, transfer: int) -> U8:
    """[H, W, 3] uint16 R'G'B' of BT.2020, full range, to [H, W, 3] 8-bit sRGB."""
    linear = _linear_table(transfer)[rgb >> 4]
    if transfer == TRC_HLG:
        linear *= _gain(linear @ LUMA_2020, _hlg_gain_table(), 1.0)
    linear = np.maximum(linear.reshape(-1, 3) @ BT2020_TO_BT709.T, 0).reshape(linear.shape)
    if transfer in (TRC_PQ, TRC_HLG):
        linear *= _gain(linear.max(-1), _tone_table(), 2 * PEAK)
    codes = np.minimum(linear * (ENCODE_CODES - 1) + 0.5, ENCODE_CODES - 1).astype(np.uint16)
    return _encode_table()[codes]


def hlg_scene(signal: F32) -> F32:
    """HLG's inverse OETF: signal 0..1 to scene light 0..1."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def pq_nits(signal: F32) -> F32:
    """PQ's EOTF: signal 0..1 to cd/m2."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = signal ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def tone_map(light: F32) -> F32:
    """Light in units of reference white to 0..1: the identity up to the knee, then a curve of the same slope that
    reaches 1 at the peak."""
    over, span, room = np.maximum(np.minimum(light, PEAK) - KNEE, 0), PEAK - KNEE, 1 - KNEE
    # x / (1 + x / c) has slope 1 at 0; c makes it end at `room`
    return np.minimum(light, KNEE) + over / (1 + over * (1 / room - 1 / span))


def encode_srgb(linear: F32) -> F32:
    """Linear 0..1 to sRGB 0..1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def _gain(values: F32, table: F32, top: float) -> F32:
    """[H, W] looked up in a table over 0..top, as [H, W, 1]; finely spaced near 0."""
    codes = np.sqrt(np.minimum(values / top, 1)) * (len(table) - 1)
    return table[(codes + 0.5).astype(np.int32)][..., None]


def _gain_table(curve: Callable[[F32], F32], top: float) -> F32:
    values = np.linspace(0, 1, GAIN_CODES) ** 2 * top
    return (curve(np.maximum(values, 1e-6)) / np.maximum(values, 1e-6)).astype(np.float32)


@cache
def _linear_table(transfer: int) -> F32:
    """12-bit code to light: in units of reference white, for HLG scene light 0..1."""
    signal = np.arange(CODES) / (CODES - 1)
    if transfer == TRC_HLG:
        return hlg_scene(signal).astype(np.float32)
    if transfer == TRC_PQ:
        return (pq_nits(signal) / WHITE_NITS).astype(np.float32)
    # an ordinary clip in wide gamut: shown as sRGB, so that only its primaries change
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _hlg_gain_table() -> F32:
    """Scene luminance to the factor that makes light in units of reference white (BT.2100's OOTF)."""
    return _gain_table(lambda luminance: PEAK * luminance**HLG_GAMMA, 1.0)


@cache
def _tone_table() -> F32:
    return _gain_table(tone_map, 2 * PEAK)


@cache
def _encode_table() -> U8:
    return (encode_srgb(np.arange(ENCODE_CODES) / (ENCODE_CODES - 1)) * 255 + 0.5).astype(np.uint8)
