"""Photo files -> Frames, and Frames -> crops around the head."""

from __future__ import annotations

from headsmith.capture.crop import crop_frame, crop_landmarks, crop_mattes, head_box
from headsmith.capture.photo import load_photo, load_photos

__all__ = ["crop_frame", "crop_landmarks", "crop_mattes", "head_box", "load_photo", "load_photos"]
