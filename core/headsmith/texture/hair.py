"""Where hair grows on the mesh, and what it looks like where no photo shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.texture.blend import vertex_pull
from headsmith.texture.mask import brows
from headsmith.texture.project import ViewSamples, smoothstep
from headsmith.texture.strands import strand_noise
from headsmith.texture.surface import grow, smooth_field, solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32

LEAST_SHARE = 0.12
"""share of hair in what is seen of the scalp below which the person counts as bald"""
PRIOR_PULL = 0.15
"""weight of the model's own scalp region against one edge of the mesh"""
SUPPORT_RINGS = 2
"""how far beyond the model's scalp hair may grow"""
FRINGE_M = 0.06
"""how far from the scalp a fringe may hang over the forehead"""
STRAND_CONTRAST = (0.08, 0.18)
HAIRLINE_JITTER = 0.16


def hair_support(model: HeadModel) -> F32:
    """[V] 0..1 where the photo's hair may be taken for hair that grows, or hangs as a fringe, there."""
    zero = np.zeros(len(model.v_template), np.float32)
    scalp = model.regions.get("scalp", zero)
    if not scalp.any():
        return scalp
    wide = grow(model.faces, (scalp > 0.5).astype(np.float32), SUPPORT_RINGS)
    reach = np.maximum.reduce([scalp, wide, _forehead(model, scalp)])
    return smooth_field(model.faces, reach[:, None], 0.5)[:, 0] * (1 - model.regions.get("ears", zero))


def _forehead(model: HeadModel, scalp: F32) -> F32:
    """[V] 0..1 above the brows, towards the hairline."""
    brow = brows(model) > 0.5
    if not brow.any():
        return np.zeros(len(scalp), np.float32)
    top_m = float(model.v_template[brow, 1].max())
    height = smoothstep(top_m - 0.002, top_m + 0.010, model.v_template[:, 1])
    from_hairline_m = cKDTree(model.v_template[scalp > 0.5]).query(model.v_template)[0]
    head = np.zeros(len(scalp), np.float32)
    head[np.unique(model.faces[model.faces_of("head")])] = 1
    return height * (1 - smoothstep(0.75 * FRINGE_M, FRINGE_M, from_hairline_m)) * head


@dataclass(frozen=True)
class HairEvidence:
    """What photos say about where hair grows."""

    share: F32
    """[V] 0..1 of hair in what is seen around each vertex"""
    weight: F32
    """[V]"""
    hair_on_scalp: float
    skin_on_scalp: float


def hair_evidence(model: HeadModel, atlas: Atlas, view: ViewSamples) -> HairEvidence:
    """Hair against skin on the vertices, by one photo's mattes."""
    known = view.seen * np.maximum(view.hair, view.person)
    is_hair = view.hair / np.maximum(view.hair + view.person, 1e-6)
    share, weight = atlas.vertex_means(is_hair[:, None], known)
    on_scalp = known * (atlas.at(model.regions.get("scalp", np.zeros_like(weight))) > 0.5)
    return HairEvidence(share[:, 0], weight, float(on_scalp @ is_hair), float(on_scalp @ (1 - is_hair)))


def hair_cover(model: HeadModel, evidence: HairEvidence) -> F32:
    """[V] 0..1 how far each vertex is covered with hair, all 0 for a bald head."""
    hair, skin = evidence.hair_on_scalp, evidence.skin_on_scalp
    if hair <= LEAST_SHARE * (hair + skin):
        return np.zeros(len(evidence.weight), np.float32)
    share, pull = evidence.share, vertex_pull(evidence.weight)
    mirrored = 0.3 * np.minimum(pull[model.mirror], 1.0)
    total = pull + mirrored + PRIOR_PULL
    wanted = (pull * share + mirrored * share[model.mirror] + PRIOR_PULL * model.regions["scalp"]) / total
    cover = solve_field(model.faces, wanted[:, None], total)[:, 0]
    return (np.clip(cover, 0, 1) * hair_support(model)).astype(np.float32)


def soft_hairline(cover: F32, streaks: F32) -> F32:
    """[N] cover with its edge broken up along the strands [N]."""
    jitter = HAIRLINE_JITTER * streaks * 4 * cover * (1 - cover)
    return smoothstep(0.3, 0.75, cover + jitter)


def scalp_streaks(model: HeadModel, atlas: Atlas, cover: F32, seed: int) -> F32:
    """[N] strands where `cover` [N] is not zero."""
    out = np.zeros(len(cover), np.float32)
    chosen = cover > 0
    if chosen.any():
        position_m = atlas.subset(chosen).at(model.v_template)
        texel_m = float(np.sqrt(_area_m2(model, cover, atlas) / max(int(chosen.sum()), 1)))
        out[chosen] = strand_noise(position_m, texel_m, seed)
    return out


def strand_detail(base: F32, streaks: F32, contrast: float) -> F32:
    """[N, 3] sRGB differences of strands from their mean colour `base` [N, 3]."""
    return base * (contrast * np.clip(streaks, -2.2, 2.6))[:, None]


def strand_contrast(difference: F32, base: F32, weight: F32) -> float:
    """Relative deviation of the seen hair's brightness from its smooth colour, kept plausible."""
    if float(weight.sum()) <= 0:
        return STRAND_CONTRAST[0]
    relative = difference.mean(1) / np.maximum(base.mean(1), 0.05)
    spread = float(np.sqrt(np.average(np.clip(relative, -1, 1) ** 2, weights=weight)))
    return float(np.clip(0.8 * spread, *STRAND_CONTRAST))


def _area_m2(model: HeadModel, cover: F32, atlas: Atlas) -> float:
    triangles = np.unique(atlas.triangle[cover > 0])
    a, b, c = np.moveaxis(model.v_template[model.faces[triangles]], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
