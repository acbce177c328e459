"""The focal length a clip was taken with."""

from __future__ import annotations

import math
from collections.abc import Mapping

from headsmith.capture.focal import FULL_FRAME_DIAGONAL_MM, PLAUSIBLE_35MM

# A phone's main camera has 24 to 28 mm, its selfie camera 23 to 30; video loses about a tenth of the width to
# stabilisation. The fit finds one focal length for the whole clip and starts from this one.
DEFAULT_CLIP_35MM = 30.0
TAG_PARTS = ("focal", "35mm")
"""what the names of the tags have in common, e.g. com.apple.quicktime.camera.focal_length.35mm_equivalent"""


def clip_focal_px(metadata: Mapping[str, str], size_px: tuple[int, int]) -> float:
    """From a clip's metadata, where it holds a 35 mm equivalent, else a phone's usual one."""
    tagged = (value for name, value in metadata.items() if all(part in name.lower() for part in TAG_PARTS))
    lengths = (_number(value) for value in tagged)
    low, high = PLAUSIBLE_35MM
    equivalent_mm = next((mm for mm in lengths if low <= mm <= high), DEFAULT_CLIP_35MM)
    return equivalent_mm / FULL_FRAME_DIAGONAL_MM * math.hypot(*size_px)


def _number(text: str) -> float:
    """0 where it is none."""
    try:
        return float(text.strip().removesuffix("mm"))
    except ValueError:
        return 0.0
