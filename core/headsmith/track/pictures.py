"""The frames of a clip, cut around the face and scaled alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from headsmith.head_model.landmark_sets import inter_ocular_px
from headsmith.track.params import PhotoParams
from headsmith.types import F32, Bool, ClipLandmarks, Frame, FrameReader

ROOM = 0.2
"""around the landmarks, in heights of the face"""


@dataclass(frozen=True)
class Picture:
    """One frame's face at one level."""

    colors: F32
    """[H, W, 3] sRGB 0..1"""
    corner_px: F32
    """[2] of its top-left corner, from the frame's principal point, in the frame's pixels"""
    scale: F32
    """[2] its pixels by the frame's"""


def read_pictures(clip: FrameReader, seen: ClipLandmarks, params: PhotoParams) -> Iterator[tuple[Picture, ...]]:
    """The levels of every frame of `seen`, one frame after the other."""
    for row, frame in enumerate(clip.read([int(i) for i in seen.index])):
        box, unit_px = _face_box(seen, row), _eye_distance_px(seen, row)
        yield tuple(_cut(frame, box, unit_px, eye_px, params.blur_px) for eye_px in params.eye_distances_px)


def sample(picture: Picture, pixels: F32) -> tuple[F32, F32, Bool]:
    """At pixels [K, 2] of the frame (from the principal point): colours [K, 3], their slopes [K, 2, 3] per pixel of the
    frame (right, down), and [K] whether they are inside."""
    height, width = picture.colors.shape[:2]
    place = (pixels - picture.corner_px) * picture.scale - 0.5
    inside = np.all((place >= 0) & (place <= (width - 1, height - 1)), axis=1)
    right, down = np.array([0.5, 0.0]), np.array([0.0, 0.5])
    slopes = [_bilinear(picture.colors, place + way) - _bilinear(picture.colors, place - way) for way in (right, down)]
    return _bilinear(picture.colors, place), np.stack(slopes, 1) * picture.scale[:, None], inside


def _bilinear(image: F32, place: F32) -> F32:
    """[K, C] of an image [H, W, C] at columns and rows [K, 2], held at its edges."""
    height, width = image.shape[:2]
    x, y = np.clip(place, 0, (width - 1.01, height - 1.01)).T
    x0, y0 = x.astype(np.intp), y.astype(np.intp)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    top = image[y0, x0] * (1 - fx) + image[y0, x0 + 1] * fx
    bottom = image[y0 + 1, x0] * (1 - fx) + image[y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


def _face_box(seen: ClipLandmarks, row: int) -> tuple[int, int, int, int]:
    points = seen.points_px[row]
    room = ROOM * float(np.ptp(points[:, 1]))
    width, height = seen.info.size_px
    x0, y0 = np.floor(points.min(0) - room).astype(int)
    x1, y1 = np.ceil(points.max(0) + room).astype(int)
    x0, y0 = min(max(x0, 0), width - 8), min(max(y0, 0), height - 8)
    return x0, y0, max(min(x1, width), x0 + 8), max(min(y1, height), y0 + 8)


def _eye_distance_px(seen: ClipLandmarks, row: int) -> float:
    return inter_ocular_px(np.column_stack([seen.points_px[row], seen.depth[row]]))


def _cut(frame: Frame, box: tuple[int, int, int, int], unit_px: float, eye_px: float, blur_px: float) -> Picture:
    size = np.array([box[2] - box[0], box[3] - box[1]])
    small = np.maximum(np.round(size * min(1.0, eye_px / unit_px)), 8).astype(int)
    image = Image.fromarray(frame.image).crop(box).resize((int(small[0]), int(small[1])), Image.Resampling.BOX)
    # frames smaller than the level are not enlarged, and blurred by less
    blur = blur_px * min(1.0, unit_px / eye_px)
    colors = gaussian_filter(np.asarray(image, np.float32) / 255, (blur, blur, 0))
    center = np.array(frame.image.shape[1::-1]) / 2
    return Picture(colors, np.array(box[:2]) - center, small / size)
