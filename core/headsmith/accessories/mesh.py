"""What the generators give: a quad mesh in head space, its parts with their materials, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.types import F32, I32


@dataclass(frozen=True)
class PbrMaterial:
    """A surface in the terms that glTF 2.0 and Blender's Principled BSDF share."""

    base_color: tuple[float, float, float]
    """linear RGB 0..1"""
    metallic: float = 0.0
    roughness: float = 0.5
    alpha: float = 1.0
    """coverage: lenses are clear by it, which every viewer understands, and not by refraction"""
    ior: float = 1.5
    sheen: float = 0.0
    """0..1: the soft rim of cloth"""


@dataclass(frozen=True)
class Part:
    name: str
    material: PbrMaterial
    covers_hair: bool = False
    """whether hair belongs under this part (a cap's crown), not over it"""


@dataclass(frozen=True)
class Solid:
    """A closed surface of quads; a triangle is a row whose last corner is -1."""

    vertices: F32
    """[V, 3] metres"""
    faces: I32
    """[Q, 4] counter-clockwise seen from outside"""
    uvs: F32
    """[U, 2] 0..1"""
    uv_faces: I32
    """[Q, 4] rows of `uvs`"""


@dataclass(frozen=True)
class AccessoryMesh:
    """An accessory that fits one avatar's rest pose."""

    kind: str
    vertices: F32
    """[V, 3] metres, head space"""
    faces: I32
    """[Q, 4] as in `Solid`"""
    uvs: F32
    """[U, 2]"""
    uv_faces: I32
    """[Q, 4]"""
    parts: tuple[Part, ...]
    face_part: I32
    """[Q] row of `parts`"""
    anchor: str
    """name of the anchor that it belongs to"""
    joint: str
    """name of the joint that carries the head"""

    def triangles(self) -> tuple[I32, I32, I32]:
        """Faces [F, 3], rows of `uvs` [F, 3] and part [F], each quad split along the same diagonal."""
        quad = self.faces[:, 3] >= 0
        rows = np.concatenate([np.arange(len(quad)), np.flatnonzero(quad)])
        first, second = [0, 1, 2], [0, 2, 3]
        faces = np.concatenate([self.faces[:, first], self.faces[quad][:, second]])
        uv_faces = np.concatenate([self.uv_faces[:, first], self.uv_faces[quad][:, second]])
        return faces, uv_faces, self.face_part[rows]


@dataclass(frozen=True)
class Built:
    """Solids with the part that each belongs to, before they are joined."""

    solids: tuple[tuple[Part, Solid], ...]

    def join(self, kind: str, anchor: str, joint: str) -> AccessoryMesh:
        """One mesh; solids of equal parts share a row of `parts`."""
        parts = tuple(dict.fromkeys(part for part, _ in self.solids))
        solids = [solid for _, solid in self.solids]
        whole = merge(solids)
        part = [np.full(len(solid.faces), parts.index(part), np.int32) for part, solid in self.solids]
        return AccessoryMesh(kind, whole.vertices.astype(np.float32), whole.faces, whole.uvs.astype(np.float32),
                             whole.uv_faces, parts, np.concatenate(part), anchor, joint)  # fmt: skip


def merge(solids: list[Solid]) -> Solid:
    """The solids side by side, not welded."""
    first_vertex = np.cumsum([0] + [len(s.vertices) for s in solids])
    first_uv = np.cumsum([0] + [len(s.uvs) for s in solids])
    faces = [np.where(s.faces >= 0, s.faces + n, -1) for s, n in zip(solids, first_vertex, strict=False)]
    uv_faces = [np.where(s.uv_faces >= 0, s.uv_faces + n, -1) for s, n in zip(solids, first_uv, strict=False)]
    return Solid(
        np.concatenate([s.vertices for s in solids]),
        np.concatenate(faces).astype(np.int32),
        np.concatenate([s.uvs for s in solids]),
        np.concatenate(uv_faces).astype(np.int32),
    )
