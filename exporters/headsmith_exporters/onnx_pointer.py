"""Where a glTF says that a network paints its texture: extras of the asset and of the materials that it changes."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, DynamicTexture
from headsmith.asset.dynamic_texture import FILE
from headsmith.asset.onnx_writer import model
from headsmith.asset.protobuf import Reader
from headsmith.types import U8
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.gltf_materials import finish_of
from headsmith_exporters.mesh_parts import MeshPart, split_mesh

EXTRAS = "headsmith"
MOST_OPSET = 15
"""what Unity's importer knows up to version 2.5; the operations of docs/format.md mean the same there"""


def network_name(stem: str) -> str:
    return f"{stem}.onnx"


def contract_name(stem: str) -> str:
    return f"{stem}.texture.json"


def mask_name(stem: str) -> str:
    return f"{stem}.mask.png"


def network_for_engines(dynamic: DynamicTexture) -> bytes:
    """The network with an opset of at most `MOST_OPSET`."""
    whole = Reader(FILE).message(memoryview(dynamic.onnx))
    opset = max((one.message().integer(2) for one in whole.all(8)), default=0)
    return model(bytes(whole.one(7).data()), MOST_OPSET) if opset > MOST_OPSET else dynamic.onnx


def changed_parts(avatar: Avatar) -> tuple[str, ...]:
    """Names of the meshes of `split_mesh` that have triangles under the mask."""
    return tuple(part.name for part in split_mesh(avatar.head) if _is_under(avatar.material.dynamic_mask, part))


def changed_materials(avatar: Avatar) -> tuple[str, ...]:
    """Names of the glTF's materials whose texture the network replaces."""
    return tuple(dict.fromkeys(finish_of(name).name for name in changed_parts(avatar)))


def pointer(avatar: Avatar, stem: str) -> dict[str, Any]:
    """What a file of the name `stem` says about its dynamic texture; empty for an avatar without one."""
    if avatar.dynamic_texture is None:
        return {}
    digest = hashlib.sha256(network_for_engines(avatar.dynamic_texture)).hexdigest()
    return {"contract": contract_name(stem), "network": network_name(stem), "network_sha256": digest}


def point_to_network(document: Document, avatar: Avatar, stem: str) -> None:
    """Adds the pointer to the document's asset, and a shorter one to every material that the network changes."""
    found = pointer(avatar, stem)
    if not found:
        return
    document.asset.setdefault("extras", {}).setdefault(EXTRAS, {})["dynamic_texture"] = found
    names = changed_materials(avatar)
    for material in document.objects.get("materials", []):
        if material["name"] in names:
            own = {"contract": found["contract"], "replaces": "pbrMetallicRoughness.baseColorTexture"}
            material.setdefault("extras", {}).setdefault(EXTRAS, {})["dynamic_texture"] = own


def _is_under(mask: U8, part: MeshPart) -> bool:
    """Whether the box around any of the part's triangles in the texture meets the mask."""
    height, width = mask.shape
    # a pixel of the mask reaches half a pixel beyond its centre's neighbours when it is sampled linearly
    at = part.uvs * [width, -height] + [0, height]
    corners = at[part.faces]
    low = np.clip(np.floor(corners.min(1) - 0.5), 0, [width - 1, height - 1]).astype(np.intp)
    high = np.clip(np.ceil(corners.max(1) + 0.5), 1, [width, height]).astype(np.intp)
    sums = np.zeros((height + 1, width + 1), np.int64)
    sums[1:, 1:] = (mask > 0).cumsum(0).cumsum(1)
    (left, top), (right, bottom) = low.T, high.T
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return bool((inside > 0).any())
