"""A first look at many photos, at low resolution: their lights, and which of them to believe where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.agreement import Detail, band, detail_quality
from headsmith.texture.delight import LUMINANCE, SkinObservations
from headsmith.texture.evidence import hair_weight, skin_weight
from headsmith.texture.eyes import EYES
from headsmith.texture.hair import HairEvidence, hair_evidence
from headsmith.texture.lit import evenly_coloured
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot, project_view
from headsmith.texture.shared_light import SharedSkin, deviation, log_residual, share_light
from headsmith.texture.strain import neutral_share
from headsmith.texture.surface import grow, smooth_field
from headsmith.texture.uv import Atlas, build_atlas
from headsmith.types import F32, Bool

SURVEY_PX = 512
"""side of the texture and of the pictures in which photos are compared"""
TEETH = ("teeth_upper", "teeth_lower")
OUTLIER = 1.2
"""deviations (`shared_light.deviation`) at which a place counts a quarter: hands, shine, shadows"""
DETAIL_POWER = 2.0
LEAST = 1e-3


@dataclass(frozen=True)
class Survey:
    """What is known of n photos before any is looked at closely."""

    lights: F32
    """[n, 9, 3]"""
    quality: F32
    """[n, V] how far to prefer a photo around each vertex; only ratios count"""
    visible: Bool
    """[n, V] vertices that a photo may show"""
    albedo: F32
    """[V, 3] linear RGB: what the photos agree on"""
    evidence: HairEvidence
    """of all photos together"""
    eyes: int
    teeth: int
    """the photos that show them best"""
    pixels_per_m: float
    """of the finest"""


@dataclass(frozen=True)
class _Glance:
    """One photo, as far as photos are compared."""

    skin: SkinObservations
    detail: Detail
    brightness: F32
    """[N] logarithm of brightness"""
    hair: HairEvidence
    visible: Bool
    eyes: float
    teeth: float
    pixels_per_m: float


def survey(model: HeadModel, shots: Sequence[Shot], rest_m: F32, params: TextureParams) -> Survey:
    """Compare the photos `shots` of the head with rest vertices [V, 3]."""
    atlas = build_atlas(model, SURVEY_PX)
    small = replace(params, size_px=SURVEY_PX, analysis_px=min(SURVEY_PX, params.analysis_px))
    glances = [_glance(model, shot, atlas, small) for shot in shots]
    shared = share_light([g.skin for g in glances], params)
    details = [replace(g.detail, value=band(atlas, g.brightness, g.detail.weight)) for g in glances]
    detail = detail_quality(model, atlas, details)
    finest = max(g.pixels_per_m for g in glances)
    quality = np.stack([
        detail[i] ** DETAIL_POWER
        * _ordinary(model, g.skin, shared, i, params)
        * neutral_share(model, rest_m, shots[i].vertices_m)
        * np.float32((g.pixels_per_m / finest) ** 2)
        for i, g in enumerate(glances)
    ])  # fmt: skip
    steady = detail.mean(1) ** DETAIL_POWER
    return Survey(
        lights=shared.lights,
        quality=np.maximum(quality, LEAST).astype(np.float32),
        visible=np.stack([g.visible for g in glances]),
        albedo=shared.albedo,
        evidence=_merged([g.hair for g in glances]),
        eyes=int(np.argmax([g.eyes * q for g, q in zip(glances, steady, strict=True)])),
        teeth=int(np.argmax([g.teeth * q for g, q in zip(glances, steady, strict=True)])),
        pixels_per_m=finest,
    )


def _glance(model: HeadModel, shot: Shot, atlas: Atlas, params: TextureParams) -> _Glance:
    view = project_view(model, shot, atlas, params)
    skin = skin_weight(model, atlas, view)
    even = skin * atlas.at(evenly_coloured(model))
    colour, total = atlas.vertex_means(view.colour, even)
    normal, _ = atlas.vertex_means(view.normal, np.maximum(even, 1e-6))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-8)
    _, seen = atlas.vertex_means(view.seen[:, None], view.seen)
    either = np.maximum(skin, hair_weight(model, atlas, view))
    eyes, teeth = (_amount(model, atlas, view.seen, parts) for parts in (EYES, TEETH))
    return _Glance(
        skin=SkinObservations(model.faces, model.mirror, colour, normal, total),
        detail=Detail(np.zeros_like(either), either),
        brightness=np.log(np.maximum(view.colour @ LUMINANCE, 2e-3)),
        hair=hair_evidence(model, atlas, view),
        visible=grow(model.faces, (seen > 0).astype(np.float32), 2) > 0,
        eyes=eyes,
        teeth=teeth,
        pixels_per_m=view.pixels_per_m,
    )


def _amount(model: HeadModel, atlas: Atlas, seen: F32, parts: tuple[str, ...]) -> float:
    known = [part for part in parts if part in model.part_names]
    return float(seen[model.faces_of(*known)[atlas.triangle]].sum()) if known else 0.0


def _ordinary(model: HeadModel, skin: SkinObservations, shared: SharedSkin, index: int, params: TextureParams) -> F32:
    """[V] 0..1 small where photo `index` shows other colours than the rest of them: a hand, a reflection, a shadow."""
    residual = log_residual(skin, shared.lights[index], shared.albedo, params)
    odd = (deviation(residual) / OUTLIER) ** 2 * (skin.weight > 0)
    trust = 1 / (1 + smooth_field(model.faces, odd[:, None].astype(np.float32), 0.3)[:, 0].clip(0)) ** 2
    return 1 - grow(model.faces, (1 - trust).astype(np.float32), 1)


def _merged(evidence: list[HairEvidence]) -> HairEvidence:
    weight = np.sum([e.weight for e in evidence], axis=0)
    share = np.sum([e.share * e.weight for e in evidence], axis=0) / np.maximum(weight, 1e-9)
    return HairEvidence(share.astype(np.float32), weight.astype(np.float32),
                        sum(e.hair_on_scalp for e in evidence), sum(e.skin_on_scalp for e in evidence))  # fmt: skip
