""".sog: PlayCanvas' Spatially Ordered Gaussians, version 2: a zip of meta.json and lossless WebP images.

Layout: https://developer.playcanvas.com/user-manual/gaussian-splatting/formats/sog/. A pixel is a splat. The format
allows 16 bits of position and 8 of each other number; a head needs less, and numbers that fall on fewer levels pack
better, so levels are as coarse as they can be without being seen (docs/exporting.md).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.arrays import zip_bytes
from headsmith.asset.avatar import Splats
from headsmith.asset.quaternions import normalized
from headsmith.types import F32, U8
from headsmith_exporters.codebooks import ENTRIES, codebook, nearest_entries, palette
from headsmith_exporters.pillow import image_module
from headsmith_exporters.quantize import fraction_between, morton_order, smallest_three, to_levels
from headsmith_exporters.sog_read import CENTROIDS_A_ROW, MODE_BYTE, decode_sog
from headsmith_exporters.splats import MIN_SCALE_M, sh_degree, splat_format

LOG_SCALE_STEP = 0.07
COLOR_STEP = 0.04
"""of band 0: 2.9 of 255 levels of colour"""
HIGHER_BAND_STEP = 0.005
OPACITY_LEVELS = 64
SIZES_A_POSITION_STEP = 1 / 12
"""a step of position in median splat sizes"""
ASPECTS_A_ROTATION_STEP = 0.15
"""how far a step may turn the end of a long splat, in its widths"""
MAX_PALETTE = 8192
_POSITION_LEVELS = 65536
Numbers = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def encode_sog(splats: Splats) -> bytes:
    """The whole file, in Morton order."""
    order = morton_order(splats.means)
    log_scales = np.log(np.maximum(splats.scales[order].astype(np.float64), MIN_SCALE_M))
    meta: dict[str, Any] = {"version": 2, "asset": {"generator": "Headsmith"}, "count": len(splats)}
    files: dict[str, bytes] = {}
    meta["means"] = _add_means(files, splats.means[order].astype(np.float64), float(np.exp(_median(log_scales))))
    meta["quats"] = _add_quats(files, normalized(splats.quats[order].astype(np.float64)), log_scales)
    scales = codebook(log_scales, LOG_SCALE_STEP)
    files["scales.webp"] = _webp(_pixels(nearest_entries(log_scales, scales)))
    meta["scales"] = {"codebook": _plain(scales), "files": ["scales.webp"]}
    colors = codebook(splats.sh0, COLOR_STEP)
    opacity = to_levels(splats.opacities[order], OPACITY_LEVELS) * (255 / (OPACITY_LEVELS - 1))
    rows = nearest_entries(splats.sh0[order, 0], colors)
    files["sh0.webp"] = _webp(_pixels(np.concatenate([rows, np.rint(opacity)[:, None]], axis=1)))
    meta["sh0"] = {"codebook": _plain(colors), "files": ["sh0.webp"]}
    if splats.shN.shape[1] and len(splats):
        meta["shN"] = {**_add_higher_bands(files, splats.shN[order]), "bands": sh_degree(splats)}
    return zip_bytes({**files, "meta.json": json.dumps(meta, separators=(",", ":")).encode()})


def _add_means(files: dict[str, bytes], means: F32, size_m: float) -> Mapping[str, object]:
    """16 bits an axis, on a logarithmic scale, of which each axis uses as many as splats of that size need."""
    logs = np.sign(means) * np.log1p(np.abs(means))
    bounds = np.stack([logs.min(0), logs.max(0)] if len(logs) else [np.zeros(3)] * 2).astype(np.float32)
    low, high = bounds.astype(np.float64)
    levels = np.zeros(means.shape, np.int64)
    for axis in range(3):
        step_m = (high - low)[axis] / (_POSITION_LEVELS - 1) * (1 + np.abs(means[:, axis]).max(initial=0))
        step = 1
        while step < ENTRIES and 2 * step * step_m <= SIZES_A_POSITION_STEP * size_m:
            step *= 2
        fractions = fraction_between(logs[:, axis], low[axis], high[axis])
        nearest = np.rint(fractions * (_POSITION_LEVELS - 1) / step) * step
        levels[:, axis] = np.minimum(nearest, (_POSITION_LEVELS - 1) // step * step)
    files["means_l.webp"] = _webp(_pixels(levels % 256))
    files["means_u.webp"] = _webp(_pixels(levels // 256))
    return {"mins": _plain(bounds[0]), "maxs": _plain(bounds[1]), "files": ["means_l.webp", "means_u.webp"]}


def _add_quats(files: dict[str, bytes], quats: F32, log_scales: F32) -> Mapping[str, object]:
    """Three bytes for the smaller components; the fourth says which is the largest."""
    largest, others = smallest_three(quats)
    step = _rotation_step(log_scales)
    levels = (np.rint((others / np.sqrt(2) + 0.5) * 255 / step) * step).clip(0, 255)
    files["quats.webp"] = _webp(_pixels(np.concatenate([levels, MODE_BYTE + largest[:, None]], axis=1)))
    return {"files": ["quats.webp"]}


def _rotation_step(log_scales: F32) -> int:
    """1, 2 or 4 of 255 levels: the longer splats are, the more a turn is seen."""
    if not len(log_scales):
        return 1
    aspect = np.exp(np.quantile(log_scales.max(1) - log_scales.min(1), 0.9))
    # half a level in three components turns by at most this angle, in radians
    turn = np.sqrt(3) * np.sqrt(2) / 255
    return max(step for step in (1, 2, 4) if step == 1 or step * turn * aspect <= 2 * ASPECTS_A_ROTATION_STEP)


def _add_higher_bands(files: dict[str, bytes], bands: F32) -> dict[str, object]:
    """A palette of whole sets of coefficients, 64 of them a row, and two bytes a splat that choose one."""
    count, coefficients = bands.shape[:2]
    size = min(MAX_PALETTE, max(1024, count // 4))
    centres, labels = palette(np.ascontiguousarray(bands.reshape(count, -1), np.float32), size)
    entries = codebook(centres, HIGHER_BAND_STEP)
    rows = nearest_entries(centres, entries).reshape(-1, 3)
    width = CENTROIDS_A_ROW * coefficients
    files["shN_centroids.webp"] = _webp(_filled(rows, width, -(-len(rows) // width)))
    files["shN_labels.webp"] = _webp(_pixels(np.stack([labels % 256, labels // 256, 0 * labels], axis=1)))
    names = ["shN_centroids.webp", "shN_labels.webp"]
    return {"count": len(centres), "codebook": _plain(entries), "files": names}


def _pixels(values: Numbers) -> U8:
    """[N, C] bytes as the nearly square image [H, W, C] that has a pixel a splat, row by row."""
    width = max(4, int(np.ceil(np.sqrt(len(values)) / 4)) * 4)
    return _filled(values, width, max(4, -(-len(values) // (4 * width)) * 4))


def _filled(values: Numbers, width: int, height: int) -> U8:
    """The image of that size; the pixels that are left over repeat the last, which packs best."""
    pixels = np.zeros((width * height, values.shape[1]), np.uint8)
    pixels[: len(values)] = values
    pixels[len(values) :] = values[-1:].astype(np.uint8) if len(values) else 0
    return pixels.reshape(height, width, -1)


def _webp(pixels: U8) -> bytes:
    out = io.BytesIO()
    # exact: the colours of transparent pixels are data here
    image_module("SOG").fromarray(pixels).save(out, "WEBP", lossless=True, exact=True, quality=75, method=4)
    return out.getvalue()


def _median(log_scales: F32) -> float:
    return float(np.median(log_scales)) if log_scales.size else 0.0


def _plain(values: F32) -> list[float]:
    """Python numbers with no more digits than a float32 has."""
    return [float(str(value)) for value in values]


FORMATS = (
    splat_format(
        "sog", ".sog", "the smallest Gaussian splats, about 8 bytes each, for PlayCanvas", encode_sog, decode_sog
    ),
)
