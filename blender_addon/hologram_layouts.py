# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the views of a layout are seen from, and where they go in its picture: arithmetic, without Blender.

Pictures here have row 0 on top; lengths are in metres, angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.types import F32


@dataclass(frozen=True)
class Pyramid:
    """Pepper's pyramid: front, left, back and right view around the centre of a square.

    The pyramid's faces are mirrors at 45 degrees, each swaps left and right, so the views are `mirrored` in the file.
    """

    side_px: int = 1080
    kind: str = "ON_SCREEN"
    """ON_SCREEN: tip down on a screen that lies face up, heads outwards, the front view at the bottom of the picture;
    UNDER_SCREEN: tip up below a screen that faces down, heads inwards, the front view on top"""
    mirrored: bool = True
    size: float = 1.0
    """of each view; 1 is as large as fits without overlap"""
    gap: float = 1 / 6
    """from the centre to each view, as a share of the side"""

    @property
    def start_px(self) -> int:
        """From the centre to each view."""
        return round(self.gap * self.side_px)

    @property
    def view_px(self) -> int:
        """Side of each square view: it ends at the picture's border, and its corners do not reach its neighbours."""
        return max(1, int(min(2 * self.start_px, self.side_px // 2 - self.start_px) * self.size))


@dataclass(frozen=True)
class Quilt:
    """Looking Glass quilt: view 0, seen from farthest left, at the bottom left; then to the right, then upwards.

    Layout and file name: https://docs.lookingglassfactory.com/keyconcepts/quilts
    """

    columns: int = 8
    rows: int = 6
    aspect: float = 0.75
    """width by height of the display, and of each view"""
    view_height_px: int = 560
    cone_deg: float = 35.0
    """from the first to the last view, as seen from the plane that stays in place"""

    @property
    def view_size_px(self) -> tuple[int, int]:
        """(width, height) of each view."""
        return max(2, round(self.view_height_px * self.aspect)), self.view_height_px


@dataclass(frozen=True)
class Single:
    """What the scene's camera sees."""


Layout = Single | Pyramid | Quilt

PYRAMID_TURNS_DEG = (0.0, 90.0, 180.0, 270.0)
"""of the camera around the vertical axis, counter-clockwise from above: front, the subject's left, back, right"""


def pyramid_picture(views: list[F32], pyramid: Pyramid) -> F32:
    """[side, side, C] from four square views [v, v, C], in the order of PYRAMID_TURNS_DEG.

    Each place is a quarter turn of the one before, so a spectator who walks around the pyramid walks around the head.
    """
    side, size = pyramid.side_px, pyramid.view_px
    left, middle = (side - size) // 2, side // 2
    out = np.zeros((side, side, views[0].shape[-1]), views[0].dtype)
    on_screen = pyramid.kind == "ON_SCREEN"
    for turn, view in enumerate(views):
        # head down at the bottom of the picture or on top of it: a mirror image by a flip, else by half a turn
        tile = view[::-1] if pyramid.mirrored else view[::-1, ::-1]
        layer = np.zeros_like(out)
        top = middle + pyramid.start_px if on_screen else middle - pyramid.start_px - size
        layer[top : top + size, left : left + size] = tile
        # a face-down screen is seen from below, where the same walk goes clockwise
        out += np.rot90(layer, turn if on_screen else -turn)
    return out


def quilt_offsets(quilt: Quilt, distance_m: float) -> F32:
    """[views] how far to the right of the camera each view is seen from, for a plane `distance_m` before the camera."""
    count = quilt.columns * quilt.rows
    angles = np.linspace(-0.5, 0.5, count) * quilt.cone_deg if count > 1 else np.zeros(1)
    return (distance_m * np.tan(np.radians(angles))).astype(np.float32)


def quilt_picture(views: list[F32], quilt: Quilt) -> F32:
    """[rows * h, columns * w, C] from views [h, w, C], first to last."""
    rows = [np.concatenate(views[i : i + quilt.columns], axis=1) for i in range(0, len(views), quilt.columns)]
    return np.concatenate(rows[::-1], axis=0)


def quilt_suffix(quilt: Quilt) -> str:
    """What a quilt's file name ends with, before the extension, so that viewers know how to cut it."""
    return f"_qs{quilt.columns}x{quilt.rows}a{quilt.aspect:.5g}"
