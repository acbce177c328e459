"""Pictures to PNG bytes and back.

Pillow is imported where it is used: Blender does not carry it, and reads pictures with a decoder of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from headsmith.asset.arrays import decoding
from headsmith.asset.damage import damaged
from headsmith.types import U8

MAX_SIDE_PX = 8192

PngDecoder = Callable[[bytes, str, str], U8]
"""(data, subject, mode) to [H, W, 3] for mode RGB, [H, W] for mode L; raises InputError about the subject"""


def encode_png(image: U8) -> bytes:
    """[H, W] or [H, W, 3] uint8; the same picture always gives the same bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def decode_png(data: bytes, subject: str, mode: str) -> U8:
    """[H, W, 3] for mode RGB, [H, W] for mode L. Raises InputError about `subject`."""
    from PIL import Image

    # DecompressionBombError is an Exception of Pillow's own
    try:
        with decoding(subject, "a PNG picture"), Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode != mode or max(image.size) > MAX_SIDE_PX:
                found = f"a {image.mode} picture of {image.width} x {image.height} px"
                raise damaged(subject, found, f"mode {mode}, at most {MAX_SIDE_PX} px a side")
            return np.array(image)
    except Image.DecompressionBombError as error:
        raise damaged(subject, "a picture of absurd size", f"at most {MAX_SIDE_PX} px a side") from error
