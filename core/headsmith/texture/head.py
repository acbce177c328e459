"""The head's own surface: skin and hair from all photos, and the inside of the mouth behind the lips."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb
from headsmith.texture.blend import Layer
from headsmith.texture.complete import Covering, complete_surface
from headsmith.texture.even import crease_keep, evening_gain
from headsmith.texture.hair import HairEvidence, hair_cover
from headsmith.texture.lids import LidPaint, Lids, lid_shade, open_skin
from headsmith.texture.lit import LitPhoto, evenly_coloured
from headsmith.texture.mask import brows
from headsmith.texture.mouth import paint_cavity
from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool


@dataclass(frozen=True)
class FacePhoto:
    """A `LitPhoto` on the head's own texels."""

    albedo: F32
    """[N, 3] sRGB"""
    skin: F32
    hair: F32
    either: F32
    """[N] trust in each texel as skin, as hair, as one of them"""
    evidence: HairEvidence


@dataclass(frozen=True)
class _Kinds:
    """[V] what grows where, and what of the photos' creases stays."""

    plain: F32
    cover: F32
    keep: F32


def face_photo(photo: LitPhoto, head: Bool) -> FacePhoto:
    """The texels of `photo` where `head` [N]."""
    albedo = linear_to_srgb(photo.albedo[head])
    return FacePhoto(albedo, photo.skin[head], photo.hair[head], photo.head[head], photo.evidence)


@dataclass(frozen=True)
class Motion:
    """What the photos' expressions do to the skin."""

    moved_m: F32
    """[V] how far they move it on average"""
    lids: Lids | None


def paint_head(model: HeadModel, atlas: Atlas, photo: FacePhoto, motion: Motion, seed: int) -> tuple[F32, F32]:
    """sRGB [N, 3] and how far seen [N]."""
    cover, lids = hair_cover(model, photo.evidence), motion.lids
    plain = evenly_coloured(model) * (1 - brows(model)) * (1 - cover)
    kinds = _Kinds(plain, cover, crease_keep(model, motion.moved_m, plain))
    photo = replace(photo, albedo=_evened(model, atlas, photo, kinds))
    skin = Layer(photo.albedo, photo.skin)
    trust, sure = (photo.skin, photo.skin) if lids is None else open_skin(atlas, skin, lids, lids.anywhere)
    covering = Covering(
        skin=skin,
        hair=Layer(photo.albedo, photo.hair),
        either=Layer(photo.albedo, _trust(replace(photo, skin=trust), bool(cover.any()))),
        cover=cover,
        detail_keep=kinds.keep,
        fold=Layer(photo.albedo, sure),
        folded=np.zeros_like(cover) if lids is None else lids.anywhere,
        laid_m=model.v_template if lids is None else lids.closed_m,
    )
    albedo, seen = complete_surface(model, atlas, covering, seed)
    if lids is not None:
        albedo = albedo * lid_shade(model, atlas, skin, lids, LidPaint(albedo, seen))
    if "inner_mouth" not in model.regions:
        return albedo, seen
    inside = atlas.at(model.regions["inner_mouth"])
    return albedo * (1 - inside[:, None]) + paint_cavity(model, atlas) * inside[:, None], seen * (1 - inside)


def _trust(photo: FacePhoto, hairy: bool) -> F32:
    sorted_out = np.maximum(photo.skin, photo.hair)
    return np.maximum(sorted_out, photo.either) if hairy else sorted_out


def _evened(model: HeadModel, atlas: Atlas, photo: FacePhoto, kinds: _Kinds) -> F32:
    """[N, 3] the albedo with the slow brightness of skin and of hair evened out."""
    skin = evening_gain(model, atlas, Layer(photo.albedo, photo.skin), kinds.plain, kinds.keep)
    hair = evening_gain(model, atlas, Layer(photo.albedo, photo.hair), kinds.cover, np.ones_like(kinds.keep))
    cover = kinds.cover[:, None]
    return photo.albedo * atlas.at(skin * (1 - cover) + hair * cover)
