"""Where clothes cover the neck: below the collar nothing of the person is seen, and no splat shall pretend it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, Mattes, ViewFit

MIN_COVERED = 0.05
"""of the neck's pixels: fewer are the matte's uncertainty, not clothes"""
SPARE_M = 0.010
"""kept below the collar, so that the neck ends inside the clothes that an artist puts on it"""


def collar_height(model: HeadModel, rest_m: F32, views: Sequence[ViewFit], mattes: Sequence[Mattes]) -> float | None:
    """The height (y of the neutral head [V, 3], metres) below which no photo shows the neck.

    The matte of a photo says which pixels of the neck show the person. None where a photo shows the whole neck.
    """
    heights = [_seen_down_to(model, rest_m, view, matte) for view, matte in zip(views, mattes, strict=True)]
    lowest = min(heights)
    return None if np.isneginf(lowest) else lowest - SPARE_M


def _seen_down_to(model: HeadModel, rest_m: F32, view: ViewFit, mattes: Mattes) -> float:
    """The height that best parts the neck's seen pixels from its covered ones; -inf where none is covered."""
    buffers = rasterize(model.pose(rest_m, view.expression, view.joint_rotations), model.faces, view.camera)
    drawn = buffers.interpolate(np.stack([rest_m[:, 1], model.regions["neck"]], 1)[model.faces])
    neck = (buffers.triangle >= 0) & (drawn[..., 1] > 0.5)
    order = np.argsort(drawn[..., 0][neck], kind="stable")
    heights, seen = drawn[..., 0][neck][order], mattes.head[neck][order] > 0.5
    if (~seen).sum() <= MIN_COVERED * len(seen):
        return -np.inf
    # a threshold before row k is wrong about the seen pixels below it and the covered ones above it
    wrong = np.append(0, np.cumsum(seen)) + (~seen).sum() - np.append(0, np.cumsum(~seen))
    return float(heights[min(int(wrong.argmin()), len(heights) - 1)])
