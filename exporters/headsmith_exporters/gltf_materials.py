"""The head's materials and texture in a glTF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    extensions: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """KHR_materials_*: better where a reader knows them, missed by nobody else"""


# reflects 2.8 % from the front (index of refraction 1.4), where glTF assumes 4 %, and has a soft rim of down
SKIN = Finish("skin", 0.55, extensions={
    "KHR_materials_specular": {"specularFactor": 0.7},
    "KHR_materials_sheen": {"sheenColorFactor": [0.04, 0.035, 0.03], "sheenRoughnessFactor": 0.5},
})  # fmt: skip
_WET = {"KHR_materials_clearcoat": {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.03}}
_MOIST = {"KHR_materials_clearcoat": {"clearcoatFactor": 0.5, "clearcoatRoughnessFactor": 0.15}}
_HAIR = {"KHR_materials_sheen": {"sheenColorFactor": [0.1, 0.1, 0.1], "sheenRoughnessFactor": 0.4}}
FINISHES = {
    "eyes": Finish("eyes", 0.15, extensions=_WET),
    "teeth": Finish("teeth", 0.3, extensions=_MOIST),
    "tongue": Finish("tongue", 0.4, extensions=_MOIST),
    "lashes": Finish("lashes", 0.8, double_sided=True),
    "hair_cap": Finish("hair_cap", 0.7, double_sided=True, extensions=_HAIR),
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


def add_material(document: Document, finish: Finish, texture: int, extended: bool) -> int:
    """A material with that finish; returns it."""
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": finish.roughness}
    material: dict[str, Any] = {"name": finish.name, "pbrMetallicRoughness": surface}
    if finish.double_sided:
        material["doubleSided"] = True
    if extended and finish.extensions:
        material["extensions"] = dict(finish.extensions)
        for name in finish.extensions:
            document.use_extension(name)
    return document.add("materials", material)


def without_extensions(value: Any) -> Any:
    """A copy of a part of a glTF as core glTF has it."""
    if isinstance(value, list):
        return [without_extensions(one) for one in value]
    if isinstance(value, dict):
        return {key: without_extensions(one) for key, one in value.items() if key != "extensions"}
    return value
