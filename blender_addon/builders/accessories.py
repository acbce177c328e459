# SPDX-License-Identifier: GPL-3.0-or-later
"""A generated accessory as a Blender object with materials."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.accessories import AccessoryMesh, Part
from headsmith.types import F32

from ..compat import shader_tree
from ..scene import set_values, to_blender
from .nodes import Graph

PART_KEY = "headsmith_part"
"""custom property of a material that follows the accessory's settings; take it off to keep one's own"""
COVERS_KEY = "headsmith_covers_hair"
"""custom property of an object: the material slots whose faces hair belongs under"""
UV_LAYER = "UVMap"


def build_accessory(
    accessory: AccessoryMesh, origin_m: F32, obj: bpy.types.Object | None, name: str
) -> bpy.types.Object:
    """The accessory as object `name`, not linked; its origin is `origin_m` [3] in head space.

    An `obj` of an earlier build gets the new mesh and keeps its place, modifiers and the artist's own materials.
    """
    mesh = _mesh(accessory, origin_m, name)
    materials = [] if obj is None else list(obj.data.materials)
    for part in accessory.parts:
        mesh.materials.append(_material(part, name, materials))
    if obj is None:
        obj = bpy.data.objects.new(name, mesh)
    else:
        old, obj.data = obj.data, mesh
        bpy.data.meshes.remove(old)
        mesh.name = name
    obj[COVERS_KEY] = [row for row, part in enumerate(accessory.parts) if part.covers_hair]
    for material in materials:
        if material is not None and material.users == 0 and PART_KEY in material.keys():  # noqa: SIM118
            bpy.data.materials.remove(material)
    return obj


def _mesh(accessory: AccessoryMesh, origin_m: F32, name: str) -> bpy.types.Mesh:
    quad = accessory.faces >= 0
    mesh = bpy.data.meshes.new(name)
    faces = [face[:3] if face[3] < 0 else face for face in accessory.faces.tolist()]
    mesh.from_pydata(to_blender(accessory.vertices - np.asarray(origin_m, np.float32)).tolist(), [], faces)
    set_values(mesh.polygons, "use_smooth", np.ones(len(faces), bool))
    set_values(mesh.polygons, "material_index", accessory.face_part)
    uvs = mesh.uv_layers.new(name=UV_LAYER)
    set_values(uvs.uv, "vector", accessory.uvs[accessory.uv_faces[quad]])
    mesh.update()
    return mesh


def _material(part: Part, name: str, known: list[bpy.types.Material | None]) -> bpy.types.Material:
    """The material of a part: an earlier one with the new values, the artist's own as it is, or a new one."""
    own = [m for m in known if m is not None and m.get(PART_KEY) == part.name]
    if own:
        _set_values(own[0], part)
        return own[0]
    replaced = [m for m in known if m is not None and PART_KEY not in m.keys()]  # noqa: SIM118
    if len(known) == 1 and replaced:
        return replaced[0]
    material = bpy.data.materials.new(f"{name} {part.name.replace('_', ' ').title()}")
    material[PART_KEY] = part.name
    tree = shader_tree(material)
    tree.nodes.clear()
    _shade(Graph(tree), part)
    _set_values(material, part)
    return material


def _shade(graph: Graph, part: Part) -> None:
    """A Principled BSDF; glass gets reflections of its own, which alpha would take away."""
    surface = graph.node("ShaderNodeBsdfPrincipled")
    shader = surface.outputs[0]
    if part.material.sheen > 0:
        graph.feed(surface.inputs["Normal"], _weave(graph))
    if part.material.alpha < 1:
        glossy = graph.node("ShaderNodeBsdfGlossy", {"Roughness": part.material.roughness})
        mix = graph.node("ShaderNodeMixShader", {"Fac": graph.node("ShaderNodeFresnel", {"IOR": 1.5}).outputs[0]})
        graph.feed(mix.inputs[1], shader)
        graph.feed(mix.inputs[2], glossy.outputs[0])
        # a lens has two sides; shading both would reflect twice, and wholly from within
        single = graph.node("ShaderNodeMixShader", {"Fac": graph.node("ShaderNodeNewGeometry").outputs["Backfacing"]})
        graph.feed(single.inputs[1], mix.outputs[0])
        graph.feed(single.inputs[2], graph.node("ShaderNodeBsdfTransparent").outputs[0])
        shader = single.outputs[0]
    graph.node("ShaderNodeOutputMaterial", {"Surface": shader})


def _weave(graph: Graph) -> bpy.types.NodeSocket:
    """The fine relief of cotton."""
    place = graph.node("ShaderNodeTexCoord").outputs["Object"]
    threads = graph.node("ShaderNodeTexNoise", {"Vector": place, "Scale": 900.0, "Detail": 2.0})
    return graph.node("ShaderNodeBump", {"Height": threads.outputs[0], "Distance": 0.0004, "Strength": 0.35}).outputs[0]


def _set_values(material: bpy.types.Material, part: Part) -> None:
    """The part's look, in the material's Principled BSDF and in the viewport's solid mode."""
    look = part.material
    nodes = [node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"]
    # the sheen's strength goes into its colour, which is all that glTF has
    values = {"Base Color": (*look.base_color, 1.0), "Metallic": look.metallic, "Roughness": look.roughness,
              "Alpha": look.alpha, "IOR": look.ior, "Sheen Weight": float(look.sheen > 0),
              "Sheen Tint": (look.sheen, look.sheen, look.sheen, 1.0)}  # fmt: skip
    for node in nodes[:1]:
        for name, value in values.items():
            node.inputs[name].default_value = value
    # blended, so that splats, which are blended too, show through glass in EEVEE
    material.surface_render_method = "BLENDED" if look.alpha < 1 else "DITHERED"
    # the meshes are closed
    material.use_backface_culling = True
    material.diffuse_color = (*look.base_color, look.alpha)
    material.metallic, material.roughness = look.metallic, look.roughness
