"""Where a dynamic texture may replace the static one."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.texture.project import smoothstep
from headsmith.texture.surface import smooth_field
from headsmith.texture.uv import build_atlas, fill_between_charts
from headsmith.types import F32, U8

BROWS = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
"""MediaPipe's landmarks along both eyebrows"""
BROW_REACH_M = (0.006, 0.014)
FAINT = 0.12
PARTS = ("eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue")
"""parts that lie in the mask as a whole"""
LASHES = "lashes"
"""a hair is narrower than a texel of a dynamic texture: the mask leaves them out"""


def dynamic_mask(model: HeadModel, size: int) -> U8:
    """[size, size] 255 on eyes, mouth and brows, fading to 0 around them."""
    atlas = build_atlas(model, size)
    mask = fill_between_charts(atlas.image(atlas.at(mask_on_vertices(model)))[..., None], atlas)[..., 0]
    charts = np.zeros(size * size, np.float32)
    charts[atlas.texel] = 1
    beyond = ndimage.distance_transform_edt(1 - charts.reshape(size, size))
    return np.round(255 * np.clip(mask * (beyond <= max(2, size // 256)), 0, 1)).astype(np.uint8)


def mask_on_vertices(model: HeadModel) -> F32:
    """[V] 0..1."""
    moving = np.zeros(len(model.v_template), np.float32)
    for name in ("lips", "eyes", "inner_mouth"):
        if name in model.regions:
            moving = np.maximum(moving, model.regions[name])
    moving = np.maximum(moving, brows(model))
    soft = smooth_field(model.faces, moving[:, None], 2.0)[:, 0]
    # faint values are left-overs of regions painted as pictures, far from eyes and mouth
    out = smoothstep(FAINT, 0.95, np.maximum(moving, 1.3 * soft))
    for name in PARTS:
        if name in model.part_names:
            out[np.unique(model.faces[model.faces_of(name)])] = 1
    if LASHES in model.part_names:
        out[np.unique(model.faces[model.faces_of(LASHES)])] = 0
    return out


def brows(model: HeadModel) -> F32:
    """[V] 0..1 near the eyebrow landmarks on the mean head."""
    known = [b for b in BROWS if model.landmark_weight[b] > 0]
    if not known:
        return np.zeros(len(model.v_template), np.float32)
    points = model.landmarks(model.v_template)[known]
    distance = np.linalg.norm(model.v_template[:, None] - points[None], axis=2).min(1)
    return 1 - smoothstep(*BROW_REACH_M, distance)
