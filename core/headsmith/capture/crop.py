"""The part of a photo around the head, with camera, landmarks and mattes to match."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from headsmith.types import F32, Frame, Landmarks, Mattes

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels"""

# in heights (up, down) and widths (sideways) of the face that the landmarks span, from hairline to chin
ROOM_ABOVE, ROOM_BELOW, ROOM_BESIDE = 1.1, 1.1, 1.2
# a face seen from the side is narrow, but the head behind it is not
NARROWEST_FACE = 0.8


def head_box(landmarks: Landmarks, frame_size: tuple[int, int]) -> Box:
    """A generous box around head, hair and neck, clipped to a picture of `frame_size` (width, height)."""
    (x0, y0), (x1, y1) = landmarks.points_px.min(0), landmarks.points_px.max(0)
    height = y1 - y0
    beside = ROOM_BESIDE * max(x1 - x0, NARROWEST_FACE * height)
    box = np.array([x0 - beside, y0 - ROOM_ABOVE * height, x1 + beside, y1 + ROOM_BELOW * height])
    limits = np.array([*frame_size, *frame_size])
    left, top, right, bottom = (int(edge) for edge in np.clip(np.round(box), 0, limits))
    return left, top, right, bottom


def crop_frame(frame: Frame, box_px: Box, size_px: tuple[int, int]) -> Frame:
    """The box (inside the image) scaled to `size_px` (width, height), antialiased; the camera follows."""
    image = Image.fromarray(frame.image).resize(size_px, Image.Resampling.LANCZOS, box=box_px)
    camera = frame.camera
    scale = _scale(box_px, size_px)
    principal = (np.asarray(camera.principal_px) - box_px[:2]) * scale
    cropped = replace(
        camera,
        focal_px=float(camera.focal_px * scale.mean()),
        principal_px=(float(principal[0]), float(principal[1])),
        size_px=size_px,
    )
    alpha = None if frame.alpha is None else _crop_mask(frame.alpha, box_px, size_px)
    return replace(frame, image=np.array(image), camera=cropped, alpha=alpha)


def crop_landmarks(landmarks: Landmarks, box_px: Box, size_px: tuple[int, int]) -> Landmarks:
    """The landmarks as they lie in `crop_frame` of the same box and size."""
    scale = _scale(box_px, size_px)
    points = (landmarks.points_px - np.asarray(box_px[:2], np.float32)) * scale
    depth = landmarks.depth * scale.mean()
    return replace(landmarks, points_px=points.astype(np.float32), depth=depth.astype(np.float32))


def crop_mattes(mattes: Mattes, box_px: Box, size_px: tuple[int, int]) -> Mattes:
    """The masks as they lie in `crop_frame` of the same box and size."""
    masks = (mattes.person, mattes.head, mattes.hair, mattes.skin)
    return Mattes(*(_crop_mask(mask, box_px, size_px) for mask in masks))


def _scale(box_px: Box, size_px: tuple[int, int]) -> F32:
    return np.array([size_px[0] / (box_px[2] - box_px[0]), size_px[1] / (box_px[3] - box_px[1])], np.float32)


def _crop_mask(mask: F32, box_px: Box, size_px: tuple[int, int]) -> F32:
    image = Image.fromarray(np.ascontiguousarray(mask, np.float32))
    # a triangle filter does not overshoot 0..1
    return np.array(image.resize(size_px, Image.Resampling.BILINEAR, box=box_px), np.float32)
