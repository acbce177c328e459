# SPDX-License-Identifier: GPL-3.0-or-later
"""The material of the splats' quads, shared by all avatars of a file: light of its own, transparent by the falloff."""

from __future__ import annotations

import bpy

from ..compat import shader_tree
from .formulas import Number, Vector, arrange
from .nodes import VERSION_KEY, Graph
from .splat_nodes import ALPHA_MIN

NAME, VERSION = "Headsmith Splats", 1
ALPHA_MAX = 0.999
"""of one splat at one pixel, as in the core"""


def splat_material() -> bpy.types.Material:
    """The material, made where the file has none of this version."""
    material = bpy.data.materials.get(NAME) or bpy.data.materials.new(NAME)
    if material.get(VERSION_KEY) == VERSION:
        return material
    material[VERSION_KEY] = VERSION
    material.surface_render_method = "BLENDED"
    # without it EEVEE draws only the nearest quad
    material.use_transparency_overlap = True
    material.use_transparent_shadow = True
    # the quads are no lamps: Cycles would sample every one of them
    material.cycles.emission_sampling = "NONE"
    tree = shader_tree(material)
    tree.nodes.clear()
    _shade(Graph(tree))
    arrange(tree)
    return material


def _shade(graph: Graph) -> None:
    """alpha = opacity * (255 * opacity)^-|corner|^2, which is the Gaussian, ending at 1/255 where |corner| = 1."""
    colour = graph.node("ShaderNodeAttribute", attribute_name="quad_colour").outputs
    opacity = Number(graph, colour["Alpha"])
    corner = Vector(graph, graph.node("ShaderNodeAttribute", attribute_name="quad_corner").outputs["Vector"])
    squared = corner.dot(corner)
    falloff = (opacity * (1 / ALPHA_MIN)).math("POWER", -squared)
    alpha = (opacity * falloff).at_most(ALPHA_MAX) * (squared < 1.0)
    light = graph.node("ShaderNodeEmission", {"Color": colour["Color"]}).outputs[0]
    clear = graph.node("ShaderNodeBsdfTransparent").outputs[0]
    mix = graph.node("ShaderNodeMixShader", {"Fac": alpha.socket})
    graph.feed(mix.inputs[1], clear)
    graph.feed(mix.inputs[2], light)
    graph.node("ShaderNodeOutputMaterial", {"Surface": mix.outputs[0]})
