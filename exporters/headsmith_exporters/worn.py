"""Things worn on a head, on their way into a file: meshes at rest with materials, and where they sit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headsmith.types import F32, I32


@dataclass(frozen=True)
class WornPart:
    """Triangles of one material, in the thing's own axes and units."""

    vertices: F32
    """[V, 3]"""
    normals: F32
    """[V, 3] unit"""
    uvs: tuple[F32, ...]
    """sets of [V, 2], as glTF counts them: v = 0 at the top"""
    colors: F32 | None
    """[V, 4] linear, 0..1"""
    faces: I32
    """[F, 3] counter-clockwise seen from outside"""
    material: int | None
    """row of `Worn.materials`"""
    covers_hair: bool = False
    """whether hair belongs under it (a cap's crown), not over it (a visor)"""


@dataclass(frozen=True)
class WornTexture:
    data: bytes
    """an image file"""
    mime_type: str
    sampler: dict[str, int]


@dataclass(frozen=True)
class Worn:
    name: str
    parts: tuple[WornPart, ...]
    materials: tuple[dict[str, Any], ...]
    """as glTF has them; texture infos point to `textures`"""
    textures: tuple[WornTexture, ...]
    anchor: str
    to_head: F32
    """[4, 4] from own axes to head space: a turn, an equal scale and a move"""
