"""Pictures to PNG bytes and back."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from headsmith.asset.arrays import decoding
from headsmith.asset.damage import damaged
from headsmith.types import U8

MAX_SIDE_PX = 8192


def encode_png(image: U8) -> bytes:
    """[H, W] or [H, W, 3] uint8; the same picture always gives the same bytes."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def decode_png(data: bytes, subject: str, mode: str) -> U8:
    """[H, W, 3] for mode RGB, [H, W] for mode L. Raises InputError about `subject`."""
    # DecompressionBombError is an Exception of Pillow's own
    try:
        with decoding(subject, "a PNG picture"), Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode != mode or max(image.size) > MAX_SIDE_PX:
                found = f"a {image.mode} picture of {image.width} x {image.height} px"
                raise damaged(subject, found, f"mode {mode}, at most {MAX_SIDE_PX} px a side")
            return np.array(image)
    except Image.DecompressionBombError as error:
        raise damaged(subject, "a picture of absurd size", f"at most {MAX_SIDE_PX} px a side") from error
