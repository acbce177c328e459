"""How much of a face something else seems to cover.

Each landmark sits on the same bit of skin in every frame, so that its colour, compared with the rest of the face's,
hardly changes over a clip; a hand or a cup in front of it changes it more than light and expression do.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from headsmith.types import F32, U8

SKIN_POINTS = 468
EYE_CORNERS = (33, 263)
# of the distance between the eyes
BLUR = 0.03
DARKEST = 0.02
# in robust standard deviations of a point's own colour over the clip, with a floor for light and noise
STRANGE, LEAST_DEVIATION = 3.0, 0.04
MAD_TO_DEVIATION = 1.4826


def skin_colours(image: U8, points: F32) -> F32:
    """[468, 3] logarithm of the smoothed colour at each landmark of the skin, less the median of the face; NaN for
    those outside the picture. `points` [478, 2 or 3] in pixels."""
    height, width = image.shape[:2]
    skin = points[:SKIN_POINTS, :2]
    corners = points[list(EYE_CORNERS), :2]
    sigma = BLUR * float(np.linalg.norm(corners[1] - corners[0]))
    low = np.clip(np.floor(skin.min(0) - 3 * sigma), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(skin.max(0) + 3 * sigma), low + 1, [width, height]).astype(int)
    crop = image[low[1] : high[1], low[0] : high[0]].astype(np.float32) / 255
    smooth = gaussian_filter(crop, (sigma, sigma, 0))
    at = np.floor(skin - low).astype(int)
    inside = ((at >= 0) & (at < high - low)).all(1)
    colours = np.full((SKIN_POINTS, 3), np.nan, np.float32)
    colours[inside] = np.log(smooth[at[inside, 1], at[inside, 0]] + DARKEST)
    return colours - np.nanmedian(colours, 0) if inside.any() else colours


def occlusion(colours: F32) -> F32:
    """[N] 0..1 from `skin_colours` of all frames [N, 468, 3] of one person."""
    usual = np.nanmedian(colours, 0)
    deviation = MAD_TO_DEVIATION * np.nanmedian(np.abs(colours - usual), 0) + LEAST_DEVIATION
    strange = (np.abs(colours - usual) / deviation).max(-1) > STRANGE
    seen = np.isfinite(colours[..., 0])
    return ((strange & seen).sum(1) / np.maximum(seen.sum(1), 1)).astype(np.float32)
