"""The shown texture: the static one, and the dynamic one where the mask says so (docs/format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headsmith.asset.avatar import Material
from headsmith.types import F32, U8, Bool

_BAND_PX = 32
"""rows that are blended together; gaps of the mask narrower than that are blended too"""


@dataclass(frozen=True)
class _Patch:
    """A rectangle of the static texture under the mask, and how it samples the dynamic one."""

    rows: slice
    columns: slice
    base: U8
    """[h, w, 3]"""
    mask: F32
    """[h, w, 1]"""
    down: tuple[slice, F32]
    """rows of the dynamic texture, and how much [h, n] of each"""
    across: tuple[slice, F32]


class TextureBlend:
    """Prepared for many dynamic textures of one size [height, width]; only what the mask shows is computed.

    Mask and dynamic texture are sampled linearly between the centres of their pixels, as renderers do.
    """

    def __init__(self, material: Material, dynamic_size: tuple[int, int]) -> None:
        self.static = material.static_texture
        self._patches = list(_patches(self.static, material.dynamic_mask, dynamic_size))

    def patches(self, dynamic: F32) -> Iterator[tuple[slice, slice, F32]]:
        """Rows, columns, and there the shown texture [h, w, 3] sRGB 0..1, for `dynamic` [H, W, 3] sRGB 0..1."""
        planes = np.ascontiguousarray(dynamic.transpose(2, 0, 1))
        for patch in self._patches:
            (rows, down), (columns, across) = patch.down, patch.across
            sampled = (down @ planes[:, rows, columns] @ across.T).transpose(1, 2, 0)
            base = patch.base * np.float32(1 / 255)
            yield patch.rows, patch.columns, base + (sampled - base) * patch.mask

    def shown(self, dynamic: F32) -> F32:
        """[T, T, 3] sRGB 0..1"""
        out = self.static.astype(np.float32) / 255
        for rows, columns, values in self.patches(dynamic):
            out[rows, columns] = values
        return out


def _patches(static: U8, mask: U8, dynamic_size: tuple[int, int]) -> Iterator[_Patch]:
    height, width = static.shape[:2]
    planes = mask.astype(np.float32) / 255
    _, all_columns = sampling(width, mask.shape[1], slice(0, width))
    for top in range(0, height, _BAND_PX):
        rows = slice(top, min(top + _BAND_PX, height))
        near, down = sampling(height, mask.shape[0], rows)
        band = down @ planes[near] @ all_columns.T
        for columns in _runs(band.max(axis=0) > 0):
            yield _Patch(
                rows, columns, static[rows, columns], band[:, columns, None],
                sampling(height, dynamic_size[0], rows), sampling(width, dynamic_size[1], columns),
            )  # fmt: skip


def _runs(used: Bool) -> Iterator[slice]:
    """Where `used` [N] is true, in pieces; neighbours are joined."""
    places = np.flatnonzero(used)
    for piece in np.split(places, np.flatnonzero(np.diff(places) > _BAND_PX) + 1):
        if len(piece):
            yield slice(int(piece[0]), int(piece[-1]) + 1)


def sampling(out_size: int, in_size: int, part: slice) -> tuple[slice, F32]:
    """Linear interpolation along one axis: which inputs the outputs `part` need, and the weights [outputs, inputs].

    Pixels are squares of the same whole; beyond the outermost centres their values go on.
    """
    centres = (np.arange(part.start, part.stop) + 0.5) * in_size / out_size - 0.5
    low = np.floor(centres).astype(np.intp)
    first, second = np.clip(low, 0, in_size - 1), np.clip(low + 1, 0, in_size - 1)
    weights = np.zeros((len(centres), int(second[-1] - first[0]) + 1), np.float32)
    row, share = np.arange(len(centres)), (centres - low).astype(np.float32)
    np.add.at(weights, (row, first - first[0]), 1 - share)
    np.add.at(weights, (row, second - first[0]), share)
    return slice(int(first[0]), int(second[-1]) + 1), weights
