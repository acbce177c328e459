# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic on pictures with alpha: float arrays [H, W, 4], row 0 on top."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32

_NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def over(straight: F32, background: F32 | float) -> F32:
    """[H, W, 3] of display values: a straight picture over a background, as browsers and game engines blend it."""
    alpha = straight[..., 3:]
    return straight[..., :3] * alpha + background * (1 - alpha)


def on_black(picture: F32, straight: bool) -> F32:
    """Opaque, on black."""
    colour = over(picture, 0.0) if straight else picture[..., :3]
    return np.concatenate([colour, np.ones_like(picture[..., 3:])], axis=-1)


def checker(height: int, width: int, square_px: int = 16) -> F32:
    """[H, W, 1] of 0.25 and 0.75."""
    squares = (np.indices((height, width)) // square_px).sum(0)
    return (0.25 + 0.5 * (squares % 2))[..., None].astype(np.float32)


def display_values(linear: F32) -> F32:
    """sRGB's curve (IEC 61966-2-1) of scene-linear values, cut to 0..1."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


def straight_display(premultiplied_linear: F32) -> F32:
    """What OpenEXR holds, as PNG would hold it."""
    colour, alpha = premultiplied_linear[..., :3], premultiplied_linear[..., 3:]
    colour = np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0)
    return np.concatenate([display_values(colour), alpha], axis=-1)


def spread(colours: F32, known: np.ndarray, reach_px: int) -> tuple[F32, np.ndarray]:
    """Carries colours [H, W, C] on for `reach_px` from where they are `known` [H, W]; returns both, grown."""
    colours, known = colours * known[..., None], known.copy()
    for _ in range(reach_px):
        total, count = np.zeros_like(colours), np.zeros(known.shape, np.float32)
        for move in _NEIGHBOURS:
            there = moved(known, move)
            total += moved(colours, move) * there[..., None]
            count += there
        new = ~known & (count > 0)
        colours[new] = total[new] / count[new, None]
        known |= new
    return colours, known


def pad_colours(pixels: F32, reach_px: int = 8) -> F32:
    """Straight pixels with the figure's colours carried on to where alpha is 0.

    Video stores colour at half the resolution and not exactly, so what lies under alpha 0 bleeds into the silhouette:
    black would leave a dark fringe.
    """
    colours, _ = spread(pixels[..., :3], pixels[..., 3] > 0, reach_px)
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def largest_near(values: F32, reach_px: int) -> F32:
    """[H, W] the largest within `reach_px` steps up, down, left or right."""
    for _ in range(reach_px):
        values = np.max([values, *(moved(values, move) for move in _NEIGHBOURS)], axis=0)
    return values


def moved(values: np.ndarray, move: tuple[int, int]) -> np.ndarray:
    """Shifted by (rows, columns); what comes in is 0."""
    out = np.zeros_like(values)
    height, width = values.shape[:2]
    y, x = move
    out[max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = values[
        max(-y, 0) : height + min(-y, 0), max(-x, 0) : width + min(-x, 0)
    ]
    return out
