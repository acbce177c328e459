"""A first look at many photos, at low resolution: their lights, and which of them to believe where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import srgb_to_linear
from headsmith.texture.agreement import detail_quality
from headsmith.texture.delight import LUMINANCE, SkinObservations
from headsmith.texture.evidence import hair_weight, skin_weight
from headsmith.texture.eyes import EYES
from headsmith.texture.hair import HairEvidence, hair_evidence
from headsmith.texture.lit import observed_skin
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot, head_box, project_view
from headsmith.texture.register import Sight, register
from headsmith.texture.shared_light import SharedSkin, deviation, further_light, log_residual, share_light
from headsmith.texture.strain import neutral_share
from headsmith.texture.surface import grow, smooth_field
from headsmith.texture.uv import Atlas, build_atlas
from headsmith.types import F32, Bool

SURVEY_PX = 512
"""side of the texture and of the pictures in which photos are compared"""
LIGHT_PX = 256
"""the same where only the light is asked for"""
TEETH = ("teeth_upper", "teeth_lower")
OUTLIER = 1.2
"""deviations (`shared_light.deviation`) at which a place counts a quarter: hands, shine, shadows"""
DETAIL_POWER = 2.0
LEAST = 1e-3


@dataclass(frozen=True)
class Survey:
    """What is known of n photos before any is looked at closely."""

    quality: F32
    """[n, V] how far to prefer a photo around each vertex; only ratios count"""
    visible: Bool
    """[n, V] vertices that a photo may show"""
    shifts_px: F32
    """[n, V, 2] how far each photo shows the vertices from where the fit puts them"""
    shared: SharedSkin
    """what the photos agree on"""
    evidence: HairEvidence
    """of all photos together"""
    eyes: int
    teeth: int
    """the photos that show them best"""
    pixels_per_m: float
    """of the finest"""

    @property
    def lights(self) -> F32:
        """[n, 9, 3]"""
        return self.shared.lights


@dataclass(frozen=True)
class _Glance:
    """One photo, as far as photos are compared."""

    skin: SkinObservations
    sight: Sight
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
    finest = max(g.pixels_per_m for g in glances)
    neutral = np.stack([neutral_share(model, rest_m, shot.vertices_m) for shot in shots])
    sights = [g.sight for g in glances]
    shifts = register(model, atlas, sights, neutral)
    detail = detail_quality(model, atlas, [s.read(atlas, shift) for s, shift in zip(sights, shifts, strict=True)])
    quality = np.stack([
        detail[i] ** DETAIL_POWER
        * _ordinary(model, g.skin, shared, i, params)
        * neutral[i]
        * np.float32((g.pixels_per_m / finest) ** 2)
        for i, g in enumerate(glances)
    ])  # fmt: skip
    steady = detail.mean(1) ** DETAIL_POWER
    return Survey(
        quality=np.maximum(quality, LEAST).astype(np.float32),
        visible=np.stack([g.visible for g in glances]),
        shifts_px=shifts,
        shared=shared,
        evidence=_merged([g.hair for g in glances]),
        eyes=int(np.argmax([g.eyes * q for g, q in zip(glances, steady, strict=True)])),
        teeth=int(np.argmax([g.teeth * q for g, q in zip(glances, steady, strict=True)])),
        pixels_per_m=finest,
    )


def _glance(model: HeadModel, shot: Shot, atlas: Atlas, params: TextureParams) -> _Glance:
    view = project_view(model, shot, atlas, params)
    skin = skin_weight(model, atlas, view)
    _, seen = atlas.vertex_means(view.seen[:, None], view.seen)
    either = np.maximum(skin, hair_weight(model, atlas, view))
    eyes, teeth = (_amount(model, atlas, view.seen, parts) for parts in (EYES, TEETH))
    return _Glance(
        skin=observed_skin(model, atlas, view, skin),
        sight=_sight(shot, atlas, either),
        hair=hair_evidence(model, atlas, view),
        visible=grow(model.faces, (seen > 0).astype(np.float32), 2) > 0,
        eyes=eyes,
        teeth=teeth,
        pixels_per_m=view.pixels_per_m,
    )


def light_in(model: HeadModel, shot: Shot, known: Survey, params: TextureParams) -> F32:
    """[9, 3] the light of a photo that was not surveyed."""
    atlas = build_atlas(model, LIGHT_PX)
    view = project_view(model, shot, atlas, replace(params, size_px=LIGHT_PX, analysis_px=LIGHT_PX))
    skin = observed_skin(model, atlas, view, skin_weight(model, atlas, view))
    return further_light(skin, known.shared, params)


def _sight(shot: Shot, atlas: Atlas, weight: F32) -> Sight:
    """The part of the photo around the head, at most `SURVEY_PX` large; displacements are in pixels of the photo."""
    camera = shot.view.camera
    vertex_px, depth_m = camera.project(shot.vertices_m)
    x0, y0, x1, y1 = (round(e) for e in head_box(shot.vertices_m, camera))
    crop = srgb_to_linear(shot.frame.image[y0:y1, x0:x1].astype(np.float32) / 255) @ LUMINANCE
    brightness = np.log(np.maximum(crop, 2e-3)).astype(np.float32)
    vertex_px = (vertex_px - np.array([x0, y0], np.float32)).astype(np.float32)
    return Sight(brightness, atlas.at(vertex_px), vertex_px, weight, camera.focal_px / float(np.median(depth_m)))


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
