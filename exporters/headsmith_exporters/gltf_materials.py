"""The head's materials and texture in a glTF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headsmith.asset.avatar import Avatar
from headsmith_exporters.glb_options import GlbOptions
from headsmith_exporters.gltf_document import CLAMP_TO_EDGE, LINEAR, LINEAR_MIPMAP_LINEAR, Document
from headsmith_exporters.textures import MIME_TYPES, encode_texture, shrunk

WEBP_EXTENSION = "EXT_texture_webp"
"""https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Vendor/EXT_texture_webp"""


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


def finish_of(mesh_name: str) -> Finish:
    """What a mesh of that name looks like."""
    return FINISHES.get(mesh_name, SKIN)


def add_texture(document: Document, avatar: Avatar, options: GlbOptions) -> int:
    """The static texture; returns it."""
    own = avatar.material.static_texture
    pixels, kind = shrunk(own, options.longest_px(max(own.shape[:2]))), options.texture_format()
    data = encode_texture(pixels, kind, options.jpeg_quality)
    image = document.add_image("static_texture", MIME_TYPES[kind], data)
    sampler = {"magFilter": LINEAR, "minFilter": LINEAR_MIPMAP_LINEAR, "wrapS": CLAMP_TO_EDGE, "wrapT": CLAMP_TO_EDGE}
    texture: dict[str, Any] = {"name": "static_texture", "sampler": document.add("samplers", sampler)}
    if kind == "webp":
        document.use_extension(WEBP_EXTENSION, required=True)
        return document.add("textures", texture | {"extensions": {WEBP_EXTENSION: {"source": image}}})
    return document.add("textures", texture | {"source": image})


def add_material(document: Document, finish: Finish, texture: int) -> int:
    """A material with that finish; returns it."""
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": finish.roughness}
    material: dict[str, Any] = {"name": finish.name, "pbrMetallicRoughness": surface}
    return document.add("materials", material | ({"doubleSided": True} if finish.double_sided else {}))
