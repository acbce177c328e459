"""The attributes of SPZ as integers, and back; the numbers are those of https://github.com/nianticlabs/spz.

Per splat: three 24-bit fixed-point coordinates, opacity, colour and log scale of a byte each, 32 bits of rotation
(the smallest three components of the quaternion), and a byte for each coefficient of the higher bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.types import F32, U8
from headsmith_exporters.quantize import as_bytes, from_smallest_three, smallest_three
from headsmith_exporters.splats import bad_splats
from headsmith_exporters.spz_files import SpzHeader


@dataclass(frozen=True)
class Precision:
    """How much of each attribute is kept; what is rounded coarser than the format's own steps packs better."""

    fractional_bits: int
    """of positions, where the extent leaves so many"""
    opacity_step: int
    """of 255"""
    colour_step: int
    """of 255"""
    rotation_step: int
    """of 511"""


# measured on heads of 45,000 splats, pictures of 512 px: 9 bytes a splat at 43 dB, and 13 bytes at 49 dB. Positions
# show soonest in the picture (a bit less costs 4 dB), rotations last.
SMALL = Precision(fractional_bits=12, opacity_step=6, colour_step=2, rotation_step=48)
FINE = Precision(fractional_bits=13, opacity_step=1, colour_step=1, rotation_step=1)
_LARGEST_FIXED = (1 << 23) - 1
_COLOUR_SCALE = 0.15
_LOG_SCALE_OFFSET, _LOG_SCALE_STEPS = 10, 16
_ROTATION_LEVELS = 511
_BAND_STEPS = np.array([8] * 3 + [16] * 12)[:, None]
"""5 bits for the first band, 4 for the others, as the reference implementation"""


def choose_fractional_bits(means: F32, most: int) -> int:
    """As many as the extent leaves of 24 bits, at most `most`. Raises InputError where none is left."""
    extent = float(np.abs(means).max(initial=0))
    if extent >= _LARGEST_FIXED:
        raise bad_splats("the splats", f"a splat {extent:.3g} m away", f"splats within {_LARGEST_FIXED} m for SPZ")
    bits = most
    while round(extent * 2**bits) > _LARGEST_FIXED:
        bits -= 1
    return bits


def pack(splats: Splats, fractional_bits: int, precision: Precision) -> tuple[bytes, ...]:
    """The six streams: positions, opacities, colours, log scales, rotations, higher bands."""
    fixed = np.rint(splats.means.astype(np.float64) * 2**fractional_bits).astype("<i4")
    log_scales = np.log(np.maximum(splats.scales.astype(np.float64), 1e-9))
    arrays = (
        fixed[..., None].view(np.uint8)[..., :3],
        _rounded(as_bytes(splats.opacities), precision.opacity_step, 255),
        _rounded(as_bytes(splats.sh0.astype(np.float64) * _COLOUR_SCALE + 0.5), precision.colour_step, 255),
        as_bytes((log_scales + _LOG_SCALE_OFFSET) * _LOG_SCALE_STEPS / 255),
        _pack_rotations(splats.quats.astype(np.float64), precision.rotation_step),
        _pack_bands(splats.shN),
    )
    return tuple(array.tobytes() for array in arrays)


def unpack(header: SpzHeader, streams: tuple[bytes, ...]) -> Splats:
    """The inverse of `pack`, for streams of the right sizes."""
    positions, opacities, colours, log_scales, rotations, bands = (np.frombuffer(s, np.uint8) for s in streams)
    fixed = np.zeros((header.count, 3, 4), np.uint8)
    fixed[..., 1:] = positions.reshape(-1, 3, 3)
    # the 24 bits stand in the upper three bytes, so that shifting down keeps the sign
    coordinates = (fixed.view("<i4")[..., 0] >> 8) / 2.0**header.fractional_bits
    return Splats(
        means=coordinates.astype(np.float32),
        quats=_unpack_rotations(rotations),
        scales=np.exp(log_scales.reshape(-1, 3) / np.float32(_LOG_SCALE_STEPS) - _LOG_SCALE_OFFSET),
        opacities=opacities / np.float32(255),
        sh0=((colours.reshape(-1, 1, 3) / 255.0 - 0.5) / _COLOUR_SCALE).astype(np.float32),
        shN=(bands.reshape(header.count, BAND_SIZES[header.sh_degree], 3).astype(np.float32) - 128) / 128,
    )


def _pack_rotations(quats_wxyz: F32, step: int) -> U8:
    """Two bits for the largest of x, y, z, w, then a sign and nine bits for each of the others."""
    largest, others = smallest_three(quats_wxyz[:, [1, 2, 3, 0]])
    magnitude = np.rint(np.abs(others) * np.sqrt(2) * _ROTATION_LEVELS).astype(np.int64)
    magnitude = _rounded(magnitude, step, _ROTATION_LEVELS).astype(np.uint32)
    fields = magnitude | ((others < 0) & (magnitude > 0)).astype(np.uint32) << 9
    packed = largest.astype(np.uint32) << 30 | fields[:, 0] << 20 | fields[:, 1] << 10 | fields[:, 2]
    return packed.astype("<u4").view(np.uint8)


def _unpack_rotations(data: U8) -> F32:
    packed = data.view("<u4")
    fields = np.stack([packed >> shift & 1023 for shift in (20, 10, 0)], -1)
    magnitude = (fields & 511) / (np.sqrt(2) * _ROTATION_LEVELS)
    xyzw = from_smallest_three((packed >> 30).astype(np.int64), np.where(fields & 512, -magnitude, magnitude))
    return xyzw[:, [3, 0, 1, 2]].astype(np.float32)


def _pack_bands(shN: F32) -> U8:
    """Coefficients -1..1."""
    levels = np.rint(np.clip(shN, -2, 2) * 128).astype(np.int64) + 128
    return _rounded(levels, _BAND_STEPS[: shN.shape[1]], 255).astype(np.uint8)


def _rounded(levels: Any, steps: Any, most: int) -> Any:
    """Whole numbers to the nearest multiple of `steps` in 0..`most`, of the levels' own type."""
    wide = levels.astype(np.int64)
    return np.clip((wide + steps // 2) // steps * steps, 0, most).astype(levels.dtype)
