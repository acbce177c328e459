"""Which splats a hat hides: hair that would stick through it, or stand up right beside its edge."""

from __future__ import annotations

import numpy as np

from headsmith.accessories.geometry import Surface, cast, nearest, unit
from headsmith.types import F32, Bool

MARGIN_M = 0.004
"""between a hat and the hair below it"""
PRESSED_M, PRESSED_SLOPE = 0.05, 1.5
"""how far from a hat's edge hair is pressed down, and how steeply it rises there"""
SEEN_SIGMAS = 2.5
"""standard deviations from its middle to where a splat is no more seen"""
LARGEST_M = 0.006
"""standard deviation that counts: a stray large splat is not hidden from afar"""


def hidden_under(cover: Surface, means_m: F32, sizes_m: F32, centre_m: F32) -> Bool:
    """[N] whether splats (`means_m` [N, 3], largest standard deviations `sizes_m` [N]) are hidden by `cover`.

    Seen from `centre_m` [3], the middle of the head, they lie beyond the cover or nearer below it than a margin; beside
    it they stand out further than hair that is pressed down there. At rest, as hat and hair keep their distance.
    """
    margins = SEEN_SIGMAS * np.minimum(sizes_m, LARGEST_M) + MARGIN_M
    outward, reach = unit(means_m - centre_m), np.linalg.norm(means_m - centre_m, axis=1)
    hidden = np.zeros(len(means_m), bool)
    near = np.flatnonzero(_within_box(cover, means_m))
    if not len(near):
        return hidden
    hits = cast(cover, np.broadcast_to(centre_m, (len(near), 3)), outward[near])
    hidden[near] = hits.distance_m < reach[near] + margins[near]
    beside = near[~hidden[near]]
    if len(beside):
        away = means_m[beside] - nearest(cover, means_m[beside]).points_m
        distance, out = np.linalg.norm(away, axis=1), (outward[beside] * away).sum(1)
        along = np.sqrt(np.maximum(distance**2 - out**2, 0))
        hidden[beside] = (distance < PRESSED_M) & (out + margins[beside] > PRESSED_SLOPE * along)
    return hidden


def _within_box(cover: Surface, points_m: F32) -> Bool:
    """[N] whether points lie where the cover could hide them: others need not be looked at."""
    used = cover.vertices[np.unique(cover.faces)]
    low, high = used.min(0), used.max(0)
    # hair that sticks out of a hat is not much farther out than that
    room = PRESSED_M + 0.5 * float((high - low).max())
    return np.asarray(((points_m > low - room) & (points_m < high + room)).all(1))
