# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG pictures as bytes: decoded by Blender, which carries no Pillow, and encoded here."""

from __future__ import annotations

import struct
import zlib

import bpy
import numpy as np

from headsmith.asset.damage import damaged
from headsmith.asset.images import MAX_SIDE_PX
from headsmith.types import U8

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {"L": 0, "RGB": 2}


def decode_png(data: bytes, subject: str, mode: str) -> U8:
    """[H, W, 3] for mode RGB, [H, W] for mode L, row 0 on top. Raises InputError about `subject`.

    The header is read first, so that a picture of absurd size is refused before memory is taken (PNG 1.2, 4.1.1:
    https://www.w3.org/TR/png-3/#11IHDR).
    """
    if len(data) < 33 or data[:8] != _SIGNATURE or data[12:16] != b"IHDR":
        raise damaged(subject, "bytes that are not a PNG picture", f"a PNG picture of mode {mode}")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    if depth != 8 or colour != _COLOUR_TYPES[mode] or not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        found = f"a PNG picture of {width} x {height} px, colour type {colour}, {depth} bits"
        raise damaged(subject, found, f"mode {mode}, 8 bits, at most {MAX_SIDE_PX} px a side")
    image = bpy.data.images.new("headsmith decoding", 1, 1)
    try:
        image.pack(data=data, data_len=len(data))
        image.source = "FILE"
        image.colorspace_settings.name = "Non-Color"
        if tuple(image.size) != (width, height) or not image.has_data:
            raise damaged(subject, "a damaged PNG picture", "one that can be decoded")
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    values = (pixels.reshape(height, width, -1)[::-1] * 255 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(values[..., 0] if mode == "L" else values[..., :3])


def encode_png(image: U8) -> bytes:
    """[H, W, 3] sRGB, row 0 on top, as a PNG of 8 bits; equal pictures give equal bytes."""
    height, width = image.shape[:2]
    # filter 2 (https://www.w3.org/TR/png-3/#9Filter-types): each line as its difference from the one above
    lines = np.full((height, 1 + 3 * width), 2, np.uint8)
    flat = image.reshape(height, -1)
    lines[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES["RGB"], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"sRGB", b"\0"), (b"IDAT", zlib.compress(lines.tobytes(), 2)), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
