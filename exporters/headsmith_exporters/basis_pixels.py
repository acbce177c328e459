"""What a network answers at the pixels that its mask shows, and the directions along which that varies most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.dynamic_texture import TextureNetwork
from headsmith.asset.texture_blend import sampling
from headsmith.types import F32, I32, U8, Bool

SNAPSHOT_BYTES = 256 << 20
"""of the answers from which the directions are found, kept in half precision"""
FEWEST_SNAPSHOTS, MOST_SNAPSHOTS = 64, 512
RIM_WEIGHT = 0.02
"""of pixels that the mask only touches when it is sampled between its own"""
LEAST_STRENGTH = 1e-4
"""squared colours of all pixels together, below which a direction is rounding"""
_PIXELS_AT_A_TIME = 1 << 15


@dataclass(frozen=True)
class Pixels:
    """Those of the network's picture that the mask shows."""

    chosen: Bool
    """[H, W]"""
    importance: F32
    """[D] the mask, of each channel of each chosen pixel"""

    @property
    def weight(self) -> F32:
        """[D] by which errors count"""
        return self.importance + np.float32(RIM_WEIGHT)

    @classmethod
    def under(cls, mask: U8, network: TextureNetwork) -> Pixels:
        height, width = network.height_px, network.width_px
        near = np.pad(mask, 1, mode="edge")
        wide = np.max([near[y : y + mask.shape[0], x : x + mask.shape[1]] for y in range(3) for x in range(3)], axis=0)
        chosen = _resampled(wide, height, width) > 0
        return cls(chosen, np.repeat(_resampled(mask, height, width)[chosen], 3))

    def answers(self, network: TextureNetwork, parameters: F32) -> Iterator[F32]:
        """[D] for each of `parameters` [N, P]"""
        for vector in parameters:
            yield network.texture(vector)[self.chosen].reshape(-1)

    def picture(self, values: U8, fill: int) -> U8:
        """[H, W, 3] of the bytes [D]"""
        out = np.full((*self.chosen.shape, 3), fill, np.uint8)
        out[self.chosen] = values.reshape(-1, 3)
        return out


def _resampled(mask: U8, height: int, width: int) -> F32:
    """[height, width] 0..1"""
    (rows, down), (columns, across) = (
        sampling(size, own, slice(0, size)) for size, own in zip((height, width), mask.shape, strict=True)
    )
    return down @ (mask[rows, columns].astype(np.float32) / 255) @ across.T


@dataclass(frozen=True)
class Snapshots:
    """As many of the network's answers as memory holds, from which its directions are found."""

    rows: I32
    """[S] of the parameters that they answer"""
    answers: NDArray[np.float16]
    """[S, D]"""

    @classmethod
    def taken(cls, network: TextureNetwork, pixels: Pixels, parameters: F32) -> Snapshots:
        size = len(pixels.importance)
        kept = int(np.clip(SNAPSHOT_BYTES // (2 * size), FEWEST_SNAPSHOTS, MOST_SNAPSHOTS))
        rows = np.unique(np.linspace(0, len(parameters) - 1, kept).round().astype(np.int32))
        answers = np.empty((len(rows), size), np.float16)
        for row, answer in enumerate(pixels.answers(network, parameters[rows])):
            answers[row] = answer
        return cls(rows, answers)

    def and_the_rest(self, network: TextureNetwork, pixels: Pixels, parameters: F32) -> Iterator[F32]:
        """[D] for each of `parameters`, those that were kept and those that were not"""
        kept = {int(row): answer for row, answer in zip(self.rows, self.answers, strict=True)}
        for row in range(len(parameters)):
            answer = kept.get(row)
            yield from pixels.answers(network, parameters[row : row + 1]) if answer is None else (answer,)

    def directions(self, weight: F32, count: int) -> tuple[F32, F32]:
        """The mean [D] and the at most `count` directions [K, D] along which the answers vary most.

        Orthonormal under `weight` [D]; found through the products of answers with each other, which are fewer than
        pixels.
        """
        size, mean = len(weight), self.answers.mean(0, dtype=np.float32)
        products = np.zeros((len(self.rows),) * 2)
        for part in _parts(size):
            moved = self.answers[:, part] - mean[part]
            products += (moved * weight[part]) @ moved.T
        strength, mixes = np.linalg.eigh(products)
        strong = np.flatnonzero(strength > LEAST_STRENGTH * len(self.rows))[::-1][:count]
        mixes = (mixes[:, strong] / np.sqrt(strength[strong])).T.astype(np.float32)
        found = np.empty((len(strong), size), np.float32)
        for part in _parts(size):
            found[:, part] = mixes @ (self.answers[:, part] - mean[part])
        return mean, found


def _parts(size: int) -> Iterator[slice]:
    """Pieces of the pixels that fit into memory in full precision."""
    return (slice(start, start + _PIXELS_AT_A_TIME) for start in range(0, size, _PIXELS_AT_A_TIME))
