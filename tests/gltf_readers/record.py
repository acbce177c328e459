"""What a program made of a file: the same plain record for every reader, from the JSON that its script writes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.types import F32


@dataclass(frozen=True)
class SeenMesh:
    target_names: tuple[str, ...]
    positions: F32
    """[V, 3] metres, at rest, skinned, in the scene"""
    displacements: F32
    """[K, V, 3] metres, of each morph target alone at weight 1"""
    normals: F32 | None
    """[V, 3]"""
    moved_normals: F32 | None
    """[K, V, 3] normals under each morph target"""


@dataclass(frozen=True)
class SeenAnimation:
    """Sampled at the T times that were asked for; what the reader does not tell is empty."""

    weights: dict[str, F32]
    """mesh -> [T, K]"""
    joints: dict[str, F32]
    """joint or empty node -> [T, 4, 4] to the scene, metres"""
    vertices: dict[str, F32]
    """mesh -> [T, V, 3] metres"""
    surface: F32 | None
    """[T, N, 3] metres: points of the moved surface"""


@dataclass(frozen=True)
class Reading:
    program: str
    """name and version"""
    meshes: dict[str, SeenMesh]
    joints: dict[str, F32]
    """joint or empty node -> [3] rest position in the scene, metres"""
    worn: F32 | None
    """[W, 3] metres: the vertices of everything without a skin, in the scene"""
    animations: dict[str, SeenAnimation]
    texture_sizes: tuple[tuple[int, int], ...] | None = None
    """(width, height) of each texture, pixels"""
    texture_bytes: int | None = None
    """what all textures take on the graphics card, with their smaller copies, 4 bytes a pixel"""
    surface: F32 | None = None
    """[K, N, 3] metres: points of the surface under each morph target, of a reader that hides the vertices"""


def reading_from(seen: dict[str, Any]) -> Reading:
    """The record of a script's JSON, in which arrays are base64 of float32 (see tests/readers/request.mjs)."""
    skins = {mesh["name"]: _Skin(mesh["skin"]) for mesh in seen["meshes"] if "skin" in mesh}
    meshes = {mesh["name"]: _mesh(mesh, skins.get(mesh["name"])) for mesh in seen["meshes"]}
    return Reading(
        seen["program"],
        meshes,
        {name: np.array(position, np.float32) for name, position in seen["joints"].items()},
        np.concatenate([floats(text, -1, 3) for text in seen["rigid"]]) if seen.get("rigid") else None,
        {one["name"]: _animation(one, seen["meshes"], skins) for one in seen.get("animations", ())},
        tuple((width, height) for width, height in seen["textures"]) if "textures" in seen else None,
        seen.get("textureBytes"),
        floats(seen["surface"], *seen["surfaceShape"]) if "surface" in seen else None,
    )


def floats(text: str, *shape: int) -> F32:
    """Base64 of float32 as an array of that shape."""
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


def matrices(text: str, *shape: int) -> F32:
    """[..., 4, 4] from matrices written column by column, as glTF does."""
    return floats(text, *shape, 4, 4).swapaxes(-1, -2)


class _Skin:
    """Linear-blend skinning for readers that report what they would send to a graphics card."""

    def __init__(self, seen: dict[str, str]) -> None:
        self.joints = floats(seen["joints"], -1, 4).astype(np.int64)
        self.weights = floats(seen["weights"], -1, 4)
        self.matrices = matrices(seen["matrices"], -1)

    def blended(self, transforms: F32) -> F32:
        """[V, 4, 4] of the joints' [J, 4, 4] from stored positions to the scene."""
        return np.einsum("vj,vjab->vab", self.weights, transforms[self.joints])


def _mesh(seen: dict[str, Any], skin: _Skin | None) -> SeenMesh:
    names = tuple(seen["targets"])
    positions, moves = floats(seen["positions"], -1, 3), floats(seen["displacements"], len(names), -1, 3)
    normals = floats(seen["normals"], -1, 3) if seen.get("normals") else None
    turns = seen.get("normalDisplacements")
    moved_normals = normals + floats(turns, len(names), -1, 3) if normals is not None and turns else None
    if skin is not None:
        blended = skin.blended(skin.matrices)
        positions = _apply(blended, positions)
        moves = np.einsum("vab,kvb->kva", blended[:, :3, :3], moves)
    return SeenMesh(names, positions, moves, normals, moved_normals)


def _apply(blended: F32, points: F32) -> F32:
    return np.einsum("vab,vb->va", blended[:, :3, :3], points) + blended[:, :3, 3]


def _animation(one: dict[str, Any], meshes: list[dict[str, Any]], skins: dict[str, _Skin]) -> SeenAnimation:
    counts = {mesh["name"]: len(mesh["targets"]) for mesh in meshes}
    weights = {name: floats(text, -1, counts[name]) for name, text in one.get("weights", {}).items()}
    joints = {name: matrices(text, -1) for name, text in one.get("joints", {}).items()}
    frames = len(next(iter(joints.values())))
    vertices = {name: floats(text, frames, -1, 3) for name, text in one.get("vertices", {}).items()}
    for mesh in meshes:
        name = mesh["name"]
        if name in one.get("matrices", {}):
            transforms = matrices(one["matrices"][name], frames, -1)
            vertices[name] = _posed(mesh, skins[name], weights[name], transforms)
    surface = floats(one["surface"], frames, -1, 3) if "surface" in one else None
    return SeenAnimation(weights, joints, vertices, surface)


def _posed(mesh: dict[str, Any], skin: _Skin, weights: F32, transforms: F32) -> F32:
    """[T, V, 3] metres: stored positions moved by `weights` [T, K], then skinned by `transforms` [T, J, 4, 4]."""
    stored, moves = floats(mesh["positions"], -1, 3), floats(mesh["displacements"], weights.shape[1], -1, 3)
    moved = stored + np.tensordot(weights, moves, 1)
    return np.stack([_apply(skin.blended(t), points) for t, points in zip(transforms, moved, strict=True)])
