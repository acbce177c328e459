"""Which texels of a photo may become skin, and which hair."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.hair import hair_support
from headsmith.texture.project import ViewSamples, smoothstep
from headsmith.texture.surface import grow
from headsmith.texture.uv import Atlas
from headsmith.types import F32

CHROMA_SPREAD = 0.12
"""least standard deviation of log(red / green) and log(blue / green) over one person's skin"""
OUTLIER = (9.0, 20.0)
"""squared deviations between which trust ends"""
TOOTH_REDNESS = 0.75
"""a lip's texel with less of the lips' median log(red / green) than this, and brighter, is a tooth or a glint"""


def inner_face(model: HeadModel, rings: int = 3) -> F32:
    """[V] 0..1 the face away from hairline, ears and neck: whatever the photo shows there belongs to the face."""
    zero = np.zeros(len(model.v_template), np.float32)
    outside = 1 - np.maximum.reduce([model.regions.get(n, zero) for n in ("face", "lips", "eyes")])
    return 1 - grow(model.faces, outside, rings)


def skin_weight(model: HeadModel, atlas: Atlas, view: ViewSamples) -> F32:
    """[N] trust in each texel as skin: matte and geometry, without colours that are no skin of this person."""
    inner = atlas.at(inner_face(model))
    called = np.maximum(view.skin, view.person * inner)
    trust = view.seen * called
    outside = _unlike_skin(view.colour, trust * (inner > 0.5) * (view.skin > 0.5))
    trust = trust * (1 - outside * (1 - inner))
    return (trust * (1 - _teeth_on_lips(model, atlas, view, trust))).astype(np.float32)


def hair_weight(model: HeadModel, atlas: Atlas, view: ViewSamples) -> F32:
    """[N] trust in each texel as hair that grows there."""
    return (view.seen * view.hair * atlas.at(hair_support(model))).astype(np.float32)


def _chroma(colour: F32) -> F32:
    safe = np.maximum(colour, 2e-3)
    return np.log(np.stack([safe[:, 0] / safe[:, 1], safe[:, 2] / safe[:, 1]], 1))


def _unlike_skin(colour: F32, sure: F32) -> F32:
    """[N] 0..1 how far a colour [N, 3] lies outside those of the texels that are `sure` [N] skin."""
    if int((sure > 0.3).sum()) < 100:
        return np.zeros(len(colour), np.float32)
    chroma = _chroma(colour)
    known = chroma[sure > 0.3]
    centre = np.median(known, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(known - centre), axis=0), CHROMA_SPREAD)
    squared = (((chroma - centre) / spread) ** 2).sum(1)
    return smoothstep(*OUTLIER, squared)


def _teeth_on_lips(model: HeadModel, atlas: Atlas, view: ViewSamples, trust: F32) -> F32:
    """[N] 1 where a lip's texel shows a tooth, because the fitted mouth is not open exactly as far as the real one."""
    out = np.zeros(len(trust), np.float32)
    if "lips" not in model.regions:
        return out
    lips = (atlas.at(model.regions["lips"]) > 0.5) & (trust > 0.02)
    if int(lips.sum()) < 50:
        return out
    redness, luminance = _chroma(view.colour[lips])[:, 0], view.colour[lips] @ LUMINANCE
    typical_red, typical_light = float(np.median(redness)), float(np.median(luminance))
    pale = 1 - smoothstep(TOOTH_REDNESS - 0.2, TOOTH_REDNESS, redness / max(typical_red, 1e-3))
    out[lips] = pale * smoothstep(1.1 * typical_light, 1.5 * typical_light, luminance)
    return out
