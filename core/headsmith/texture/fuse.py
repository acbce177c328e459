"""Many photos become one on the texels: each place from the photo that shows it best, in colours they agree on.

Photos pass one by one and leave only sums, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb, srgb_to_linear
from headsmith.texture.blend import Layer, vertex_pull
from headsmith.texture.choose import choose
from headsmith.texture.delight import irradiance
from headsmith.texture.evidence import hair_weight, head_weight, skin_weight
from headsmith.texture.eyes import EYES
from headsmith.texture.head import Motion
from headsmith.texture.lids import folded_lids, lids_where
from headsmith.texture.lit import LitPhoto
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot, project_view
from headsmith.texture.surface import smooth_field, solve_field
from headsmith.texture.survey import TEETH, Survey, light_in, survey
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32, Bool, Progress, no_progress

DETAIL_SHARPNESS = 4.0
"""power of the weights in the high band: nearly the best photo alone, so that details are not averaged away"""
MOST_PHOTOS = 28
"""that are looked at closely"""
FOLDED_SHARE = 0.02
"""trust in the skin of a fold that no photo shows spread out"""
_SUM_FLOOR = 1e-20


@dataclass(frozen=True)
class Fused:
    photo: LitPhoto
    """of the head's texels the best of all photos, of eyes and teeth the one that shows them best"""
    lights: F32
    """[n, 9, 3] of each photo"""
    motion: Motion


@dataclass(frozen=True)
class Capture:
    """Many photos of one head."""

    shots: Sequence[Shot]
    rest_m: F32
    """[V, 3]"""
    expressions: list[F32]
    """[E] of each"""


def fuse(
    model: HeadModel, capture: Capture, atlas: Atlas, params: TextureParams, progress: Progress = no_progress
) -> Fused:
    """One photo on the texels of `atlas` from two or more; of very many, the light of each but the looks of some."""
    chosen = choose(capture.shots, MOST_PHOTOS)
    near = Capture([capture.shots[i] for i in chosen], capture.rest_m, [capture.expressions[i] for i in chosen])
    known = survey(model, near.shots, near.rest_m, params)
    progress(0.3)
    fused = _fused(model, near, atlas, known, params, lambda share: progress(0.3 + 0.6 * share))
    lights = []
    for i, shot in enumerate(capture.shots):
        of_known = known.lights[chosen.index(i)] if i in chosen else light_in(model, shot, known, params)
        lights.append(of_known)
    progress(1.0)
    return replace(fused, lights=np.stack(lights))


def _fused(
    model: HeadModel, capture: Capture, atlas: Atlas, known: Survey, params: TextureParams, progress: Progress
) -> Fused:
    folded = folded_lids(model, capture.expressions)
    head = model.faces_of("head")
    sums = _Sums(model, atlas, known)
    for i, shot in enumerate(capture.shots):
        shot = replace(shot, shift_px=known.shifts_px[i])
        chosen = (known.visible[i][model.faces].any(1) & head)[atlas.triangle]
        sums.add(i, _look(model, shot, (atlas, chosen), known.lights[i], params), folded[i])
        progress((i + 1) / len(capture.shots))
    photo = sums.result()
    for parts, best in ((EYES, known.eyes), (TEETH, known.teeth)):
        _take_parts(model, capture.shots[best], (atlas, parts), known.lights[best], photo, params)
    moved_m, fold = sums.mean_of(movement_m(model, capture.expressions)), sums.mean_of(folded)
    return Fused(photo, known.lights, Motion(moved_m, lids_where(model, fold)))


def movement_m(model: HeadModel, expressions: list[F32]) -> F32:
    """[n, V] metres by which each expression moves the skin."""
    return np.stack([np.linalg.norm(model.exprdirs[..., : len(e)] @ e, axis=1) for e in expressions])


@dataclass(frozen=True)
class _Look:
    """One photo on some of the texels."""

    atlas: Atlas
    chosen: Bool
    """[N of the whole atlas]"""
    albedo: F32
    """[n, 3] sRGB"""
    seen: F32
    skin: F32
    hair: F32
    head: F32


def _look(model: HeadModel, shot: Shot, where: tuple[Atlas, Bool], light: F32, params: TextureParams) -> _Look:
    atlas, chosen = where[0].subset(where[1]), where[1]
    view = project_view(model, shot, atlas, params)
    albedo = linear_to_srgb(view.colour / irradiance(view.normal, light, params))
    return _Look(atlas, chosen, albedo, view.seen, skin_weight(model, atlas, view), hair_weight(model, atlas, view),
                 head_weight(model, atlas, view))  # fmt: skip


class _Sums:
    """Weighted sums over the photos: slow colours on the vertices, detail and trust on the texels."""

    def __init__(self, model: HeadModel, atlas: Atlas, known: Survey) -> None:
        self.model, self.atlas, self.known = model, atlas, known
        self.base = linear_to_srgb(np.clip(known.shared.albedo, 0, 1))
        count, vertices = len(atlas.texel), atlas.vertex_count
        self.total = np.full(count, _SUM_FLOOR, np.float32)
        self.detail = np.zeros((count, 3), np.float32)
        self.trust = np.zeros((count, 4), np.float32)
        self.slow, self.slow_total = np.zeros((vertices, 3), np.float32), np.full(vertices, 1e-6, np.float32)
        self.shares: list[F32] = []

    def add(self, index: int, look: _Look, folded: F32) -> None:
        """Take in photo number `index`, whose lids hide the skin that is `folded` [V]."""
        atlas, faces = look.atlas, self.model.faces
        either = np.maximum(np.maximum(look.skin, look.hair), look.head)
        preferred = self.known.quality[index] * (FOLDED_SHARE + (1 - FOLDED_SHARE) * (1 - folded))
        layer = Layer(look.albedo, either * atlas.at(preferred))
        difference = look.albedo - atlas.at(self.base)
        means, total = atlas.vertex_means(difference, layer.weight)
        field = solve_field(faces, means, vertex_pull(total))
        share = _slow_weight(layer, atlas, faces)
        self.slow += share[:, None] * field
        self.slow_total += share
        sharp = layer.weight**DETAIL_SHARPNESS
        self.shares.append(atlas.vertex_means(sharp[:, None], np.ones_like(sharp))[0][:, 0])
        self.total[look.chosen] += sharp
        self.detail[look.chosen] += sharp[:, None] * (difference - atlas.at(field))
        trust = np.stack([look.seen, look.skin, look.hair, look.head], 1)
        self.trust[look.chosen] += sharp[:, None] * trust

    def mean_of(self, values: F32) -> F32:
        """[V] values [n, V] of the photos, as far as each made the vertex's surroundings."""
        share = np.stack(self.shares) + _SUM_FLOOR
        return ((share * values).sum(0) / share.sum(0)).astype(np.float32)

    def result(self) -> LitPhoto:
        slow = self.base + self.slow / self.slow_total[:, None]
        colour = self.detail / self.total[:, None] + self.atlas.at(slow)
        trust = self.trust / self.total[:, None]
        albedo = srgb_to_linear(np.clip(colour, 0, 1)) * (trust[:, :1] > 0)
        seen, skin, hair, head = trust.T
        light = self.known.lights.mean(0)
        return LitPhoto(albedo, seen, skin, hair, head, light, self.known.evidence, self.known.pixels_per_m)


def _take_parts(
    model: HeadModel, shot: Shot, where: tuple[Atlas, tuple[str, ...]], light: F32, photo: LitPhoto,
    params: TextureParams,
) -> None:  # fmt: skip
    """Write one photo's view of the named parts into `photo`."""
    atlas, parts = where
    known = [part for part in parts if part in model.part_names]
    if not known:
        return
    chosen = model.faces_of(*known)[atlas.triangle]
    view = project_view(model, shot, atlas.subset(chosen), params)
    photo.albedo[chosen] = view.colour / irradiance(view.normal, light, params)
    photo.seen[chosen] = view.seen


def _slow_weight(layer: Layer, atlas: Atlas, faces: I32) -> F32:
    """[V] how much a photo counts in the slow colours around each vertex, without steps."""
    mean, total = atlas.vertex_means(layer.weight[:, None], np.ones_like(layer.weight))
    smooth = smooth_field(faces, mean * (total > 0)[:, None], 2.0)
    return np.maximum(smooth[:, 0], 0) + 1e-4
