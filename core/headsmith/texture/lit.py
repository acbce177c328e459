"""One photo on the texels, its light taken off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.delight import SkinObservations, fit_light, irradiance
from headsmith.texture.evidence import hair_weight, head_weight, skin_weight
from headsmith.texture.hair import HairEvidence, hair_evidence
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot, ViewSamples, project_view
from headsmith.texture.uv import Atlas
from headsmith.types import F32


@dataclass(frozen=True)
class LitPhoto:
    """A photo on the texels."""

    albedo: F32
    """[N, 3] linear RGB, zero where unseen"""
    seen: F32
    """[N] trust in the geometry"""
    skin: F32
    hair: F32
    head: F32
    """[N] trust in each texel as skin, as hair, as either"""
    light_sh: F32
    """[9, 3]"""
    evidence: HairEvidence
    pixels_per_m: float


def unlit(model: HeadModel, shot: Shot, atlas: Atlas, params: TextureParams) -> LitPhoto:
    """Project one photo and divide it by its light."""
    view = project_view(model, shot, atlas, params)
    skin = skin_weight(model, atlas, view)
    light = fit_light(observed_skin(model, atlas, view, skin), params)
    return LitPhoto(
        albedo=view.colour / irradiance(view.normal, light, params),
        seen=view.seen,
        skin=skin,
        hair=hair_weight(model, atlas, view),
        head=head_weight(model, atlas, view),
        light_sh=light,
        evidence=hair_evidence(model, atlas, view),
        pixels_per_m=view.pixels_per_m,
    )


def evenly_coloured(model: HeadModel) -> F32:
    """[V] 1 on skin proper, 0 on lips, eyes and the inside of the mouth."""
    out: F32 = np.ones(len(model.v_template), np.float32)
    for name in ("lips", "eyes", "inner_mouth"):
        out = out * (1 - model.regions.get(name, np.zeros_like(out)))
    return out


def observed_skin(model: HeadModel, atlas: Atlas, view: ViewSamples, weight: F32) -> SkinObservations:
    """The skin of one photo on the vertices; `weight` [N] says how far a texel is skin."""
    even = weight * atlas.at(evenly_coloured(model))
    colour, total = atlas.vertex_means(view.colour, even)
    normal, _ = atlas.vertex_means(view.normal, np.maximum(even, 1e-6))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-8)
    return SkinObservations(model.faces, model.mirror, colour, normal, total)
