"""Upper eyelids: in a photo of open eyes their skin is folded away, and lashes, crease and shadow lie on what is left.

Stretched over a closed eye such texels make dark, streaked lids, so they are no evidence for the lid's skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.texture.blend import Layer, vertex_pull
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.project import smoothstep
from headsmith.texture.surface import solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
FOLDED_M = (0.0008, 0.0025)
"""remaining way to closing at which a lid's skin begins to be folded away, and wholly is"""
STRETCHED = (1.15, 1.5)
"""growth of the area on closing at which the same holds: what only moves along is no folded skin"""
NEAR_M = (0.004, 0.02)
"""distance from the lids up to which dark texels are wholly left out of the lids' colour, and not at all"""
DARK = (0.6, 0.8)
"""brightness (sRGB) relative to the typical skin's below which a texel is lash, brow or shadow, and above which skin"""
PALE = (-0.22, -0.08)
"""log(red / blue) (sRGB) relative to the typical skin's: below, a texel is a made-up lid or the white of an eye"""
UPPER_RIMS = ((398, 384, 385, 386, 387, 388, 466), (173, 157, 158, 159, 160, 161, 246))
"""MediaPipe's landmarks along the rims of both upper lids, without the corners, inner end first"""
LASH_GROWTH = (0.0, 0.35, 0.8, 1.0, 1.0, 1.0, 1.0)
"""how dense lashes are at those landmarks"""
LASH_LINE_M = (0.0008, 0.0024)
"""distance from the rim up to which the line of the lashes has its full darkness, and none"""
LASH_DARKNESS = (0.35, 0.9)
"""the lash line's brightness relative to the lid's: least and greatest"""
FOLD_STRETCH, FOLD_DARKNESS = (1.6, 3.0), (0.7, 0.96)
"""growth of the area on closing, and the least brightness that the photo's shadow may leave to lids there: beside the
lashes some shadow is natural, and narrow on closed eyes too; the crease would grow into a broad dark band"""
SHADOW_TINT = np.array([0.82, 1.03, 1.16], np.float32)
"""share of a shadow on each channel: thin skin in the shade turns warmer, not grey"""
FOLD_RANGE = (0.3, 1.2)
FOLD_STIFFNESS = 3.0
"""of the field that smooths the fold's shadow, so that single pixels make no streaks"""


@dataclass(frozen=True)
class Lids:
    """The upper lids on the vertices of the head."""

    anywhere: F32
    """[V] 0..1 how far the photos hide the skin in the fold of the lid"""
    darkest: F32
    """[V] 0..1 the least brightness that a photo's shadow may leave to the lid"""
    rim: F32
    """[V] 0..1 on the line of the lashes"""
    near: F32
    """[V] 0..1 so near to a lid that its colour is taken from here"""
    closed_m: F32
    """[V, 3] the mean head with closed eyes"""


@dataclass(frozen=True)
class LidPaint:
    """The head without the photos' folded lids."""

    tone: F32
    """[N, 3] sRGB"""
    seen: F32
    """[N] 0..1, where the photos' own lashes and shadows are left in place"""


def folded_lids(model: HeadModel, expressions: list[F32]) -> F32:
    """[n, V] 0..1 how far photos with these `expressions` [E] hide the skin in the fold of the lid."""
    blinks = _blinks(model)
    grown = smoothstep(*STRETCHED, _stretch(model, _closed(model, blinks)))
    return np.stack([grown * _way_left(model, blinks, expression) for expression in expressions])


def find_lids(model: HeadModel, expressions: list[F32]) -> Lids | None:
    """The lids of a model that can blink, for photos with these `expressions` [E]; none if all have closed eyes."""
    return lids_where(model, folded_lids(model, expressions).max(0))


def lids_where(model: HeadModel, folded: F32) -> Lids | None:
    """The lids that are `folded` [V] in the photos; none where nothing is."""
    lid = model.v_template[folded > 0.5]
    if not len(lid):
        return None
    closed_m = _closed(model, _blinks(model))
    away_m = cKDTree(lid).query(model.v_template)[0].astype(np.float32)
    darkest = np.interp(_stretch(model, closed_m), FOLD_STRETCH, FOLD_DARKNESS).astype(np.float32)
    return Lids(folded, darkest, _rim(model), 1 - smoothstep(*NEAR_M, away_m), closed_m)


def _blinks(model: HeadModel) -> list[int]:
    return [model.expression_names.index(name) for name in BLINKS if name in model.expression_names]


def _closed(model: HeadModel, blinks: list[int]) -> F32:
    """[V, 3] the mean head with closed eyes."""
    return (model.v_template + model.exprdirs[..., blinks].sum(2)).astype(np.float32)


def _stretch(model: HeadModel, closed_m: F32) -> F32:
    """[V] growth of the area around each vertex."""
    areas = []
    for vertices_m in (model.v_template, closed_m):
        a, b, c = np.moveaxis(vertices_m[model.faces], 1, 0)
        own_m2 = np.repeat(np.linalg.norm(np.cross(b - a, c - a), axis=1), 3)
        areas.append(np.bincount(model.faces.ravel(), own_m2, len(vertices_m)))
    return (areas[1] / np.maximum(areas[0], 1e-12)).astype(np.float32)


def _way_left(model: HeadModel, blinks: list[int], expression: F32) -> F32:
    """[V] 0..1 how far each vertex still moves until the eyes are closed."""
    out = np.zeros(len(model.v_template), np.float32)
    for k in blinks:
        remaining = 1 - float(np.clip(expression[k], 0, 1)) if k < len(expression) else 1.0
        way_m = remaining * np.linalg.norm(model.exprdirs[..., k], axis=1)
        out = np.maximum(out, smoothstep(*FOLDED_M, way_m))
    return out


def _rim(model: HeadModel) -> F32:
    """[V] along lines through the landmarks, as far as the model has them."""
    out = np.zeros(len(model.v_template), np.float32)
    if not (model.landmark_weight[np.concatenate(UPPER_RIMS)] > 0).any():
        return out
    points = model.landmarks(model.v_template)
    for line in UPPER_RIMS:
        known = [i for i, k in enumerate(line) if model.landmark_weight[k] > 0]
        if len(known) > 1:
            steps = np.linspace(known[0], known[-1], 100)
            at = points[[line[i] for i in known]]
            dense = np.stack([np.interp(steps, known, at[:, c]) for c in range(3)], 1)
            away_m, nearest = cKDTree(dense).query(model.v_template)
            growth = np.interp(steps, np.arange(len(line)), LASH_GROWTH)[nearest]
            out = np.maximum(out, growth * (1 - smoothstep(*LASH_LINE_M, away_m)))
    return out.astype(np.float32)


def open_skin(atlas: Atlas, layer: Layer, lids: Lids, folded: F32) -> tuple[F32, F32]:
    """[N] trust in a photo's skin without the folded texels; and the same without dark ones around the lids too."""
    trust = layer.weight * (1 - atlas.at(folded))
    brightness = layer.albedo @ LUMINANCE
    sure = trust > 0.3
    if not sure.any():
        return trust, trust
    skin = smoothstep(*DARK, brightness / max(float(np.median(brightness[sure])), 1e-3))
    warmth = np.log(np.maximum(layer.albedo[:, 0], 0.02) / np.maximum(layer.albedo[:, 2], 0.02))
    skin *= smoothstep(*PALE, warmth - float(np.median(warmth[sure])))
    return trust, trust * (1 - (1 - skin) * atlas.at(lids.near))


def lid_shade(model: HeadModel, atlas: Atlas, photo: Layer, lids: Lids, paint: LidPaint) -> F32:
    """[N, 3] factors that darken clean upper lids about as the photos do: the rim well, the fold a little, smoothly."""
    rim = atlas.at(lids.rim) * (1 - paint.seen)
    folded = atlas.at(lids.anywhere) * (1 - paint.seen)
    ratio = (photo.albedo @ LUMINANCE) / np.maximum(paint.tone @ LUMINANCE, 0.02)
    around, total = atlas.vertex_means(np.log(np.clip(ratio, *FOLD_RANGE))[:, None], photo.weight * (folded + rim > 0))
    shadow = atlas.at(solve_field(model.faces, around, vertex_pull(total), stiffness=FOLD_STIFFNESS)[:, 0])
    fold = folded * np.clip(shadow, np.log(atlas.at(lids.darkest)), 0)
    shown = (rim > 0.05) & (photo.weight > 0.02)
    # what can be trusted so near to the eye is at least half skin, so the line itself is darker by as much again
    dark = float(np.quantile(ratio[shown], 0.1)) ** 2 if int(shown.sum()) > 30 else LASH_DARKNESS[1]
    line = np.log(1 - rim * (1 - np.clip(dark, *LASH_DARKNESS)))
    return np.exp(np.minimum(line, fold)[:, None] * SHADOW_TINT).astype(np.float32)
