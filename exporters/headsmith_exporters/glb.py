"""GLB and glTF files of the rigged head (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html).

An armature with the rig's joints, one skinned mesh per group of parts, and on every mesh the same morph targets in
the same order, dense, with positions and normals. Head space is glTF's own space, so nothing is converted. Both
profiles have the same vertices and triangles in the same order, so that a splat binding holds for either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headsmith.asset.avatar import Avatar
from headsmith_exporters.glb_options import GlbOptions
from headsmith_exporters.gltf_animations import Moved, add_animation, motions_named
from headsmith_exporters.gltf_armature import add_armature
from headsmith_exporters.gltf_compressed import CompressedDocument
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.gltf_hangings import add_hangings
from headsmith_exporters.gltf_materials import add_material, add_texture, finish_of
from headsmith_exporters.gltf_meshes import add_mesh, shape_of
from headsmith_exporters.gltf_packing import Packing, Plain, Quantized
from headsmith_exporters.mesh_lods import fewer_triangles
from headsmith_exporters.mesh_parts import MeshPart, split_mesh
from headsmith_exporters.onnx_pointer import point_to_network
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.visemes import VISEME_TARGETS, with_visemes

__all__ = ["FORMATS", "GlbOptions", "asset_properties", "build_document", "encode", "encode_gltf"]


def encode(avatar: Avatar, stem: str, options: GlbOptions) -> Encoded:
    """One .glb file, after those of its lower levels of detail.

    Raises InputError where the avatar lacks one of the blendshapes or motions that are asked for, and for accessories
    that it cannot wear.
    """
    levels, counts = _levels(avatar, stem, options)
    return Encoded({f"{name}.glb": document.to_glb() for name, document in levels.items()}, counts)


def encode_gltf(avatar: Avatar, stem: str, options: GlbOptions) -> Encoded:
    """A readable .gltf with its .bin and pictures beside it, after those of its lower levels of detail."""
    levels, counts = _levels(avatar, stem, options)
    files = [document.to_gltf(name) for name, document in levels.items()]
    return Encoded({name: data for one in files for name, data in one.items()}, counts)


def _levels(avatar: Avatar, stem: str, options: GlbOptions) -> tuple[dict[str, Document], dict[str, int]]:
    """File name without suffix -> document, the most detailed last; and what that holds."""
    whole = split_mesh(avatar.head)
    documents = {}
    for level in range(options.lods, -1, -1):
        share = 0.5**level
        parts = fewer_triangles(avatar, whole, share) if level else whole
        own_px = options.longest_px(max(avatar.material.static_texture.shape[:2]))
        smaller = replace(options, texture_px=max(1, round(own_px * share)))
        document = build_document(avatar, parts, smaller, detail=share)
        point_to_network(document, avatar, stem)
        documents[f"{stem}.lod{level}" if level else stem] = document
    return documents, _counts(avatar, whole, document) | ({"lods": options.lods} if options.lods else {})


def _counts(avatar: Avatar, parts: tuple[MeshPart, ...], document: Document) -> dict[str, int]:
    meshes = document.objects["meshes"]
    return {
        "meshes": len(parts),
        "vertices": sum(len(part.source_vertex) for part in parts),
        "triangles": sum(len(part.faces) for part in parts),
        "morph_targets": len(meshes[0].get("weights", ())),
        "joints": len(avatar.rig.joint_names),
        "animations": len(document.objects.get("animations", [])),
        "accessories": len(meshes) - len(parts),
    }


def build_document(
    avatar: Avatar, parts: tuple[MeshPart, ...], options: GlbOptions, *, detail: float = 1.0
) -> Document:
    """The avatar's meshes `parts`, armature, materials, texture, accessories and motions as a glTF document.

    `detail` 0..1 is the share of their triangles that accessories keep; `parts` have what they have. Raises
    InputError as `encode` does.
    """
    document, packing = _kind_of_document(avatar, options)
    motions = motions_named(avatar, options.motions)
    shape = shape_of(with_visemes(avatar) if options.visemes else avatar, _targets(options))
    skin = add_armature(document, avatar.rig, packing)
    texture = add_texture(document, avatar, options)
    materials, nodes = dict[str, int](), list[int]()
    for part in parts:
        finish = finish_of(part.name)
        if finish.name not in materials:
            materials[finish.name] = add_material(document, finish, texture, options.extended())
        mesh = add_mesh(document, packing, part, shape, materials[finish.name])
        # a skinned mesh's own place in the tree is ignored, so it stands at the root, as the specification advises
        nodes.append(document.add("nodes", {"name": part.name, "mesh": mesh, "skin": skin}))
    add_hangings(document, avatar, options, detail)
    moved = Moved(shape.target_names, tuple(nodes), avatar.rig)
    for name, motion in motions.items():
        add_animation(document, packing, name, motion, moved)
    return document


def _targets(options: GlbOptions) -> tuple[str, ...]:
    return (*options.morph_targets, *VISEME_TARGETS) if options.visemes else options.morph_targets


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
