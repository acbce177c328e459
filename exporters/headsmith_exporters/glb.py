"""GLB: core glTF 2.0 without extensions, for game engines (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html).

An armature with the rig's joints, one skinned mesh per group of parts, and on every mesh the same morph targets in
the same order, dense, with positions and normals. Head space is glTF's own space, so nothing is converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Rig
from headsmith.asset.normals import vertex_normals
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.gltf_document import (
    ARRAY_BUFFER,
    CLAMP_TO_EDGE,
    ELEMENT_ARRAY_BUFFER,
    LINEAR,
    LINEAR_MIPMAP_LINEAR,
    Document,
)
from headsmith_exporters.mesh_parts import MeshPart, split_mesh
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.skin_weights import strongest_joints
from headsmith_exporters.textures import MIME_TYPES, TextureFormat, encode_texture


@dataclass(frozen=True)
class GlbOptions:
    texture: TextureFormat = "jpeg"
    jpeg_quality: int = 92
    morph_targets: tuple[str, ...] = ARKIT_52
    """the blendshapes to write, in this order"""


@dataclass(frozen=True)
class Finish:
    """How a surface answers light, beyond its colour."""

    name: str
    roughness: float
    double_sided: bool = False


SKIN = Finish("skin", 0.55)
FINISHES = {
    "eyes": Finish("eyes", 0.15),
    "teeth": Finish("teeth", 0.3),
    "tongue": Finish("tongue", 0.4),
    "lashes": Finish("lashes", 0.8, double_sided=True),
}
"""for a mesh of that name; every other one is skin"""


@dataclass(frozen=True)
class Shape:
    """What every mesh takes its vertices from."""

    vertices: F32
    """[V, 3] metres"""
    normals: F32
    """[V, 3]"""
    target_names: tuple[str, ...]
    """[K]"""
    deltas: F32
    """[K, V, 3] metres"""
    normal_deltas: F32
    """[K, V, 3]"""
    joints: Any
    """[V, 4] uint8"""
    weights: F32
    """[V, 4]"""


def encode(avatar: Avatar, stem: str, options: GlbOptions) -> Encoded:
    """One .glb file. Raises InputError where the avatar lacks one of `options.morph_targets`."""
    parts = split_mesh(avatar.head)
    document = build_document(avatar, parts, options)
    counts = {
        "meshes": len(parts),
        "vertices": sum(len(part.source_vertex) for part in parts),
        "triangles": sum(len(part.faces) for part in parts),
        "morph_targets": len(options.morph_targets),
        "joints": len(avatar.rig.joint_names),
    }
    return Encoded({f"{stem}.glb": document.to_glb()}, counts)


def build_document(avatar: Avatar, parts: tuple[MeshPart, ...], options: GlbOptions) -> Document:
    """The avatar's meshes `parts`, armature, materials and texture as a glTF document."""
    document = Document(asset_properties(avatar))
    shape = _shape(avatar, options.morph_targets)
    skin = _add_armature(document, avatar.rig)
    texture = _add_texture(document, avatar, options)
    materials: dict[str, int] = {}
    for part in parts:
        finish = FINISHES.get(part.name, SKIN)
        if finish.name not in materials:
            materials[finish.name] = document.add("materials", _material(finish, texture))
        mesh = _add_mesh(document, part, shape, materials[finish.name])
        # a skinned mesh's own place in the tree is ignored, so it stands at the root, as the specification advises
        document.add("nodes", {"name": part.name, "mesh": mesh, "skin": skin})
    return document


def asset_properties(avatar: Avatar) -> dict[str, Any]:
    """glTF's `asset`: the generator, the head model's licence, and where the avatar comes from."""
    head, provenance = avatar.head, avatar.provenance
    origin = {"head_model": head.model_name, "head_model_licence": head.model_licence, "created": provenance.created}
    if provenance.consent is not None:
        origin["consent"] = provenance.consent
    return {
        "version": "2.0",
        "generator": f"Headsmith {provenance.software.get('headsmith', '')}".strip(),
        "copyright": f"Head model: {head.model_name}, {head.model_licence}",
        "extras": {"headsmith": origin},
    }


def _shape(avatar: Avatar, names: tuple[str, ...]) -> Shape:
    missing = [name for name in names if name not in avatar.blendshapes.names]
    if missing:
        raise InputError("the avatar", found=f"no blendshape '{missing[0]}'", expected="every morph target asked for",
                         action="name the blendshapes that it has")  # fmt: skip
    head, rows = avatar.head, [avatar.blendshapes.names.index(name) for name in names]
    deltas = avatar.blendshapes.deltas[rows].astype(np.float32)
    normals = vertex_normals(head.vertices, head.faces)
    normal_deltas = np.zeros_like(deltas)
    for row, delta in enumerate(deltas):
        normal_deltas[row] = vertex_normals(head.vertices + delta, head.faces) - normals
    joints, weights = strongest_joints(avatar.rig.weights)
    return Shape(head.vertices.astype(np.float32), normals, names, deltas,
                 normal_deltas, joints, weights)  # fmt: skip


def _add_armature(document: Document, rig: Rig) -> int:
    """The joints under one node named Armature; returns the skin."""
    armature = document.add("nodes", {"name": "Armature", "children": []})
    first = armature + 1
    for joint, (name, parent) in enumerate(zip(rig.joint_names, rig.parents, strict=True)):
        offset = rig.joints_m[joint] - (rig.joints_m[parent] if parent >= 0 else 0)
        node = document.add("nodes", {"name": name, "translation": offset.tolist()})
        above = document.objects["nodes"][first + parent if parent >= 0 else armature]
        above.setdefault("children", []).append(node)
    inverse_bind = np.tile(np.eye(4, dtype=np.float32), (len(rig.joint_names), 1, 1))
    inverse_bind[:, :3, 3] = -rig.joints_m
    return document.add("skins", {
        "name": "Armature",
        "inverseBindMatrices": document.add_array(inverse_bind),
        "joints": [first + joint for joint in range(len(rig.joint_names))],
    })  # fmt: skip


def _add_texture(document: Document, avatar: Avatar, options: GlbOptions) -> int:
    data = encode_texture(avatar.material.static_texture, options.texture, options.jpeg_quality)
    image = {"name": "static_texture", "mimeType": MIME_TYPES[options.texture], "bufferView": document.add_bytes(data)}
    sampler = {"magFilter": LINEAR, "minFilter": LINEAR_MIPMAP_LINEAR, "wrapS": CLAMP_TO_EDGE, "wrapT": CLAMP_TO_EDGE}
    return document.add("textures", {
        "name": "static_texture",
        "sampler": document.add("samplers", sampler),
        "source": document.add("images", image),
    })  # fmt: skip


def _material(finish: Finish, texture: int) -> dict[str, Any]:
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": finish.roughness}
    material: dict[str, Any] = {"name": finish.name, "pbrMetallicRoughness": surface}
    return material | {"doubleSided": True} if finish.double_sided else material


def _add_mesh(document: Document, part: MeshPart, shape: Shape, material: int) -> int:
    rows = part.source_vertex

    def vertex_array(values: Any, *, bounds: bool = False) -> int:
        return document.add_array(values, ARRAY_BUFFER, bounds=bounds)

    attributes = {
        "POSITION": vertex_array(shape.vertices[rows], bounds=True),
        "NORMAL": vertex_array(shape.normals[rows]),
        # glTF counts v from the top
        "TEXCOORD_0": vertex_array((part.uvs * [1, -1] + [0, 1]).astype(np.float32)),
        "JOINTS_0": vertex_array(shape.joints[rows]),
        "WEIGHTS_0": vertex_array(shape.weights[rows]),
    }
    targets = [
        {"POSITION": vertex_array(delta[rows], bounds=True), "NORMAL": vertex_array(normal_delta[rows])}
        for delta, normal_delta in zip(shape.deltas, shape.normal_deltas, strict=True)
    ]
    # the largest index of a type is the primitive restart value, which no vertex may have
    index_type = np.uint16 if len(rows) <= 65535 else np.uint32
    indices = document.add_array(part.faces.reshape(-1).astype(index_type), ELEMENT_ARRAY_BUFFER)
    primitive: dict[str, Any] = {"attributes": attributes, "indices": indices, "material": material}
    mesh: dict[str, Any] = {"name": part.name, "primitives": [primitive]}
    if targets:
        primitive["targets"] = targets
        mesh |= {"weights": [0.0] * len(targets), "extras": {"targetNames": list(shape.target_names)}}
    return document.add("meshes", mesh)


FORMATS = (Format("glb", ".glb", "rigged, textured mesh with blendshapes, for game engines", GlbOptions, encode),)
