"""A decoded picture as it is meant to be seen: whole moments, square pixels, upright."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from headsmith.types import U8

Turn = tuple[int, int, int, int]
"""signs a, b, c, d of a display matrix: a picture's x goes to (a, b) and its y to (c, d)"""
NO_TURN: Turn = (1, 0, 0, 1)
# pixel shapes outside are mistakes of the file
PLAUSIBLE_ASPECT = (0.25, 4.0)


def turn_of(display_matrix: bytes) -> Turn:
    """From the nine 32-bit numbers of ISO/IEC 14496-12 (8.2.2): the multiple of 90 degrees, perhaps mirrored, that
    comes nearest."""
    a, b, _, c, d = struct.unpack("=9i", display_matrix[:36])[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
    return (0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)


def turned_size(size_px: tuple[int, int], turn: Turn) -> tuple[int, int]:
    """Width and height after the turn."""
    return size_px if turn[0] else (size_px[1], size_px[0])


def turn_picture(image: U8, turn: Turn) -> U8:
    """[H, W, 3] turned and mirrored as the display matrix says."""
    a, b, c, d = turn
    if not a:
        image = image.swapaxes(0, 1)
    down, across = (d, a) if a else (b, c)
    return np.ascontiguousarray(image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def square_size(size_px: tuple[int, int], pixel_aspect: float) -> tuple[int, int]:
    """Width and height with square pixels: the side with the coarser ones grows. `pixel_aspect` is width by height."""
    if not PLAUSIBLE_ASPECT[0] <= pixel_aspect <= PLAUSIBLE_ASPECT[1]:
        return size_px
    width, height = size_px
    return (round(width * pixel_aspect), height) if pixel_aspect >= 1 else (width, round(height / pixel_aspect))


def resized(image: U8, size_px: tuple[int, int]) -> U8:
    """[H, W, 3] at another width and height, where they differ."""
    if (image.shape[1], image.shape[0]) == size_px:
        return image
    return np.asarray(Image.fromarray(image).resize(size_px, Image.Resampling.BICUBIC))


def first_field(image: U8) -> U8:
    """An interlaced picture shows two moments: the first one's lines, with means of them between."""
    lines = image[::2].astype(np.uint16)
    below = np.concatenate([lines[1:], lines[-1:]])
    whole = image.copy()
    whole[1::2] = ((lines + below + 1) // 2)[: len(image[1::2])]
    return whole
