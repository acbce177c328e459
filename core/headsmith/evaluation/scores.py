"""How alike a form and a frame are, in one region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from headsmith.metrics import psnr, ssim
from headsmith.types import F32, Bool

LEAST_PIXELS = 30


@dataclass(frozen=True)
class Scores:
    """Of one region of one frame; NaN where it was not seen or not measured."""

    psnr_db: float
    ssim: float
    perceptual: float
    """0 for equal pictures (headsmith.metrics.perceptual)"""


MEASURES = tuple(field.name for field in fields(Scores))


def scores_of(shown: F32, picture: F32, mask: Bool) -> Scores:
    """Two pictures [H, W, 3] sRGB 0..1 inside `mask` [H, W]."""
    from headsmith.metrics import perceptual

    if mask.sum() < LEAST_PIXELS:
        return Scores(np.nan, np.nan, np.nan)
    box = _box(mask)
    part = (*box, slice(None))
    distance = np.nan
    if perceptual.is_available():
        distance = perceptual.perceptual_distance(shown[part].astype(np.float32), picture[part], mask[box])
    return Scores(psnr(shown, picture, mask), ssim(shown, picture, mask), distance)


def mean_scores(rows: Sequence[Scores]) -> dict[str, float]:
    """Means by name over the frames in which the region was seen."""
    out = {}
    for name in MEASURES:
        values = np.array([getattr(row, name) for row in rows])
        out[name] = round(float(np.nanmean(values)), 4) if np.isfinite(values).any() else float("nan")
    return out


def _box(mask: Bool, margin_px: int = 16) -> tuple[slice, slice]:
    """Around what is set, with a margin."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (slice(max(0, int(rows[0]) - margin_px), int(rows[-1]) + margin_px + 1),
            slice(max(0, int(columns[0]) - margin_px), int(columns[-1]) + margin_px + 1))  # fmt: skip
