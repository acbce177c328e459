"""Where a frame is compared: head, face, mouth and eyes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation
from scipy.spatial import ConvexHull

from headsmith.types import F32, Bool, Landmarks, Mattes

HEAD, FACE, MOUTH, EYES = "head", "face", "mouth", "eyes"
REGIONS = (HEAD, FACE, MOUTH, EYES)
# of MediaPipe's face mesh: the outer rim of the lips, and the rims of both eyes
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
EYE_RIMS = ((33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
            (362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398))  # fmt: skip
AROUND = 0.12
"""how far mouth and eyes reach beyond their rims, in widths of the rim"""
SURE = 0.98
BARE = 0.1
"""of the hair's matte: less is no hair"""


def regions(landmarks: Landmarks, mattes: Mattes) -> dict[str, Bool]:
    """Masks [H, W] by name. They depend on the frame alone, so that every avatar is judged on the same pixels.

    Pixels where the matte is soft show what is behind the head too, which no avatar knows; hair is in none but the
    head's.
    """
    shape = mattes.head.shape
    head = mattes.head > SURE
    face = head & (mattes.hair < BARE) & hull(landmarks.points_px[:468], shape)
    mouth = _around(landmarks.points_px[list(LIPS)], shape)
    eyes = np.logical_or(*(_around(landmarks.points_px[list(rim)], shape) for rim in EYE_RIMS))
    return {HEAD: head, FACE: face, MOUTH: face & mouth, EYES: face & eyes}


def hull(points_px: F32, shape: tuple[int, ...]) -> Bool:
    """[H, W] True inside the convex hull of points [N, 2]."""
    corners = points_px[ConvexHull(points_px).vertices]
    mask = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in corners], fill=1)
    return np.array(mask)


def _around(rim_px: F32, shape: tuple[int, ...]) -> Bool:
    reach = max(1, round(AROUND * float(np.ptp(rim_px[:, 0]))))
    return binary_dilation(hull(rim_px, shape), iterations=reach)
