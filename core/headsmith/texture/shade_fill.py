"""Shade where nobody sees it: what lids and lips hide goes on smoothly from what they leave open.

The edge of what is seen wanders over eyes and teeth with every expression. A network would spend itself on that edge,
which shows nothing, if hidden texels were simply dark.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.texture.project import smoothstep
from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool

HIDDEN = (0.02, 0.12)
"""openness below which a texel is hidden, and above which it is seen"""
LEAST = 1e-3
"""weight of a hidden texel: where all are hidden it is dark"""
REACH = {"eye_left": 0.025, "eye_right": 0.025, "teeth_upper": 0.012, "teeth_lower": 0.012, "tongue": 0.02}
"""deviation of the smoothing, as a part of the texture's side, of parts whose every texel may be smoothed"""
SKIN_REACH = 0.008


class Filler:
    """Prepared for the N texels of an atlas."""

    def __init__(self, model: HeadModel, atlas: Atlas) -> None:
        self._atlas = atlas
        part = model.face_part[atlas.triangle]
        self._parts = [
            (part == k, REACH.get(name, SKIN_REACH) * atlas.size_px, name in REACH)
            for k, name in enumerate(model.part_names)
            if (part == k).any()
        ]

    def filled(self, lit: F32) -> F32:
        """[N] openness `lit` [N], smooth on eyes and teeth, and elsewhere where it is hidden."""
        seen = visible(lit)
        out = lit.copy()
        for chosen, reach_px, whole in self._parts:
            smooth = self._smooth(lit, seen, chosen, reach_px)
            keep = 0.0 if whole else seen[chosen]
            out[chosen] = lit[chosen] * keep + smooth * (1 - keep)
        return out

    def _smooth(self, lit: F32, seen: F32, chosen: Bool, reach_px: float) -> F32:
        """[n] means of the `chosen` texels around each, weighted by how far they are seen."""
        row, column = np.divmod(self._atlas.texel[chosen], self._atlas.size_px)
        row, column = row - row.min(), column - column.min()
        sums = np.zeros((2, row.max() + 1, column.max() + 1), np.float32)
        weight = seen[chosen] + LEAST
        sums[:, row, column] = lit[chosen] * weight, weight
        over, under = (ndimage.gaussian_filter(image, reach_px, mode="constant", truncate=3) for image in sums)
        return (over / np.maximum(under, 1e-9))[row, column]


def visible(lit: F32) -> F32:
    """[N] 0..1 how far texels of openness `lit` [N] are seen."""
    return smoothstep(*HIDDEN, lit)
