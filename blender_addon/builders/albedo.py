# SPDX-License-Identifier: GPL-3.0-or-later
"""The one picture that the head's materials show: packed into the .blend as the static texture, sRGB, 8 bits."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.asset import Avatar
from headsmith.types import F32, U8

from ..pictures import encode_png


def albedo_image(avatar: Avatar, name: str, image: bpy.types.Image | None = None) -> bpy.types.Image:
    """The avatar's static texture as picture `name`; an `image` of an earlier import gets the new pixels.

    It is packed, so that the .blend shows it wherever it is opened. A dynamic texture is drawn over it later
    (`dynamic_texture.py`), which leaves the packed file as it is.
    """
    texture = avatar.material.static_texture
    if image is None:
        image = bpy.data.images.new(name, 1, 1, alpha=False)
        image.colorspace_settings.name = "sRGB"
    elif image.packed_file and np.array_equal(static_texture(image), texture):
        return image
    # Blender's own packing of its pixels takes several times as long and twice the space
    data = encode_png(texture)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    image.buffers_free()
    return image


def pixels_of(texture: U8) -> F32:
    """[H, W, 3] sRGB, row 0 on top, as Blender has it: float RGBA 0..1, row 0 at the bottom."""
    out = np.ones((*texture.shape[:2], 4), np.float32)
    np.multiply(texture[::-1], np.float32(1 / 255), out=out[..., :3])
    return out


def static_texture(image: bpy.types.Image) -> U8:
    """[H, W, 3] sRGB, row 0 on top: the packed file's pixels, which the picture shows again."""
    image.buffers_free()
    pixels = np.empty(image.size[0] * image.size[1] * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    return to_bytes(pixels.reshape(image.size[1], image.size[0], -1))


def to_bytes(pixels: F32) -> U8:
    """The inverse of `pixels_of`, rounded as Blender does; further channels are left out."""
    return (pixels[::-1, :, :3] * np.float32(255) + np.float32(0.5)).astype(np.uint8)
