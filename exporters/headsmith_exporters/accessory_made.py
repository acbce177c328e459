"""Generated accessories as things to wear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from headsmith.accessories import (
    CARRIED_BY,
    AccessoryMesh,
    Anchors,
    Attachment,
    Part,
    attachments,
    default_params,
    fit_accessory,
)
from headsmith.asset.normals import vertex_normals
from headsmith.types import F32, I32, Bool
from headsmith_exporters.accessory_choice import Made
from headsmith_exporters.worn import Worn, WornPart

PAIRED = "lobe_left"
"""the anchor of what is worn on both sides"""
CLOTH_ROUGHNESS = 0.5
"""of the sheen: the width of the soft rim"""


def made_accessory(head: Anchors, chosen: Made) -> tuple[Worn, ...]:
    """An accessory to the measure of `head`, in head space; a pair comes as two. Raises InputError for its style."""
    made = fit_accessory(head, chosen.kind, default_params(chosen.kind, chosen.style))
    places = attachments(head)
    if made.anchor != PAIRED:
        whole = np.ones(len(made.vertices), bool)
        return (_worn(made, made.kind, places[CARRIED_BY.get(made.anchor, made.anchor)], whole),)
    left = made.vertices[:, 0] > head.scalp.centre_m[0]
    name = made.kind.removesuffix("s")
    sides = (("left", left), ("right", ~left))
    return tuple(_worn(made, f"{name}_{side}", places[f"lobe_{side}"], chosen) for side, chosen in sides)


def _worn(made: AccessoryMesh, name: str, place: Attachment, chosen: Bool) -> Worn:
    """What the `chosen` vertices [V] make up, about the place that it hangs from."""
    faces, _, owner = made.triangles()
    vertices = ((made.vertices - place.position_m) @ place.axes).astype(np.float32)
    normals = vertex_normals(vertices, faces)
    rows = [(owner == row) & chosen[faces].all(1) for row in range(len(made.parts))]
    parts = tuple(replace(_part(vertices, normals, faces[row], index), covers_hair=part.covers_hair)
                  for index, (row, part) in enumerate(zip(rows, made.parts, strict=True)))  # fmt: skip
    materials = tuple(_material(made.kind, one) for one in made.parts)
    return Worn(name, parts, materials, (), place.anchor, place.matrix())


def _part(vertices: F32, normals: F32, faces: I32, material: int) -> WornPart:
    """Generated parts have plain colours, so they need no texture coordinates."""
    used, rows = np.unique(faces, return_inverse=True)
    return WornPart(vertices[used], normals[used], (), None, rows.reshape(-1, 3).astype(np.int32), material)


def _material(kind: str, part: Part) -> dict[str, Any]:
    look = part.material
    surface = {"baseColorFactor": [*look.base_color, look.alpha], "metallicFactor": float(look.metallic),
               "roughnessFactor": float(look.roughness)}  # fmt: skip
    material: dict[str, Any] = {"name": f"{kind}_{part.name}", "pbrMetallicRoughness": surface}
    extensions = {}
    if look.sheen > 0:
        extensions["KHR_materials_sheen"] = {
            "sheenColorFactor": [float(look.sheen)] * 3,
            "sheenRoughnessFactor": CLOTH_ROUGHNESS,
        }
    if look.ior != 1.5:
        extensions["KHR_materials_ior"] = {"ior": float(look.ior)}
    if look.alpha < 1:
        material["alphaMode"] = "BLEND"
    return material | ({"extensions": extensions} if extensions else {})
