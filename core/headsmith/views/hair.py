"""Hair that stands off the scalp: a closed surface grown from the photos' mattes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.surface_nets import surface_nets
from headsmith.types import F32, I32, Frame, HairShell, HeadFit, Mattes
from headsmith.views.hair_color import color_hair, surface
from headsmith.views.hair_photo import HairPhoto, Shot, measure_photo
from headsmith.views.hair_volume import HairVolume, hair_volume
from headsmith.views.params import HairParams
from headsmith.views.skull import in_skull_frame
from headsmith.views.strands import strand_noise

_HIDDEN_M = 0.001
"""hair thinner than this lies under the skin"""


def grow_hair(
    model: HeadModel, fit: HeadFit, frames: Sequence[Frame], mattes: Sequence[Mattes], params: HairParams
) -> HairShell | None:
    """The outer surface of the hair in rest pose; None where the photos show practically none.

    Frames and mattes go with `fit.views`; of very many those from different directions are used. The shell
    is solid: it goes on under the scalp, and behind the face where it has to, so that it is closed; such vertices have
    thickness 0.
    """
    rows = different_views(model, fit, params.most_photos)
    shots = [Shot(k, frames[k], mattes[k]) for k in rows]
    photos = [measure_photo(model, fit, shot, params) for shot in shots]
    if max(_hair_fraction(photo) for photo in photos) < params.min_hair_fraction:
        return None
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    volume = hair_volume(model, rest, photos, params)
    vertices, faces = surface_nets(volume.field, volume.grid.origin_m, volume.grid.voxel_m)
    if not len(faces):
        return None
    pictures = list(zip(photos, shots, strict=True))
    colors, seen = color_hair(surface(vertices, faces), model.faces, pictures, params)
    vertices = _with_relief((vertices, faces), seen, _thickness(volume, vertices), params)
    return HairShell(vertices, faces, colors, seen, _thickness(volume, vertices))


def different_views(model: HeadModel, fit: HeadFit, most: int) -> list[int]:
    """Rows of at most `most` views: the first, then always the one seen from the direction most unlike the others'."""
    if len(fit.views) <= most:
        return list(range(len(fit.views)))
    places = np.stack([in_skull_frame(model, fit, view)[1].position_m for view in fit.views])
    directions = places / np.linalg.norm(places, axis=1, keepdims=True)
    rows, apart = [0], np.linalg.norm(directions - directions[0], axis=1)
    while len(rows) < most:
        rows.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.linalg.norm(directions - directions[rows[-1]], axis=1))
    return rows


def _with_relief(mesh: tuple[F32, I32], seen: F32, thickness_m: F32, params: HairParams) -> F32:
    """[M, 3] locks carved into the surface where no photo shows it; never outwards, so that it stays in the matte."""
    vertices, faces = mesh
    grooves = 0.5 * (np.clip(strand_noise(vertices, params.seed), -1, 2) + 1)
    depth = np.minimum(params.relief_m * grooves, 0.25 * thickness_m) * (1 - np.clip(2 * seen, 0, 1))
    return (vertices - depth[:, None] * vertex_normals(vertices, faces)).astype(np.float32)


def _hair_fraction(photo: HairPhoto) -> float:
    return float(photo.hair.sum() / max((photo.head_sd_m > 0).sum(), 1))


def _thickness(volume: HairVolume, vertices_m: F32) -> F32:
    """[M] metres from the surface down to the skull, 0 for vertices under the skin."""
    depth = volume.grid.sample(volume.skull, vertices_m)
    return np.where(depth > _HIDDEN_M, depth, 0).astype(np.float32)
