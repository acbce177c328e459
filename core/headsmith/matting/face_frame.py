"""Where a pixel lies relative to the face: coordinates in face heights, and polygons of landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from headsmith.types import F32, Landmarks

# MediaPipe's outline of the face, from the top of the forehead clockwise in the picture
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
# around eyes, brows and mouth, where the face's colours are not skin's
FEATURES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
)  # fmt: skip
FOREHEAD, CHIN = 10, 152
LEFT_CHEEK, RIGHT_CHEEK = 454, 234
SUPERSAMPLING = 4


@dataclass(frozen=True)
class FaceFrame:
    """Coordinates that turn and grow with the face."""

    across: F32
    """[H, W] from the middle of the face to the subject's left, in face heights"""
    below: F32
    """[H, W] below the chin, in face heights; the forehead's top is at -1"""
    height_px: float
    half_width: float
    """of the face, in face heights"""


def face_frame(landmarks: Landmarks, size_px: tuple[int, int]) -> FaceFrame:
    """For a picture of `size_px` (width, height)."""
    points = landmarks.points_px
    down = points[CHIN] - points[FOREHEAD]
    height = float(np.linalg.norm(down))
    down = down / height
    right = np.array([down[1], -down[0]])
    x, y = np.meshgrid(np.arange(size_px[0]) + 0.5, np.arange(size_px[1]) + 0.5)
    sides = (points[[RIGHT_CHEEK, LEFT_CHEEK]] - points[CHIN]) @ right / height
    middle, half_width = float(sides.mean()), float(np.abs(np.diff(sides))[0] / 2)
    dx, dy = x - points[CHIN, 0], y - points[CHIN, 1]
    across = (dx * right[0] + dy * right[1]) / height - middle
    below = (dx * down[0] + dy * down[1]) / height
    return FaceFrame(across.astype(np.float32), below.astype(np.float32), height, half_width)


def polygon(points_px: F32, size_px: tuple[int, int]) -> F32:
    """[H, W] how much of each pixel lies in the polygon [N, 2]."""
    width, height = size_px
    canvas = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    corners = [(float(x), float(y)) for x, y in points_px * SUPERSAMPLING - 0.5]
    ImageDraw.Draw(canvas).polygon(corners, fill=255)
    return np.asarray(canvas.resize(size_px, Image.Resampling.BOX), np.float32) / 255
