"""Which of very many photos to look at closely: few that differ in direction and expression tell as much as all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from headsmith.texture.project import Shot, head_box
from headsmith.types import F32

TURN_DEG, EXPRESSION = 12.0, 0.7
"""differences of direction, and of expression weights, that count alike"""
BLURRED = 0.6
"""sharpness relative to the usual one below which a photo is hardly chosen"""
SAMPLED_PX = 320
"""the head's size in pixels at which sharpness is compared"""


def choose(shots: Sequence[Shot], most: int) -> list[int]:
    """Numbers of at most `most` photos, in their own order: the first, then always the one most unlike those chosen."""
    if len(shots) <= most:
        return list(range(len(shots)))
    place = np.stack([_place(shot) for shot in shots])
    sharp = np.array([_sharpness(shot) for shot in shots])
    worth = np.clip(sharp / np.median(sharp) / BLURRED - 1, 0.05, 1.0)
    chosen = [0]
    apart = np.linalg.norm(place - place[0], axis=1)
    while len(chosen) < most:
        best = int(np.argmax(apart * worth))
        chosen.append(best)
        apart = np.minimum(apart, np.linalg.norm(place - place[best], axis=1))
    return sorted(chosen)


def _place(shot: Shot) -> F32:
    """Direction and expression in units in which distances mean the same."""
    position = shot.view.camera.position_m - shot.vertices_m.mean(0)
    direction = position / max(float(np.linalg.norm(position)), 1e-9) / np.radians(TURN_DEG)
    return np.concatenate([direction, shot.view.expression / EXPRESSION])


def _sharpness(shot: Shot) -> float:
    """How much the brightness curves in the middle of the head, at one size for all photos."""
    x0, y0, x1, y1 = head_box(shot.vertices_m, shot.view.camera)
    step = max(1, round(max(x1 - x0, y1 - y0) / SAMPLED_PX))
    middle = shot.frame.image[int(0.75 * y0 + 0.25 * y1) : int(0.25 * y0 + 0.75 * y1) + 2,
                              int(0.75 * x0 + 0.25 * x1) : int(0.25 * x0 + 0.75 * x1) + 2]  # fmt: skip
    grey = ndimage.uniform_filter(middle.astype(np.float32).mean(-1), step)[::step, ::step]
    return float(np.abs(ndimage.gaussian_laplace(grey, 0.7)).mean()) + 1e-6
