"""How sharp a face is, comparable between frames of one clip."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from headsmith.types import F32, U8

SIDE_PX = 128
"""of the face when it is compared: what is finer depends on how large it is in the picture"""
EYE_CORNERS = (33, 263)
# of the distance between the eyes, around their middle: eyes, brows and nose, which hold detail whatever the mouth does
HALF_WIDTH = 0.9
FINE_PX, COARSE_PX = 0.7, 2.0


def sharpness(image: U8, points: F32) -> float:
    """Share of the detail around the eyes that is fine: strength of a band of 0.7 to 2 px, in a picture of the eyes
    128 px wide, by the contrast of all coarser ones. 0 for a face outside the picture."""
    corners = points[list(EYE_CORNERS), :2]
    middle, distance = corners.mean(0), float(np.linalg.norm(corners[1] - corners[0]))
    # a face in profile brings its corners together
    half = HALF_WIDTH * max(distance, 0.4 * float(np.ptp(points[:, 1])))
    box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    bounds = np.clip(np.round(box), 0, [image.shape[1], image.shape[0]] * 2).astype(int)
    left, top, right, bottom = (int(edge) for edge in bounds)
    if right - left < 8 or bottom - top < 8:
        return 0.0
    crop = Image.fromarray(image[top:bottom, left:right]).convert("L")
    scale = SIDE_PX / (2 * half)
    size = (max(8, round((right - left) * scale)), max(8, round((bottom - top) * scale)))
    grey = np.asarray(crop.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0), np.float32)
    coarse = gaussian_filter(grey, COARSE_PX)
    fine = gaussian_filter(grey, FINE_PX) - coarse
    return float(fine.std() / (coarse.std() + 1.0))
