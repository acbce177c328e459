"""What hangs on the skull in a glTF: empty nodes where things belong, and things that are worn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from headsmith.accessories import CARRIED_BY, Anchors, Attachment, attachments
from headsmith.asset.avatar import Rig
from headsmith.asset.quaternions import quaternions_from_matrices
from headsmith.types import F32
from headsmith_exporters.gltf_document import ELEMENT_ARRAY_BUFFER, Document
from headsmith_exporters.gltf_joints import joint_node_name
from headsmith_exporters.gltf_materials import without_extensions
from headsmith_exporters.gltf_packing import Packing, Plain, Quantized
from headsmith_exporters.gltf_scene import refuse
from headsmith_exporters.worn import Worn, WornPart, WornTexture

PREFIX = "attach_"


@dataclass
class Hooks:
    """The nodes under the joint that carries the skull."""

    document: Document
    joint: int
    """node"""
    joint_m: F32
    """[3] head space"""
    frames: dict[str, tuple[int, F32]] = field(default_factory=dict)
    """anchor -> node, and its [4, 4] to head space"""

    def under(self, anchor: str) -> tuple[int, F32]:
        """The node that carries what sits at an anchor, and its [4, 4] to head space."""
        at_joint = np.eye(4)
        at_joint[:3, 3] = self.joint_m
        return self.frames.get(CARRIED_BY.get(anchor, anchor), (self.joint, at_joint))


def add_hooks(document: Document, rig: Rig, head: Anchors) -> Hooks:
    """One node for each of the head's attachments, under the joint that carries the skull."""
    joint = rig.joint_names.index(head.joint)
    hooks = Hooks(document, document.node(joint_node_name(head.joint)), rig.joints_m[joint].astype(np.float64))
    for anchor, place in attachments(head).items():
        node = _hook(place) | _place(place.axes, place.position_m - hooks.joint_m)
        hooks.frames[anchor] = (_child(document, hooks.joint, node), place.matrix())
    return hooks


def _hook(place: Attachment) -> dict[str, Any]:
    """A node's name, and how wide what hangs there is, for programs that fit things themselves."""
    return {"name": PREFIX + place.name, "extras": {"headsmith": {"anchor": place.anchor, "width_m": place.width_m}}}


def add_worn(hooks: Hooks, worn: Worn, *, compressed: bool, extended: bool) -> int:
    """A thing as a node with a mesh under its hook; returns the node. `extended` keeps its materials' extensions."""
    document = hooks.document
    points = np.concatenate([part.vertices for part in worn.parts])
    packing: Packing = Quantized.around(points, finest_step=0.0) if compressed else Plain()
    textures = [_add_texture(document, worn.name, i, one) for i, one in enumerate(worn.textures)]
    materials = [_add_material(document, one, textures, extended) for one in worn.materials]
    sets = [_uv_sets(one) for one in worn.materials]
    primitives = [_primitive(document, packing, _pruned(part, sets), materials) for part in worn.parts]
    mesh = document.add("meshes", {"name": worn.name, "primitives": primitives})
    above, frame = hooks.under(worn.anchor)
    matrix = np.linalg.inv(frame) @ worn.to_head @ packing.to_metres()
    scale = float(np.cbrt(np.linalg.det(matrix[:3, :3])))
    node = {"name": worn.name, "mesh": mesh, **_place(matrix[:3, :3] / scale, matrix[:3, 3])}
    extras = {"extras": {"headsmith": {"accessory": worn.name, "anchor": worn.anchor}}}
    return _child(document, above, node | ({"scale": [scale] * 3} if abs(scale - 1) > 1e-6 else {}) | extras)


def _uv_sets(value: Any) -> int:
    """How many sets of texture coordinates a part of a material asks for."""
    if isinstance(value, list):
        return max(map(_uv_sets, value), default=0)
    if not isinstance(value, dict):
        return 0
    own = int(value.get("texCoord", 0)) + 1 if "index" in value else 0
    return max([own, *map(_uv_sets, value.values())])


def _pruned(part: WornPart, sets: Sequence[int]) -> WornPart:
    """The part with the texture coordinates that its material uses."""
    needed = 0 if part.material is None else sets[part.material]
    if needed > len(part.uvs):
        refuse(f"a texture on set {needed} of coordinates", f"one of the {len(part.uvs)} that its mesh has")
    return replace(part, uvs=part.uvs[:needed])


def _primitive(document: Document, packing: Packing, part: WornPart, materials: Sequence[int]) -> dict[str, Any]:
    attributes = {
        "POSITION": packing.positions(document, part.vertices),
        "NORMAL": packing.normals(document, part.normals),
    }
    for row, uvs in enumerate(part.uvs):
        attributes[f"TEXCOORD_{row}"] = packing.uvs(document, uvs)
    if part.colors is not None:
        attributes["COLOR_0"] = packing.colors(document, part.colors)
    index_type = np.uint16 if len(part.vertices) <= 65535 else np.uint32
    indices = document.add_array(part.faces.reshape(-1).astype(index_type), ELEMENT_ARRAY_BUFFER)
    shown = {} if part.material is None else {"material": materials[part.material]}
    return {"attributes": attributes, "indices": indices, **shown}


def _add_texture(document: Document, name: str, row: int, texture: WornTexture) -> int:
    image = document.add_image(f"{name}_{row}", texture.mime_type, texture.data)
    return document.add("textures", {"source": image, "sampler": document.add("samplers", dict(texture.sampler))})


def _add_material(document: Document, material: dict[str, Any], textures: Sequence[int], extended: bool) -> int:
    kept = material if extended else without_extensions(material)
    for name in kept.get("extensions", {}):
        document.use_extension(name)
    return document.add("materials", _with_textures(kept, textures, document))


def _with_textures(value: Any, textures: Sequence[int], document: Document) -> Any:
    """A copy whose texture infos point into the document."""
    if isinstance(value, list):
        return [_with_textures(one, textures, document) for one in value]
    if not isinstance(value, dict):
        return value
    copied = {key: _with_textures(one, textures, document) for key, one in value.items()}
    if "index" in copied:
        copied["index"] = textures[copied["index"]]
        for name in copied.get("extensions", {}):
            document.use_extension(name)
    return copied


def _place(axes: F32, position_m: F32) -> dict[str, Any]:
    """A node's turn and move."""
    place: dict[str, Any] = {}
    if np.abs(position_m).max() > 1e-9:
        place["translation"] = [float(x) for x in position_m]
    wxyz = quaternions_from_matrices(np.asarray(axes, np.float64)[None])[0]
    if abs(wxyz[0]) < 1 - 1e-12:
        place["rotation"] = [float(x) for x in wxyz[[1, 2, 3, 0]]]
    return place


def _child(document: Document, parent: int, node: dict[str, Any]) -> int:
    index = document.add("nodes", node)
    document.objects["nodes"][parent].setdefault("children", []).append(index)
    return index
