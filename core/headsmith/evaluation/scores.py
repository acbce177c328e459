"""How alike a form and a frame are, in one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from headsmith.metrics import perceptual, psnr, ssim
from headsmith.types import F32, Bool

LEAST_PIXELS = 30
MOST_PSNR_DB = 100.0
"""of equal pictures, so that means stay finite"""
MARGIN_PX = 16
"""around a region, more than the windows of SSIM reach"""


@dataclass(frozen=True)
class Scores:
    """Of one region of one frame; NaN where it was not seen or not measured."""

    psnr_db: float
    ssim: float
    perceptual: float
    """0 for equal pictures (headsmith.metrics.perceptual)"""


MEASURES = tuple(field.name for field in fields(Scores))


def scores_of(shown: Mapping[str, F32], picture: F32, masks: Mapping[str, Bool]) -> dict[str, dict[str, Scores]]:
    """By form and region: pictures [H, W, 3] sRGB 0..1 by form, and one, inside masks [H, W] by region."""
    distances = _distances(shown, picture, masks)
    return {form: {region: _scores(image, picture, mask, distances[form, region]) for region, mask in masks.items()}
            for form, image in shown.items()}  # fmt: skip


def _scores(shown: F32, picture: F32, mask: Bool, distance: float) -> Scores:
    if mask.sum() < LEAST_PIXELS:
        return Scores(np.nan, np.nan, np.nan)
    box = _box(mask)
    a, b, mask = shown[box], picture[box], mask[box]
    return Scores(min(psnr(a, b, mask), MOST_PSNR_DB), ssim(a, b, mask), distance)


def _distances(shown: Mapping[str, F32], picture: F32, masks: Mapping[str, Bool]) -> dict[tuple[str, str], float]:
    """Perceptual ones by form and region; NaN where they are not installed."""
    around = np.logical_or.reduce(list(masks.values()))
    if not around.any() or not perceptual.is_available():
        return {(form, region): np.nan for form in shown for region in masks}
    box = _box(around)
    values = perceptual.perceptual_distances([image[box] for image in shown.values()], picture[box],
                                             [mask[box] for mask in masks.values()])  # fmt: skip
    return {(form, region): float(values[i, k]) for i, form in enumerate(shown) for k, region in enumerate(masks)}


def mean_scores(rows: Sequence[Scores]) -> dict[str, float]:
    """Means by name over the frames in which the region was seen; NaN where that is none."""
    out = {}
    for name in MEASURES:
        values = np.array([getattr(row, name) for row in rows])
        seen = values[np.isfinite(values)]
        out[name] = round(float(seen.mean()), 4) if len(seen) else float("nan")
    return out


def _box(mask: Bool) -> tuple[slice, slice]:
    """Around what is set, with a margin."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (slice(max(0, int(rows[0]) - MARGIN_PX), int(rows[-1]) + MARGIN_PX + 1),
            slice(max(0, int(columns[0]) - MARGIN_PX), int(columns[-1]) + MARGIN_PX + 1))  # fmt: skip
