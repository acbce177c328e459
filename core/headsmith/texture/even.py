"""What nine coefficients of light cannot explain, taken back: shadows, shine, creases of the photo's expression."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.blend import PULL, Layer, vertex_pull
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.project import smoothstep
from headsmith.texture.surface import smooth_field, solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32

WIDTH_M = 0.014
"""how far the slow colour reaches"""
SYMMETRY = 0.7
"""how much of the slow difference between the sides is taken for light"""
KNEE = (0.84, 1.10)
"""slow brightness (sRGB) relative to the median beyond which it is taken for shadow or shine"""
BEYOND_KNEE = 0.5
TINT_KNEE = 0.05
"""deviation of log(channel / brightness) from the skin's median beyond which it is taken for coloured light"""
SHINE, SHINE_KEPT = 0.05, 0.2
"""log of the brightness over the surroundings beyond which a spot is taken for a reflection; what share of it stays"""
GAIN = (0.7, 1.35)
CREASE_MOTION_M = (0.002, 0.007)
"""displacement by the expression at which creases begin to be taken back, and are most"""
CREASE_REMOVED = 0.4
NECK_REMOVED = 0.75
"""shadows of the jaw, collars, chains and stray hair outweigh what is worth keeping there"""


def evening_gain(model: HeadModel, atlas: Atlas, layer: Layer, plain: F32, keep: F32) -> F32:
    """[V, 3] factors that even out `plain` [V] skin: slow colour, sides, shine; `keep` [V] of its creases stays."""
    value, total = atlas.vertex_means(layer.albedo, layer.weight * atlas.at(plain))
    pull = vertex_pull(total) / PULL
    if not pull.any():
        return np.ones((atlas.vertex_count, 3), np.float32)
    log_value = np.log(np.maximum(value, 0.02))
    slow = _slow(model, log_value, pull)
    both = np.minimum(pull, pull[model.mirror])[:, None]
    wanted = slow - 0.5 * SYMMETRY * np.clip(3 * both, 0, 1) * (slow - slow[model.mirror])
    brightness = wanted @ LUMINANCE
    middle = np.median(wanted[pull > 0.5], axis=0) if (pull > 0.5).any() else wanted[pull > 0].mean(0)
    tint = wanted - brightness[:, None] - (middle - middle @ LUMINANCE)
    brightness = _soft_limit(brightness - middle @ LUMINANCE, *np.log(KNEE))
    wanted = middle + brightness[:, None] + _soft_limit(tint, -TINT_KNEE, TINT_KNEE)
    local = (log_value - slow) * np.minimum(pull, plain)[:, None]
    change = keep[:, None] * _soft_limit(local, -1, SHINE, SHINE_KEPT) - local
    gain = np.clip(wanted - slow + change, *np.log(GAIN))
    return np.exp(smooth_field(model.faces, gain.astype(np.float32), 0.5))


def _slow(model: HeadModel, values: F32, pull: F32) -> F32:
    """[V, C] the values blurred over `WIDTH_M`, whatever the size of the mesh's edges."""
    a, b, c = np.moveaxis(model.v_template[model.faces], 1, 0)
    third_m2 = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    area_m2 = np.bincount(model.faces.ravel(), np.repeat(third_m2, 3), len(values))
    return solve_field(model.faces, values, (pull * area_m2 / WIDTH_M**2).astype(np.float32))


def _soft_limit(values: F32, low: float, high: float, kept: float = BEYOND_KNEE) -> F32:
    """Values whose excess over the limits is reduced to `kept` of itself."""
    inside = np.clip(values, low, high)
    return inside + kept * (values - inside)


def crease_keep(model: HeadModel, moved_m: F32, plain: F32) -> F32:
    """[V] share of the detail that stays: less where the expression moved the skin by `moved_m` [V] and on the neck."""
    neck = model.regions.get("neck", np.zeros_like(plain))
    amount = np.maximum(CREASE_REMOVED * smoothstep(*CREASE_MOTION_M, moved_m), NECK_REMOVED * neck) * plain
    return 1 - smooth_field(model.faces, amount[:, None].astype(np.float32), 1.0)[:, 0]
