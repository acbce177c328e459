"""The head's meshes and what it wears with fewer triangles, for seeing them from far away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.avatar import Avatar
from headsmith.motion import EXPRESSIONS
from headsmith.types import F32
from headsmith_exporters.mesh_parts import MeshPart
from headsmith_exporters.simplify import Poses, open_or_seam, simplified
from headsmith_exporters.worn import Worn, WornPart

LOOKS = ("jaw open", "big smile", "blink", "kiss", "surprise")
"""expressions in which the surface has to stay close, beside the rest pose"""
WORTH = {"eyes": 30.0, "lips": 30.0, "inner_mouth": 4.0, "face": 4.0}
"""region -> how much more an error counts there than on the back of the head"""


def fewer_triangles(avatar: Avatar, parts: tuple[MeshPart, ...], share: float) -> tuple[MeshPart, ...]:
    """Each part with about `share` (0..1) of its triangles; seams and open edges stay, so that nothing gapes."""
    looks = _looks(avatar)
    worth = np.ones(len(avatar.head.vertices))
    for region, value in WORTH.items():
        worth = np.maximum(worth, value * avatar.head.regions.get(region, np.zeros(len(worth))))
    return tuple(_fewer(part, looks, worth, share) for part in parts)


def coarser(worn: Worn, share: float) -> Worn:
    """A thing that is worn with about `share` (0..1) of its triangles."""
    return replace(worn, parts=tuple(_coarser(part, share) for part in worn.parts))


def _coarser(part: WornPart, share: float) -> WornPart:
    _, same = np.unique(part.vertices, axis=0, return_inverse=True)
    count = len(part.vertices)
    # where several vertices are one point, texture or shading has a seam
    poses = Poses(part.vertices[None], np.ones(count), open_or_seam(part.faces, same.reshape(-1).astype(np.int32)))
    faces = simplified(part.faces, poses, round(len(part.faces) * share))
    used, renumbered = np.unique(faces, return_inverse=True)
    return replace(
        part,
        vertices=part.vertices[used],
        normals=part.normals[used],
        uvs=tuple(uvs[used] for uvs in part.uvs),
        colors=None if part.colors is None else part.colors[used],
        faces=renumbered.reshape(-1, 3).astype(np.int32),
    )


def _fewer(part: MeshPart, looks: F32, worth: F32, share: float) -> MeshPart:
    rows = part.source_vertex
    poses = Poses(looks[:, rows], worth[rows], open_or_seam(part.faces, rows))
    faces = simplified(part.faces, poses, round(len(part.faces) * share))
    used, renumbered = np.unique(faces, return_inverse=True)
    return MeshPart(part.name, rows[used], part.uvs[used], renumbered.reshape(-1, 3).astype(np.int32))


def _looks(avatar: Avatar) -> F32:
    """[P, V, 3] the head at rest and in `LOOKS`, as far as the avatar has their blendshapes."""
    rest, known = avatar.head.vertices, {name: row for row, name in enumerate(avatar.blendshapes.names)}
    out = np.repeat(rest[None], 1 + len(LOOKS), axis=0)
    for pose, look in zip(out[1:], LOOKS, strict=True):
        for shape, weight in EXPRESSIONS[look].items():
            if shape in known:
                pose += weight * avatar.blendshapes.deltas[known[shape]]
    return out
