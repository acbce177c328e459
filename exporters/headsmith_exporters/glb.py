"""GLB and glTF files of the rigged head (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html).

An armature with the rig's joints, one skinned mesh per group of parts, and on every mesh the same morph targets in
the same order, dense, with positions and normals. Head space is glTF's own space, so nothing is converted. Both
profiles have the same vertices and triangles in the same order, so that a splat binding holds for either.
"""

from __future__ import annotations

from typing import Any

from headsmith.asset.avatar import Avatar
from headsmith_exporters.glb_options import GlbOptions
from headsmith_exporters.gltf_armature import add_armature
from headsmith_exporters.gltf_compressed import CompressedDocument
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.gltf_materials import add_material, add_texture, finish_of
from headsmith_exporters.gltf_meshes import add_mesh, shape_of
from headsmith_exporters.gltf_packing import Packing, Plain, Quantized
from headsmith_exporters.mesh_parts import MeshPart, split_mesh
from headsmith_exporters.registry import Encoded, Format

__all__ = ["FORMATS", "GlbOptions", "asset_properties", "build_document", "encode", "encode_gltf"]


def encode(avatar: Avatar, stem: str, options: GlbOptions) -> Encoded:
    """One .glb file. Raises InputError where the avatar lacks one of `options.morph_targets`."""
    document, counts = _document(avatar, options)
    return Encoded({f"{stem}.glb": document.to_glb()}, counts)


def encode_gltf(avatar: Avatar, stem: str, options: GlbOptions) -> Encoded:
    """A readable .gltf with its .bin and pictures beside it."""
    document, counts = _document(avatar, options)
    return Encoded(document.to_gltf(stem), counts)


def _document(avatar: Avatar, options: GlbOptions) -> tuple[Document, dict[str, int]]:
    parts = split_mesh(avatar.head)
    document = build_document(avatar, parts, options)
    counts = {
        "meshes": len(parts),
        "vertices": sum(len(part.source_vertex) for part in parts),
        "triangles": sum(len(part.faces) for part in parts),
        "morph_targets": len(options.morph_targets),
        "joints": len(avatar.rig.joint_names),
    }
    return document, counts


def build_document(avatar: Avatar, parts: tuple[MeshPart, ...], options: GlbOptions) -> Document:
    """The avatar's meshes `parts`, armature, materials and texture as a glTF document."""
    document, packing = _kind_of_document(avatar, options)
    shape = shape_of(avatar, options.morph_targets)
    skin = add_armature(document, avatar.rig, packing)
    texture = add_texture(document, avatar, options)
    materials: dict[str, int] = {}
    for part in parts:
        finish = finish_of(part.name)
        if finish.name not in materials:
            materials[finish.name] = add_material(document, finish, texture)
        mesh = add_mesh(document, packing, part, shape, materials[finish.name])
        # a skinned mesh's own place in the tree is ignored, so it stands at the root, as the specification advises
        document.add("nodes", {"name": part.name, "mesh": mesh, "skin": skin})
    return document


def _kind_of_document(avatar: Avatar, options: GlbOptions) -> tuple[Document, Packing]:
    if options.profile == "web":
        return CompressedDocument(asset_properties(avatar)), Quantized.around(avatar.head.vertices)
    return Document(asset_properties(avatar)), Plain()


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


FORMATS = (
    Format("glb", ".glb", "rigged, textured mesh with blendshapes, for game engines", GlbOptions, encode),
    Format("gltf", ".gltf", "the same as readable JSON with its data and pictures beside it", GlbOptions, encode_gltf),
)
