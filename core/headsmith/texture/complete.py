"""The whole skin and scalp from what the photos show of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.texture.blend import PULL, Layer, blend_over, confidence, vertex_pull
from headsmith.texture.grain import lay_on, skin_grain
from headsmith.texture.hair import scalp_streaks, soft_hairline, strand_contrast, strand_detail
from headsmith.texture.mirror import mirrored_uv
from headsmith.texture.sampling import sample_uv
from headsmith.texture.surface import Guide, solve_field
from headsmith.texture.uv import Atlas, texels_per_metre
from headsmith.types import F32

FALLBACK_SKIN = np.array([0.78, 0.62, 0.54], np.float32)
"""sRGB, where no photo shows any skin"""
FALLBACK_HAIR = np.array([0.22, 0.16, 0.12], np.float32)
SKIN_STEADYING, HAIR_STEADYING = 0.02, 0.12
"""pull of unseen vertices towards the mean colour of their kind, against one edge of the mesh"""


@dataclass(frozen=True)
class Covering:
    """What is seen on the head's own texels, sorted into skin and hair."""

    skin: Layer
    hair: Layer
    either: Layer
    """skin or hair, as it may come"""
    cover: F32
    """[V] how far hair covers the mesh"""
    detail_keep: F32
    """[V] share of the photos' detail that is kept"""
    fold: Layer
    """what may colour skin that lies in a fold of the lids; `skin` may where nothing does"""
    folded: F32
    """[V] 0..1 where that is"""
    laid_m: F32
    """[V, 3] the head with all of its skin spread out, on which invented grain is laid"""


def complete_surface(model: HeadModel, atlas: Atlas, covering: Covering, seed: int) -> tuple[F32, F32]:
    """sRGB albedo [N, 3] of the head's texels without a gap, and how far each was seen [N]."""
    there = mirrored_uv(model, atlas)
    cover = atlas.at(covering.cover)
    streaks = scalp_streaks(model, atlas, cover, seed)
    known = confidence(covering.either.weight)
    hairy = _hairline(atlas, cover, streaks, known, there)
    skin_base = atlas.at(_skin_base(model, atlas, covering))
    hair_base = atlas.at(base_colours(model, atlas, covering.hair, _Kind(FALLBACK_HAIR, HAIR_STEADYING)))
    base = skin_base * (1 - hairy) + hair_base * hairy
    difference, seen = blend_over(base, covering.either, atlas, model.faces)
    difference *= atlas.at(covering.detail_keep)[:, None]
    invented = _invented(model, atlas, difference, seen, _Mix(base, hair_base, hairy, streaks, covering.laid_m, seed))
    reflected, reflected_seen = _reflected(atlas, difference, seen, there)
    unseen = reflected_seen * reflected + (1 - reflected_seen) * invented
    return np.clip(base + seen[:, None] * difference + (1 - seen[:, None]) * unseen, 0, 1), seen


def _hairline(atlas: Atlas, cover: F32, streaks: F32, known: F32, there: F32) -> F32:
    """[N, 1] share of hair: as seen, else as on the other side, else with an edge broken up along invented strands."""
    known_there = sample_uv(atlas.image(known), there)
    smooth = soft_hairline(cover, np.zeros_like(streaks))
    reflected = sample_uv(atlas.image(smooth), there)
    invented = soft_hairline(cover, streaks)
    unseen = known_there * reflected + (1 - known_there) * invented
    return (known * smooth + (1 - known) * unseen)[:, None].astype(np.float32)


@dataclass(frozen=True)
class _Mix:
    base: F32
    hair_base: F32
    hairy: F32
    streaks: F32
    laid_m: F32
    seed: int


@dataclass(frozen=True)
class _Kind:
    fallback: F32
    steadying: float


def _skin_base(model: HeadModel, atlas: Atlas, covering: Covering) -> F32:
    """[V, 3] the smooth colour of skin, in the folds of the lids that of the skin around them."""
    kind = _Kind(FALLBACK_SKIN, SKIN_STEADYING)
    base = base_colours(model, atlas, covering.skin, kind)
    if not covering.folded.any():
        return base
    clean = base_colours(model, atlas, covering.fold, kind)
    return base + covering.folded[:, None] * (clean - base)


def base_colours(model: HeadModel, atlas: Atlas, layer: Layer, kind: _Kind) -> F32:
    """[V, 3] the smooth colour of skin or of hair over the whole mesh, symmetric where only one side is seen."""
    mean, total = atlas.vertex_means(layer.albedo, layer.weight)
    if not total.any():
        return np.broadcast_to(kind.fallback, mean.shape).astype(np.float32)
    pull = vertex_pull(total)
    typical = np.median(mean[pull > 0.5 * PULL], axis=0) if (pull > 0.5 * PULL).any() else mean[pull > 0].mean(0)
    observed = (pull[:, None] * mean + kind.steadying * typical) / (pull + kind.steadying)[:, None]
    guide = Guide(mean[model.mirror], np.clip(pull[model.mirror] / PULL, 0, 1))
    return np.clip(solve_field(model.faces, observed, pull + kind.steadying, guide), 0.01, 1)


def _reflected(atlas: Atlas, difference: F32, seen: F32, there: F32) -> tuple[F32, F32]:
    """What the other side shows, at coordinates `there` [N, 2]: differences [N, 3], and how far seen [N, 1]."""
    image = atlas.image(np.concatenate([difference * seen[:, None], seen[:, None]], 1))
    sampled = sample_uv(image, there)
    weight = sampled[:, 3:]
    return sampled[:, :3] / np.maximum(weight, 1e-3), weight


def _invented(model: HeadModel, atlas: Atlas, difference: F32, seen: F32, mix: _Mix) -> F32:
    """[N, 3] differences from the smooth colour for what no photo shows: skin grain, strands of hair."""
    hairy = mix.hairy[:, 0]
    contrast = strand_contrast(difference, mix.base, seen * (hairy > 0.9))
    strands = strand_detail(mix.hair_base, mix.streaks, contrast)
    face = atlas.at(model.regions.get("face", np.ones(atlas.vertex_count, np.float32)))
    for name in ("lips", "eyes"):
        if name in model.regions:
            face = face * (1 - atlas.at(model.regions[name]))
    good = (seen > 0.9) & (face > 0.9) & (hairy < 0.05)
    density = texels_per_metre(model, atlas)
    scale = float(np.median(density[atlas.triangle[good]])) if good.any() else float(np.median(density))
    tile = skin_grain(atlas, difference, good, scale, mix.seed)
    grain = lay_on(tile, atlas.at(mix.laid_m), atlas.at(vertex_normals(mix.laid_m, model.faces)), scale)
    return grain * (1 - mix.hairy) + strands * mix.hairy
