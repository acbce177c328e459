"""A reader's numbers against the bundle's: the largest difference for each feature that it reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from gltf_readers.expected import Animated, Expected, visible_depth
from gltf_readers.record import Reading, SeenAnimation, SeenMesh
from headsmith.types import F32, I32
from headsmith_exporters.mesh_parts import MeshPart

Profile = str
LIMITS: dict[Profile, dict[str, float]] = {
    "engine": {
        "rest": 1e-5,
        "displacements": 1e-5,
        "normals": 1e-5,
        "joints": 1e-5,
        "worn": 1e-5,
        "weights": 1e-5,
        "poses": 1e-5,
        "motion": 1e-5,
        "drawn": 1e-5,
        "textures": 0,
    },
    # whole numbers in place of floats: positions in steps of 31 micrometres, differences of normals in steps of 1/127
    "web": {
        "rest": 1e-4,
        "displacements": 1e-4,
        "normals": 0.01,
        "joints": 1e-5,
        "worn": 1e-5,
        "weights": 1e-4,
        "poses": 1e-4,
        "motion": 1e-4,
        "drawn": 1e-4,
        "textures": 0,
    },
}
SAME_PLACE_M = 1e-3
FEATURES = {
    "rest": "vertices at rest (m)",
    "displacements": "displacements of 52 targets and 15 visemes (m)",
    "normals": "normals under all targets",
    "joints": "joints and attach nodes at rest (m)",
    "worn": "vertices of accessories (m)",
    "weights": "weights of animations",
    "poses": "joints of animations (m, and elements of rotations)",
    "motion": "vertices of animations (m)",
    "drawn": "surface as drawn, under all targets and in animations (m)",
    "textures": "size of the texture (px)",
}


@dataclass(frozen=True)
class Texture:
    width: int
    height: int

    def bytes_with_mipmaps(self) -> int:
        """On a graphics card: 4 bytes a pixel, and all halves down to one pixel."""
        levels = max(self.width, self.height).bit_length()
        return sum(4 * max(1, self.width >> i) * max(1, self.height >> i) for i in range(levels))


def compare(expected: Expected, reading: Reading, texture: Texture) -> dict[str, float]:
    """Feature -> the largest difference, for each feature that the reading tells about."""
    worst = _Worst()
    rows = head_rows(expected, reading)
    for name, of_head in rows.items():
        _mesh(worst, expected, reading.meshes[name], of_head)
    if reading.surface is not None:
        heads = expected.avatar.head.vertices + expected.deltas
        worst.surface("drawn", expected, reading.surface, heads)
    worst.by_name("joints", reading.joints, expected.joints)
    if reading.worn is not None:
        for some, all_of in ((reading.worn, expected.worn), (expected.worn, reading.worn)):
            worst.note("worn", cKDTree(all_of).query(some)[0], np.zeros(len(some)))
    for name, animated in expected.animations.items():
        _animation(worst, expected, reading.animations[name], animated, rows)
    if reading.texture_sizes is not None:
        (size,) = reading.texture_sizes
        worst.note("textures", np.array(size), np.array([texture.width, texture.height]))
    elif reading.texture_bytes is not None:
        worst.note("textures", np.array(reading.texture_bytes), np.array(texture.bytes_with_mipmaps()))
    return worst.found


class _Worst:
    """The largest difference for each feature; what is not a number differs from everything."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def note(self, feature: str, seen: F32, wanted: F32) -> None:
        assert seen.shape == wanted.shape, f"{feature}: {seen.shape} for {wanted.shape}"
        difference = np.nan_to_num(np.abs(seen - wanted), nan=np.inf)
        self.found[feature] = max(self.found.get(feature, 0.0), float(difference.max(initial=0.0)))

    def by_name(self, feature: str, seen: dict[str, F32], wanted: dict[str, F32]) -> None:
        """Of everything that is wanted, whatever the case and underscores of the names seen."""
        plain = {_plain(name): values for name, values in seen.items()}
        for name, values in wanted.items():
            self.note(feature, seen[name] if name in seen else plain[_plain(name)], values)

    def surface(self, feature: str, expected: Expected, points: F32, heads: F32) -> None:
        """Points [S, N, 3] against what is seen of each of the heads [S, V, 3] from the front."""
        faces = expected.avatar.head.faces
        for seen, head in zip(points, heads, strict=True):
            self.note(feature, seen[:, 2], visible_depth(head, faces, seen[:, :2]))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def head_rows(expected: Expected, reading: Reading) -> dict[str, I32]:
    """Mesh -> the head's vertex that each of its vertices is. Every mesh has to be there, unless none is reported."""
    if not reading.meshes:
        return {}
    assert sorted(reading.meshes) == sorted(part.name for part in expected.parts)
    return {part.name: _rows(expected, reading.meshes[part.name], part) for part in expected.parts}


def _rows(expected: Expected, mesh: SeenMesh, part: MeshPart) -> I32:
    """Vertices have to stand in their order, except in a program that sorts them anew: there each one is that of the
    nearest few whose displacements are most alike."""
    rows = part.source_vertex
    assert len(mesh.positions) == len(rows), f"{len(mesh.positions)} vertices in {part.name} for {len(rows)}"
    rest, moves = expected.avatar.head.vertices[rows], expected.deltas[:, rows]
    if np.abs(mesh.positions - rest).max() < SAME_PLACE_M:
        return rows
    near = cKDTree(rest).query(mesh.positions, k=min(8, len(rows)))[1]
    unlike = np.abs(moves[:, near] - mesh.displacements[:, :, None]).max((0, 3))
    sorted_rows = rows[np.take_along_axis(near, unlike.argmin(1)[:, None], 1)[:, 0]]
    assert np.array_equal(np.sort(sorted_rows), np.sort(rows)), f"other vertices in {part.name}"
    return sorted_rows


def _mesh(worst: _Worst, expected: Expected, mesh: SeenMesh, rows: I32) -> None:
    assert mesh.target_names == expected.target_names, f"targets {mesh.target_names}"
    worst.note("rest", mesh.positions, expected.avatar.head.vertices[rows])
    worst.note("displacements", mesh.displacements, expected.deltas[:, rows])
    if mesh.normals is not None and mesh.moved_normals is not None:
        seen = np.concatenate([mesh.normals[None], mesh.moved_normals])
        worst.note("normals", seen, expected.normals[:, rows])


def _animation(worst: _Worst, expected: Expected, seen: SeenAnimation, wanted: Animated, rows: dict[str, I32]) -> None:
    if seen.weights:
        assert len(seen.weights) == len(expected.parts), f"weights of {sorted(seen.weights)} only"
        for weights in seen.weights.values():
            worst.note("weights", weights, wanted.weights)
    worst.by_name("poses", seen.joints, wanted.joints)
    for name, vertices in seen.vertices.items():
        worst.note("motion", vertices, wanted.vertices[:, rows[name]])
    if seen.surface is not None:
        worst.surface("drawn", expected, seen.surface, wanted.vertices)
