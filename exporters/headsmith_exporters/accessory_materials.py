"""Materials and pictures of a user's .glb, copied field by field: what is not understood stays behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headsmith_exporters.gltf_document import CLAMP_TO_EDGE, LINEAR, LINEAR_MIPMAP_LINEAR
from headsmith_exporters.gltf_reader import Glb
from headsmith_exporters.gltf_scene import refuse
from headsmith_exporters.worn import WornTexture

MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_REPEAT, _MIRRORED = 10497, 33648
_SAMPLER = {
    "magFilter": (9728, LINEAR),
    "minFilter": (9728, LINEAR, 9984, 9985, 9986, LINEAR_MIPMAP_LINEAR),
    "wrapS": (_REPEAT, _MIRRORED, CLAMP_TO_EDGE),
    "wrapT": (_REPEAT, _MIRRORED, CLAMP_TO_EDGE),
}
_TEXTURE = "texture"
Fields = Mapping[str, Any]
"""name -> count of numbers 0..1, `_TEXTURE`, bool, or a tuple of words"""
_SURFACE: Fields = {"baseColorFactor": 4, "metallicFactor": 1, "roughnessFactor": 1,
                    "baseColorTexture": _TEXTURE, "metallicRoughnessTexture": _TEXTURE}  # fmt: skip
_MATERIAL: Fields = {"pbrMetallicRoughness": _SURFACE, "normalTexture": _TEXTURE, "occlusionTexture": _TEXTURE,
                     "emissiveTexture": _TEXTURE, "emissiveFactor": 3, "alphaMode": ("OPAQUE", "MASK", "BLEND"),
                     "alphaCutoff": 1, "doubleSided": bool}  # fmt: skip
EXTENSIONS: Mapping[str, Fields] = {
    "KHR_materials_specular": {"specularFactor": 1, "specularColorFactor": 3, "specularTexture": _TEXTURE,
                               "specularColorTexture": _TEXTURE},
    "KHR_materials_sheen": {"sheenColorFactor": 3, "sheenRoughnessFactor": 1, "sheenColorTexture": _TEXTURE,
                            "sheenRoughnessTexture": _TEXTURE},
    "KHR_materials_clearcoat": {"clearcoatFactor": 1, "clearcoatRoughnessFactor": 1, "clearcoatTexture": _TEXTURE,
                                "clearcoatRoughnessTexture": _TEXTURE, "clearcoatNormalTexture": _TEXTURE},
    "KHR_materials_transmission": {"transmissionFactor": 1, "transmissionTexture": _TEXTURE},
}  # fmt: skip
"""what materials may carry beyond core glTF, and lose where a file is to be core glTF"""


def read_textures(glb: Glb) -> tuple[WornTexture, ...]:
    """The pictures of the file. Raises InputError for other than PNG and JPEG inside the file."""
    return tuple(_texture(glb, one) for one in glb.objects("textures"))


def _texture(glb: Glb, texture: dict[str, Any]) -> WornTexture:
    if "source" not in texture:
        refuse("a texture that only an extension explains", "PNG or JPEG pictures")
    image = glb.indexed("images", texture["source"])
    if "bufferView" not in image:
        refuse("a picture in another file", "pictures inside the .glb")
    view = glb.indexed("bufferViews", image["bufferView"])
    start, size = glb.number("byteOffset", view, 0), glb.number("byteLength", view)
    if glb.number("buffer", view) != 0 or start + size > len(glb.binary):
        refuse("a picture outside the file", "a whole .glb")
    data = bytes(glb.binary[start : start + size])
    kind = next((kind for kind, magic in MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        refuse("a picture that is neither PNG nor JPEG", "PNG or JPEG pictures")
    return WornTexture(data, kind, _sampler(glb, texture))


def _sampler(glb: Glb, texture: dict[str, Any]) -> dict[str, int]:
    sampler = glb.indexed("samplers", texture["sampler"]) if "sampler" in texture else {}
    return {name: sampler[name] for name, allowed in _SAMPLER.items() if sampler.get(name) in allowed}


def read_materials(glb: Glb, textures: int) -> tuple[dict[str, Any], ...]:
    """The materials, with values of the right kind. Raises InputError for others."""
    out = []
    for row, material in enumerate(glb.objects("materials")):
        copied = _copied(material, _MATERIAL, textures)
        name = material.get("name")
        copied["name"] = name if isinstance(name, str) else f"material_{row}"
        extensions = glb.object("extensions", material)
        known = {key: _copied(glb.object(key, extensions), fields, textures)
                 for key, fields in EXTENSIONS.items() if key in extensions}  # fmt: skip
        out.append(copied | ({"extensions": known} if known else {}))
    return tuple(out)


def _copied(source: Any, fields: Fields, textures: int) -> dict[str, Any]:
    if not isinstance(source, dict):
        refuse("a material that is no object", "glTF 2.0")
    return {key: _value(source[key], kind, textures) for key, kind in fields.items() if key in source}


def _value(value: Any, kind: Any, textures: int) -> Any:
    if isinstance(kind, Mapping):
        return _copied(value, kind, textures)
    if kind == _TEXTURE:
        return _texture_info(value, textures)
    if kind is bool:
        fits = isinstance(value, bool)
    elif isinstance(kind, tuple):
        fits = value in kind
    else:
        numbers = value if kind > 1 and isinstance(value, list) else [value]
        fits = len(numbers) == kind and all(_is_number(one) and 0 <= one <= 1 for one in numbers)
    if not fits:
        refuse(f"a material with the value {value!r:.60}", "values in glTF's ranges")
    return value


def _texture_info(value: Any, textures: int) -> dict[str, Any]:
    index = value.get("index") if isinstance(value, dict) else None
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < textures:
        refuse("a texture that is not there", f"one below {textures}")
    if value.get("texCoord", 0) not in (0, 1):
        refuse("a texture on a third set of coordinates", "at most two sets")
    copied = {"index": index, "texCoord": int(value.get("texCoord", 0))}
    copied |= {key: value[key] for key in ("scale", "strength") if _is_number(value.get(key))}
    return copied


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
