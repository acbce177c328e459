"""Photo files -> the pictures that the stages work on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headsmith.capture import crop_frame, crop_landmarks, head_box, load_photos
from headsmith.landmarks import detect_in
from headsmith.matting import MatteParams, matte
from headsmith.types import Frame, Landmarks, Mattes, Pictures, Progress


def read_photos(photos: Sequence[Path], longest_px: int, progress: Progress) -> tuple[Pictures, tuple[str, ...]]:
    """The photos around the head, and sentences about what the user should know. Raises InputError."""
    pictures, warnings = Pictures(), []
    for i, frame in enumerate(load_photos(photos) if photos else ()):
        seen = detect_in(frame)
        if seen.faces_found > 1:
            warnings.append(f"{frame.source}: {seen.faces_found} faces were found; the largest was taken.")
        pictures += close_up(frame, seen, longest_px)
        progress((i + 1) / len(photos))
    return pictures, tuple(warnings)


def close_up(frame: Frame, seen: Landmarks, longest_px: int) -> Pictures:
    """One picture around the head, its longer side at most `longest_px`, with its mattes."""
    box = head_box(seen, (frame.image.shape[1], frame.image.shape[0]))
    scale = min(1.0, longest_px / max(box[2] - box[0], box[3] - box[1]))
    size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
    cropped, points = crop_frame(frame, box, size), crop_landmarks(seen, box, size)
    mattes: Mattes = matte(cropped, points, MatteParams())
    return Pictures((cropped,), (points,), (mattes,))
