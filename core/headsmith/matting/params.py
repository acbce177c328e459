"""What can be set about the masks. Lengths in face heights (hairline to chin)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MatteParams:
    selfie_multiclass: Path | None = None
    """MediaPipe's six-class selfie segmenter (.tflite), the user's own copy; tells hair, skin and clothes apart better
    than colour does"""
    max_px: int = 1024
    """longer side of the window around the head in which the masks are worked out; larger photos get them enlarged"""
    margin: float = 1.6
    """how far around the face the networks look"""
    neck_length: float = 0.45
    """how far below the chin the head reaches at most"""
    edge_band: float = 0.05
    """half the width of the strip around the outline in which the photo's own edges decide"""
    colour_rounds: int = 3
    """how often the colours of skin, hair and clothes are learnt again from the last division"""
