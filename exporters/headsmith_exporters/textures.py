"""Textures as the bytes of an image file."""

from __future__ import annotations

import io
from typing import Literal

from headsmith.types import U8
from headsmith_exporters.pillow import image_module

TextureFormat = Literal["jpeg", "png"]
MIME_TYPES: dict[TextureFormat, str] = {"jpeg": "image/jpeg", "png": "image/png"}


def encode_texture(texture: U8, kind: TextureFormat, jpeg_quality: int) -> bytes:
    """[H, W, 3] sRGB to the bytes of a file; `jpeg_quality` 1..95 is Pillow's scale."""
    out, image = io.BytesIO(), image_module("the static texture").fromarray(texture)
    if kind == "png":
        image.save(out, "PNG", optimize=True)
    else:
        # full chroma resolution: lips and irises are small and red
        image.save(out, "JPEG", quality=jpeg_quality, subsampling=0, optimize=True)
    return out.getvalue()
