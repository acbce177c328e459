"""Textures as the bytes of an image file."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np

from headsmith.types import U8
from headsmith_exporters.pillow import image_module

TextureFormat = Literal["jpeg", "png", "webp"]
MIME_TYPES: dict[TextureFormat, str] = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def encode_texture(texture: U8, kind: TextureFormat, quality: int) -> bytes:
    """[H, W] or [H, W, 3] sRGB to the bytes of a file; `quality` 1..95 is Pillow's scale and of no account for PNG."""
    out, image = io.BytesIO(), image_module("the static texture").fromarray(texture)
    if kind == "png":
        image.save(out, "PNG", optimize=True)
    elif kind == "webp":
        image.save(out, "WEBP", quality=quality, method=6)
    else:
        # full chroma resolution: lips and irises are small and red
        image.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
    return out.getvalue()


def shrunk(texture: U8, longest_px: int) -> U8:
    """[H, W] or [H, W, 3] with no side longer than `longest_px`; the same array where it is not larger."""
    height, width = texture.shape[:2]
    if max(height, width) <= longest_px:
        return texture
    image = image_module("the static texture")
    size = [max(1, round(side * longest_px / max(height, width))) for side in (width, height)]
    return np.asarray(image.fromarray(texture).resize(size, image.Resampling.LANCZOS))
