# SPDX-License-Identifier: GPL-3.0-or-later
"""The node group "Headsmith Mouth": it gets darker towards the throat.

EEVEE lets the world's light into the closed mouth unless ray tracing is on. The shade is a black coat without any
reflection of its own (an index of refraction of 1), so that Base Color stays the picture.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from headsmith.asset.avatar import HeadMesh
from headsmith.types import F32

from .nodes import Graph, Slider, shared_group

NAME, VERSION = "Headsmith Mouth", 1
DEPTH = "mouth_depth"
"""the attribute with the place between lips (0) and throat (1)"""
LIT_M, DARK_M = 0.015, 0.036
"""behind the front of the lips: where the shade begins, and where it is complete"""
DARKEST = 0.95
PARTS = ("teeth_upper", "teeth_lower", "tongue")
SHADE = Slider("Mouth Shade", 1.0, 1.0, "How dark it gets towards the throat")


def mouth_group() -> bpy.types.ShaderNodeTree:
    """The group, shared by all avatars of the file."""
    return shared_group(NAME, VERSION, (SHADE,), _build)


def shade(graph: Graph, slider: dict[str, Any]) -> Any:
    """The weight of the black coat."""
    return graph.math("MULTIPLY", graph.attribute(DEPTH), slider[SHADE.name])


def set_coat(bsdf: bpy.types.Node) -> None:
    """Makes the coat of a Principled BSDF the shade."""
    bsdf.inputs["Coat Tint"].default_value = (0.0, 0.0, 0.0, 1.0)
    bsdf.inputs["Coat IOR"].default_value = 1.0


def mouth_depth(head: HeadMesh) -> F32:
    """[V] 0..DARKEST inside of the mouth, in rest pose; 0 outside, and on a head without lips."""
    inside = np.array(head.regions.get("inner_mouth", np.zeros(len(head.vertices))), np.float32)
    for part in PARTS:
        if part in head.part_names:
            inside[np.unique(head.faces[head.face_part == head.part_names.index(part)])] = 1
    lips = head.regions.get("lips", np.zeros(len(head.vertices))) > 0.5
    if not lips.any():
        return np.zeros(len(head.vertices), np.float32)
    behind_m = head.vertices[lips, 2].max() - head.vertices[:, 2]
    t = np.clip((behind_m - LIT_M) / (DARK_M - LIT_M), 0, 1)
    return (DARKEST * inside * t).astype(np.float32)


def _build(graph: Graph, slider: dict[str, Any]) -> dict[str, Any]:
    return {"Coat Weight": shade(graph, slider)}
