"""The splats that hats leave on the web page: without a shader of its own, hair under a hat is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.accessories import Surface, anchors, hidden_under
from headsmith.asset.avatar import Avatar
from headsmith.types import F32, I32
from headsmith_exporters.gltf_hangings import worn_on
from headsmith_exporters.worn import Worn


def under_hats(avatar: Avatar, accessories: tuple[str, ...]) -> Avatar:
    """`avatar` without the splats that `accessories` hide. Raises InputError for what cannot be worn."""
    if not accessories or not len(avatar.splats.splats):
        return avatar
    head = anchors(avatar)
    covers = [cover for cover in map(_cover, worn_on(head, accessories)) if cover is not None]
    splats = avatar.splats.splats
    kept = np.ones(len(splats), bool)
    for cover in covers:
        kept &= ~hidden_under(cover, splats.means, splats.scales.max(1), head.scalp.centre_m)
    return replace(avatar, splats=avatar.splats.rows(kept))


def _cover(worn: Worn) -> Surface | None:
    """The faces that hair belongs under, in head space."""
    parts = [part for part in worn.parts if part.covers_hair]
    if not parts:
        return None
    vertices: list[F32] = []
    faces: list[I32] = []
    for part in parts:
        faces.append(part.faces + sum(map(len, vertices)))
        vertices.append(part.vertices @ worn.to_head[:3, :3].T + worn.to_head[:3, 3])
    joined = np.concatenate(faces)
    return Surface(np.concatenate(vertices), joined, np.arange(len(joined), dtype=np.int32))
