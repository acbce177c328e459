"""Fewer splats in place of many: which ones stay, and what they take over from the others."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.avatar import Splats
from headsmith.splats.local_splats import LocalSplats
from headsmith.types import F32, I32

_FLOOR = 0.02
"""worth of what no view shows, beside the mean"""
_PLAIN = 0.3
"""worth of a splat of its neighbours' colour, beside one that differs by `_DETAIL`"""
_DETAIL = 0.15
"""length of a difference of colours, sRGB"""
_NEIGHBOURS = 8
_MOST_GROWTH = 3.0
"""of a survivor's width"""


@dataclass(frozen=True)
class Inheritance:
    """Who takes over from whom, when some of N splats stay."""

    kept: I32
    """[M] rows of those that stay, sorted"""
    heir: I32
    """[N] row of `kept`"""
    weight: F32
    """[N] how much each splat has to say in what its heir takes over"""

    def mixed(self, values: F32) -> F32:
        """[N, ...] to the weighted means [M, ...] over what each survivor takes over, itself included."""
        count = len(self.kept)
        total = np.bincount(self.heir, self.weight, count)
        columns = values.reshape(len(values), -1).T
        means = [np.bincount(self.heir, self.weight * column, count) / total for column in columns]
        return np.reshape(np.array(means, np.float32).T, (count, *values.shape[1:]))


def worth(contributions: F32, means_m: F32, colors: F32) -> F32:
    """[N] what each splat is worth: its share of the pictures, more where colours change from splat to splat."""
    k = min(_NEIGHBOURS, len(means_m))
    neighbours = cKDTree(means_m).query(means_m, k=k)[1].reshape(-1, k)
    difference = np.linalg.norm(colors - colors[neighbours].mean(1), axis=1)
    shown = contributions * (_PLAIN + (1 - _PLAIN) * np.minimum(difference / _DETAIL, 1))
    return shown + _FLOOR * shown.mean() + 1e-12


def survivors(worths: F32, order: I32, count: int) -> I32:
    """`count` of the N splats, sorted: the best of each stretch along `order` [N], a walk from neighbour to neighbour.

    All stretches are worth the same, so that density follows worth and nowhere is left without splats.
    """
    share = _inclusion(worths.astype(np.float64), count)[order]
    stretch = np.minimum((np.cumsum(share) - share / 2).astype(np.int64), count - 1)
    best_first = np.lexsort((order, -worths[order], stretch))
    chosen = np.zeros(len(worths), bool)
    chosen[order[best_first[np.diff(stretch[best_first], prepend=-1) > 0]]] = True
    # a stretch between two great ones may have no splat of its own: the best of the others fill up
    rest = np.flatnonzero(~chosen)
    chosen[rest[np.lexsort((rest, -worths[rest]))[: count - int(chosen.sum())]]] = True
    return np.flatnonzero(chosen).astype(np.int32)


def _inclusion(worths: F32, count: int) -> F32:
    """[N] in proportion to `worths`, but never above 1, with the sum `count`."""
    certain = np.zeros(len(worths), bool)
    while True:
        left = count - int(certain.sum())
        share = np.where(certain, 1.0, worths * (left / max(float(worths[~certain].sum()), 1e-300)))
        over = (share > 1) & ~certain
        if not over.any():
            return share
        certain |= over


def walk(means_m: F32, groups: I32) -> I32:
    """[N] an order in which neighbours in space follow each other (Morton 1966), one group [N] after the other."""
    low, high = means_m.min(0), means_m.max(0)
    cells = ((means_m - low) / max(float((high - low).max()), 1e-9) * 1023).astype(np.int64)
    code = np.zeros(len(means_m), np.int64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.lexsort((code, groups)).astype(np.int32)


def inherit(means_m: F32, groups: I32, contributions: F32, kept: I32) -> Inheritance:
    """The lost splats go to the nearest survivor of their group [N], or of all where none of the group stayed."""
    heir = cKDTree(means_m[kept]).query(means_m)[1]
    for group in np.unique(groups[kept]):
        members, stayed = np.flatnonzero(groups == group), np.flatnonzero(groups[kept] == group)
        heir[members] = stayed[cKDTree(means_m[kept[stayed]]).query(means_m[members])[1]]
    heir[kept] = np.arange(len(kept))
    return Inheritance(kept, heir, contributions + 1e-3 * contributions.mean() + 1e-12)


def merged(splats: LocalSplats, rest: Splats, heritage: Inheritance) -> LocalSplats:
    """The survivors, each grown by the area and mixed with the colour of the lost ones that it takes over.

    `rest` are the same splats in rest pose, for their sizes in metres.
    """
    kept = heritage.kept
    area = np.prod(np.sort(rest.scales, axis=1)[:, 1:], axis=1, dtype=np.float64) * rest.opacities
    covered = np.bincount(heritage.heir, area, len(kept))
    growth = np.sqrt(covered / np.maximum(area[kept], 1e-30)).clip(1, _MOST_GROWTH).astype(np.float32)
    scales = splats.log_scales[kept]
    in_plane = np.argmin(scales, axis=1)[:, None] != np.arange(3)
    own = {f.name: getattr(splats, f.name) for f in fields(splats)}
    values = {name: value[kept] for name, value in own.items() if value is not None}
    values["log_scales"] = scales + np.where(in_plane, np.log(growth)[:, None], np.float32(0))
    values["spacing"] = values["spacing"] * growth
    values["colors"] = heritage.mixed(splats.colors)
    return LocalSplats(**values)
