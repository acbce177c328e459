# SPDX-License-Identifier: GPL-3.0-or-later
"""The node group "Headsmith Skin": how skin, lips, the wet inside of the mouth and painted hair answer light.

The albedo stays outside of the group, linked straight to the Principled BSDF, where exporters look for it.
"""

from __future__ import annotations

from typing import Any

import bpy

from .hair import ATTRIBUTE as HAIR
from .mouth_nodes import SHADE, shade
from .nodes import Graph, Slider, shared_group

NAME, VERSION = "Headsmith Skin", 1
SCATTERING_M = 0.0037
"""how far red light travels in skin: the mean free path in Christensen and Burley's normalized diffusion, 2015"""
SCATTERING_COLOUR = (1.0, 0.37, 0.19)
"""the other channels relative to red"""
REST = "rest_position"
"""the attribute with the rest position, so that pores and strands stay where they are while the face moves"""
REACH = "Subsurface Reach"

SLIDERS = (
    Slider("Specular", 0.45, 1.0, "Strength of the highlights"),
    Slider("Subsurface", 0.8, 1.0, "How much of the light scatters under the skin"),
    Slider(REACH, 1.0, 10.0, "How far it scatters; 1 is human skin"),
    Slider("Lip Gloss", 0.5, 1.0, "How wet the lips are"),
    Slider("Mouth Wetness", 0.8, 1.0, "How wet the inside of the mouth is"),
    SHADE,
    Slider("Pores", 0.2, 2.0, "Relief of the skin"),
    Slider("Hair Relief", 0.5, 4.0, "Relief of the hair that is painted on the scalp"),
)


def skin_group() -> bpy.types.ShaderNodeTree:
    """The group, shared by all avatars of the file."""
    return shared_group(NAME, VERSION, SLIDERS, _build)


def _build(graph: Graph, slider: dict[str, Any]) -> dict[str, Any]:
    hair = graph.ramp(graph.attribute(HAIR), 0.2, 0.7)
    skin = graph.math("SUBTRACT", 1.0, hair)
    lips, mouth = graph.attribute("region_lips"), graph.attribute("region_inner_mouth")
    scale = graph.object_scale()
    shine = graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", hair, 0.8))
    return {
        "Relative Roughness": _roughness(graph, slider, hair, lips, mouth),
        "Specular IOR Level": graph.math("MULTIPLY", slider["Specular"], shine),
        "Subsurface Weight": graph.math("MULTIPLY", slider["Subsurface"], skin),
        "Subsurface Scale": graph.math("MULTIPLY", graph.math("MULTIPLY", scale, SCATTERING_M), slider[REACH]),
        "Coat Weight": shade(graph, slider),
        "Normal": _relief(graph, slider, hair, scale),
    }


def _roughness(graph: Graph, slider: dict[str, Any], hair: Any, lips: Any, mouth: Any) -> Any:
    """1 on the face, less where it is wet, more on hair."""
    gloss = graph.math("MULTIPLY", graph.math("MULTIPLY", lips, slider["Lip Gloss"]), 0.6)
    wet = graph.math("MULTIPLY", graph.math("MULTIPLY", mouth, slider["Mouth Wetness"]), 0.75)
    smooth = graph.math("SUBTRACT", 1.0, graph.math("MAXIMUM", gloss, wet))
    return graph.math("ADD", smooth, graph.math("MULTIPLY", hair, 0.4))


def _relief(graph: Graph, slider: dict[str, Any], hair: Any, scale: Any) -> Any:
    """Pores on skin and strands on the scalp, as a bump in metres."""
    rest = graph.attribute(REST, "Vector")
    pores = graph.node("ShaderNodeTexNoise", {"Vector": rest, "Scale": 900.0, "Detail": 2.0, "Roughness": 0.6})
    pores_m = graph.math("MULTIPLY", graph.math("MULTIPLY", pores.outputs[0], slider["Pores"]), 0.0003)
    strands_m = graph.math("MULTIPLY", graph.math("MULTIPLY", _strands(graph, rest), slider["Hair Relief"]), 0.0012)
    mixed = graph.node("ShaderNodeMix", data_type="FLOAT")
    for name, value in (("Factor", hair), ("A", pores_m), ("B", strands_m)):
        graph.feed(mixed.inputs[name], value)
    height = graph.math("MULTIPLY", mixed.outputs[0], scale)
    return graph.node("ShaderNodeBump", {"Height": height, "Distance": 1.0}).outputs[0]


def _strands(graph: Graph, rest: Any) -> Any:
    """Noise drawn out into lines that run from the crown down to the hairline, around the vertical through the head."""
    from_axis = graph.vector("MULTIPLY", graph.vector("SUBTRACT", rest, CROWN), (1.0, 1.0, 0.0))
    around = graph.vector("MULTIPLY", graph.vector("NORMALIZE", from_axis), (45.0, 45.0, 0.0))
    place = graph.vector("ADD", around, graph.vector("MULTIPLY", rest, (0.0, 0.0, 12.0)))
    noise = graph.node("ShaderNodeTexNoise", {"Vector": place, "Scale": 1.0, "Detail": 3.0, "Roughness": 0.7})
    # the lines crowd together on the crown, where they would sparkle
    apart = graph.ramp(graph.vector("LENGTH", from_axis, output="Value"), 0.01, 0.07)
    return graph.math("MULTIPLY", noise.outputs[0], apart)


CROWN = (0.0, 0.08, 0.0)
"""where the strands start, seen from above, in Blender's axes"""
