# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials of the head: one slot per part, all with the same albedo picture.

Every material is a Principled BSDF at the top level with the picture linked straight to Base Color, so that exporters
find it. What depends on the place comes from node groups that all avatars share: skin, eyes and mouth.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from headsmith.asset import Avatar

from ..compat import shader_tree
from ..scene import set_attribute, to_blender
from . import eye_nodes, hair, mouth_nodes, skin_nodes
from .nodes import Graph

KIND_KEY = "headsmith_kind"
"""custom property of a material: which of KINDS it is"""
ALBEDO_NODE = "Headsmith Albedo"
"""the image texture node in every material"""
BSDF_NODE = "Principled BSDF"
ROUGHNESS_NODE, ROUGHNESS = "Skin Roughness", 0.5
KIND_OF_PART = {
    "eye_left": "eyes",
    "eye_right": "eyes",
    "teeth_upper": "teeth",
    "teeth_lower": "teeth",
    "tongue": "tongue",
    "lashes": "lashes",
}
"""every other part is skin"""


def dress_head(avatar: Avatar, head: bpy.types.Object, image: bpy.types.Image, name: str) -> None:
    """Gives `head` a material slot per part of the avatar, in their order, with materials named after `name`.

    Materials that are there already stay as they are, with what the artist set, an own picture included; so does
    what the artist put into a slot instead. Only one of ours in the wrong place, from a head of other parts, is
    exchanged.
    """
    _set_attributes(avatar, head.data)
    for material in _fill_slots(head.data, avatar.head.part_names, name):
        node = material.node_tree.nodes.get(ALBEDO_NODE)
        if node is not None and node.image is None:
            node.image = image


def _set_attributes(avatar: Avatar, mesh: bpy.types.Mesh) -> None:
    """What the node groups read from the mesh, beside the regions."""
    eyes = tuple(part for part, kind in KIND_OF_PART.items() if kind == "eyes")
    set_attribute(mesh, skin_nodes.REST, "FLOAT_VECTOR", to_blender(avatar.head.vertices))
    set_attribute(mesh, eye_nodes.PLACE, "FLOAT_VECTOR", to_blender(eye_nodes.eye_places(avatar.head, eyes)))
    set_attribute(mesh, mouth_nodes.DEPTH, "FLOAT", mouth_nodes.mouth_depth(avatar.head))
    set_attribute(mesh, hair.ATTRIBUTE, "FLOAT", hair.painted_hair(avatar.head, avatar.material.static_texture))


def _fill_slots(mesh: bpy.types.Mesh, part_names: tuple[str, ...], name: str) -> list[bpy.types.Material]:
    """A material for each part; returns those of ours."""
    slots = mesh.materials
    ours = {material[KIND_KEY]: material for material in slots if material and KIND_KEY in material}
    for row, part in enumerate(part_names):
        kind = KIND_OF_PART.get(part, "skin")
        if row == len(slots):
            slots.append(None)
        if slots[row] is None or slots[row].get(KIND_KEY, kind) != kind:
            ours[kind] = slots[row] = ours.get(kind) or _material(kind, name)
    while len(slots) > len(part_names) and slots[-1] and KIND_KEY in slots[-1]:
        slots.pop()
    return list(ours.values())


def _material(kind: str, name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(f"{name} {kind.capitalize()}")
    material[KIND_KEY] = kind
    graph = Graph(shader_tree(material))
    graph.tree.nodes.clear()
    albedo = graph.node("ShaderNodeTexImage")
    albedo.name = albedo.label = ALBEDO_NODE
    # cubic also does without anisotropic filtering, which draws specks in software rendering
    albedo.interpolation = "Cubic"
    # texels of other parts lie beside the charts: a mirrored or repeated edge would bring them in
    albedo.extension = "EXTEND"
    bsdf = graph.node("ShaderNodeBsdfPrincipled", {"Base Color": albedo.outputs["Color"]})
    bsdf.name = BSDF_NODE
    KINDS[kind](graph, bsdf)
    graph.node("ShaderNodeOutputMaterial", {"Surface": bsdf.outputs[0]})
    _arrange(graph, bsdf)
    return material


def _skin(graph: Graph, bsdf: bpy.types.Node) -> None:
    group = _feed(graph, bsdf, skin_nodes.skin_group())
    # a constant times something, outside of the group: of that, glTF's exporter keeps the constant
    roughness = graph.node("ShaderNodeMath", operation="MULTIPLY", use_clamp=True)
    roughness.name = roughness.label = ROUGHNESS_NODE
    graph.feed(roughness.inputs[0], ROUGHNESS)
    graph.feed(roughness.inputs[1], group.outputs["Relative Roughness"])
    graph.feed(bsdf.inputs["Roughness"], roughness.outputs[0])
    mouth_nodes.set_coat(bsdf)
    graph.feed(bsdf.inputs["Subsurface Radius"], skin_nodes.SCATTERING_COLOUR)


def _eyes(graph: Graph, bsdf: bpy.types.Node) -> None:
    _feed(graph, bsdf, eye_nodes.eye_group())
    _set(bsdf, {"Roughness": 0.2, "Coat Weight": 1.0, "Coat Roughness": 0.015, "Coat IOR": 1.376})
    graph.feed(bsdf.inputs["Subsurface Radius"], (1.0, 0.5, 0.3))


def _teeth(graph: Graph, bsdf: bpy.types.Node) -> None:
    _feed(graph, bsdf, mouth_nodes.mouth_group())
    mouth_nodes.set_coat(bsdf)
    _set(bsdf, {"Roughness": 0.22, "IOR": 1.6, "Subsurface Weight": 0.4, "Subsurface Scale": 0.001})
    graph.feed(bsdf.inputs["Subsurface Radius"], (1.0, 0.8, 0.6))


def _tongue(graph: Graph, bsdf: bpy.types.Node) -> None:
    _feed(graph, bsdf, mouth_nodes.mouth_group())
    mouth_nodes.set_coat(bsdf)
    _set(bsdf, {"Roughness": 0.35, "Subsurface Weight": 0.5, "Subsurface Scale": 0.002})
    graph.feed(bsdf.inputs["Subsurface Radius"], skin_nodes.SCATTERING_COLOUR)


def _lashes(graph: Graph, bsdf: bpy.types.Node) -> None:
    _set(bsdf, {"Roughness": 0.6, "Specular IOR Level": 0.25})


KINDS: dict[str, Callable[[Graph, bpy.types.Node], None]] = {
    "skin": _skin,
    "eyes": _eyes,
    "teeth": _teeth,
    "tongue": _tongue,
    "lashes": _lashes,
}


def _feed(graph: Graph, bsdf: bpy.types.Node, group: bpy.types.ShaderNodeTree) -> bpy.types.Node:
    """A node of `group`, with what it gives linked to the inputs of the same names."""
    node = graph.node("ShaderNodeGroup", node_tree=group)
    node.name = node.label = group.name
    for output in node.outputs:
        if output.name in bsdf.inputs:
            graph.feed(bsdf.inputs[output.name], output)
    return node


def _set(bsdf: bpy.types.Node, values: dict[str, float]) -> None:
    for name, value in values.items():
        bsdf.inputs[name].default_value = value


def _arrange(graph: Graph, bsdf: bpy.types.Node) -> None:
    """A place for each node that shows the links: sources left, output right."""
    rows = {"ShaderNodeTexImage": (-450, 350), "ShaderNodeGroup": (-450, -50), "ShaderNodeMath": (-220, 50)}
    for node in graph.tree.nodes:
        node.location = rows.get(node.bl_idname, (0, 200) if node == bsdf else (320, 200))
