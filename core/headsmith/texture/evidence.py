"""Which texels of a photo may become skin, and which hair."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.hair import hair_support
from headsmith.texture.mask import brows
from headsmith.texture.project import ViewSamples, smoothstep
from headsmith.texture.surface import grow
from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool

SKIN_SPREAD, HAIR_SPREAD = 0.08, 0.25
"""least standard deviation of log(red / green) and log(blue / green) over one person's skin, or hair"""
OUTLIER = (6.0, 14.0)
"""squared deviations between which trust ends"""
TOOTH_REDNESS = 0.75
"""a lip's texel with less of the lips' median log(red / green) than this, and brighter, is a tooth or a glint"""


CALLED = (0.3, 0.85)
"""matte values at which trust begins, and is full: half-transparent pixels hold half a background"""
DARKNESS_SPREAD = 0.5
"""deviation of the logarithm of brightness"""
LIP_MARGIN = 1 / 300
"""how far around a tooth nothing is taken for lip, in texture widths"""


def inner_face(model: HeadModel, rings: int = 3) -> F32:
    """[V] 0..1 the face away from hairline, ears and neck: whatever the photo shows there belongs to the face."""
    zero = np.zeros(len(model.v_template), np.float32)
    outside = 1 - np.maximum.reduce([model.regions.get(n, zero) for n in ("face", "lips", "eyes")])
    return 1 - grow(model.faces, outside, rings)


def skin_weight(model: HeadModel, atlas: Atlas, view: ViewSamples) -> F32:
    """[N] trust in each texel as skin: matte and geometry, without colours that are no skin of this person."""
    inner = atlas.at(inner_face(model))
    brow = atlas.at(brows(model))
    called = smoothstep(*CALLED, np.maximum.reduce([view.skin, view.person * inner, view.head * brow]))
    trust = view.seen * called
    odd = _unlike(view.colour, trust * (inner > 0.5) * (view.skin > 0.5), SKIN_SPREAD)
    around, _ = atlas.vertex_means(odd[:, None], trust)
    outside = np.maximum(odd, smoothstep(0.1, 0.5, atlas.at(around[:, 0])))
    trust = trust * (1 - outside * (1 - inner))
    return (trust * (1 - _teeth_on_lips(model, atlas, view, trust))).astype(np.float32)


def hair_weight(model: HeadModel, atlas: Atlas, view: ViewSamples) -> F32:
    """[N] trust in each texel as hair that grows there."""
    trust = view.seen * smoothstep(*CALLED, view.hair) * atlas.at(hair_support(model))
    odd, _ = atlas.vertex_means(_unlike(view.colour, trust, HAIR_SPREAD)[:, None], trust)
    return (trust * (1 - atlas.at(odd[:, 0]))).astype(np.float32)


def head_weight(model: HeadModel, atlas: Atlas, view: ViewSamples) -> F32:
    """[N] trust where skin and hair may meet, so that the photo's own hairline stays as it is."""
    return (view.seen * smoothstep(*CALLED, view.head) * atlas.at(hair_support(model)) ** 2).astype(np.float32)


def _chroma(colour: F32) -> F32:
    safe = np.maximum(colour, 2e-3)
    return np.log(np.stack([safe[:, 0] / safe[:, 1], safe[:, 2] / safe[:, 1]], 1))


def _unlike(colour: F32, sure: F32, least_spread: float) -> F32:
    """[N] 0..1 how far a colour [N, 3] lies outside those of the texels that are `sure` [N]."""
    if int((sure > 0.3).sum()) < 100:
        return np.zeros(len(colour), np.float32)
    darkness = np.minimum(np.log(np.maximum(colour @ LUMINANCE, 2e-3)), 0)
    darkness = np.minimum(darkness - np.median(darkness[sure > 0.3]), 0) / DARKNESS_SPREAD
    chroma = _chroma(colour)
    known = chroma[sure > 0.3]
    centre = np.median(known, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(known - centre), axis=0), least_spread)
    squared = (((chroma - centre) / spread) ** 2).sum(1) + darkness**2
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
    return _widened(out, lips, atlas)


def _widened(values: F32, chosen: Bool, atlas: Atlas) -> F32:
    """[N] values spread over their surroundings in the texture, within the window around the `chosen` texels."""
    y, x = np.divmod(atlas.texel[chosen], atlas.size_px)
    reach = max(1, round(LIP_MARGIN * atlas.size_px))
    window = np.s_[max(y.min() - 2 * reach, 0) : y.max() + 2 * reach, max(x.min() - 2 * reach, 0) : x.max() + 2 * reach]
    image = atlas.image(values)
    wide = ndimage.maximum_filter(image[window], 2 * reach + 1)
    image[window] = ndimage.gaussian_filter(wide, reach / 2)
    return image.reshape(-1)[atlas.texel]
