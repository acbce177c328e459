"""Pictures of the web page: smaller ones, and as the bytes of a file."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np

from headsmith.types import U8
from headsmith_exporters.pillow import image_module

_SUBJECT = "the web page"


def shrunk(picture: U8, most_px: int) -> U8:
    """[H, W] or [H, W, 3], at most `most_px` a side and otherwise as it is."""
    height, width = picture.shape[:2]
    if max(height, width) <= most_px:
        return picture
    pillow, factor = image_module(_SUBJECT), most_px / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(pillow.fromarray(picture).resize(size, pillow.Resampling.LANCZOS))


def encode_image(picture: U8, kind: Literal["PNG", "WEBP"]) -> bytes:
    """[H, W] or [H, W, 3] as PNG, or as WebP that is good enough for a picture nobody measures."""
    out = io.BytesIO()
    image_module(_SUBJECT).fromarray(picture).save(out, kind, quality=80, optimize=True)
    return out.getvalue()
