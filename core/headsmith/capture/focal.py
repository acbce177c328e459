"""The focal length a photo was taken with, in pixels.

Tags: Exif 3.0 (CIPA DC-008), section 4.6.6; the 35 mm equivalent is defined by the picture's diagonal.
"""

from __future__ import annotations

import math
from typing import Any

from PIL import ExifTags

FULL_FRAME_DIAGONAL_MM = math.hypot(36, 24)
# Pictures without EXIF are mostly web copies, cropped around people: narrower than a phone's 26 mm, wider than a
# portrait lens' 85 mm. The fit's distance follows the focal length, so that an error here bends the face only a little.
DEFAULT_FOCAL_35MM = 50.0
PLAUSIBLE_35MM = (8.0, 1200.0)
MM_PER_RESOLUTION_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}


def focal_px(exif_ifd: dict[int, Any], size_px: tuple[int, int]) -> float:
    """From the Exif sub-directory of a photo of `size_px` (width, height): the 35 mm equivalent if it is there, else
    the focal length with the sensor's resolution, else that of a 50 mm lens on full frame."""
    diagonal_px = math.hypot(*size_px)
    equivalent_mm = _number(exif_ifd, ExifTags.Base.FocalLengthIn35mmFilm)
    if not _plausible(equivalent_mm):
        equivalent_mm = _from_sensor(exif_ifd, size_px) / diagonal_px * FULL_FRAME_DIAGONAL_MM
    if not _plausible(equivalent_mm):
        equivalent_mm = DEFAULT_FOCAL_35MM
    return equivalent_mm / FULL_FRAME_DIAGONAL_MM * diagonal_px


def _from_sensor(exif_ifd: dict[int, Any], size_px: tuple[int, int]) -> float:
    """Pixels, 0 where the tags are missing."""
    focal_mm = _number(exif_ifd, ExifTags.Base.FocalLength)
    resolution = _number(exif_ifd, ExifTags.Base.FocalPlaneXResolution)
    # the standard's default unit is the inch
    unit_mm = MM_PER_RESOLUTION_UNIT.get(int(_number(exif_ifd, ExifTags.Base.FocalPlaneResolutionUnit)), 25.4)
    # the resolution is the original picture's; a scaled copy keeps the original's width in this tag
    taken_px = max(
        _number(exif_ifd, ExifTags.Base.ExifImageWidth), _number(exif_ifd, ExifTags.Base.ExifImageHeight), 0.0
    )
    scale = max(size_px) / taken_px if taken_px > 0 else 1.0
    return focal_mm * resolution / unit_mm * scale


def _number(exif_ifd: dict[int, Any], tag: int) -> float:
    """The tag as a finite number, 0 where it is missing or nonsense (a rational over zero, a text)."""
    try:
        value = float(exif_ifd.get(tag, 0))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def _plausible(equivalent_mm: float) -> bool:
    return PLAUSIBLE_35MM[0] <= equivalent_mm <= PLAUSIBLE_35MM[1]
