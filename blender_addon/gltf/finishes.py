# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's exporter gets wrong about materials."""

from __future__ import annotations

import bpy

from ..builders.materials import KIND_KEY
from .document import Document

_SHEEN = "KHR_materials_sheen"


def weigh_sheen(document: Document) -> None:
    """Sheen as strong as the material has it: the exporter writes its tint alone, which makes cloth look chalky."""
    for material in document.json.get("materials", []):
        sheen = material.get("extensions", {}).get(_SHEEN, {})
        weight = _sheen_weight(bpy.data.materials.get(material["name"]))
        if weight is not None and "sheenColorFactor" in sheen:
            sheen["sheenColorFactor"] = [weight * channel for channel in sheen["sheenColorFactor"]]


def show_one_side(document: Document) -> None:
    """Closed parts of the head from outside only, as in `headsmith export --format glb`: engines draw half as much.

    Blender's own renders show both sides, which the exporter takes over; lashes are sheets and need both.
    """
    for material in document.json.get("materials", []):
        ours = bpy.data.materials.get(material["name"])
        if ours is not None and ours.get(KIND_KEY, "lashes") != "lashes":
            material.pop("doubleSided", None)


def _sheen_weight(material: bpy.types.Material | None) -> float | None:
    """The constant Sheen Weight of the material's Principled BSDF; None where there is none."""
    nodes = material.node_tree.nodes if material and material.node_tree else ()
    for node in nodes:
        if node.bl_idname == "ShaderNodeBsdfPrincipled" and not node.inputs["Sheen Weight"].is_linked:
            return float(node.inputs["Sheen Weight"].default_value)
    return None
