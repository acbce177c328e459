# SPDX-License-Identifier: GPL-3.0-or-later
"""The node group "Headsmith Eye": a cornea on a round eyeball.

The eyeball's mesh is nearly a sphere. What makes an eye look alive is the small sharp highlight of the cornea, which is
more curved than the ball, over an iris that is hollow and matt; both are normals here, so that they follow the bones.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from headsmith.asset.avatar import HeadMesh
from headsmith.types import F32

from .nodes import Graph, Slider, shared_group

NAME, VERSION = "Headsmith Eye", 1
IRIS_RADIUS_M = 0.00585
"""nearly the same in all adults (Rüfer et al. 2005, Cornea 24(3))"""
CORNEA_HEIGHT_M = 0.0008
"""how far a cornea of 7.8 mm radius stands out over this eyeball, beside what the mesh has of it"""
HOLLOW_M = 0.0009
RIM = 1.12
"""where cornea and white meet, in iris radii"""
PLACE = "eye_place"
"""the attribute with the place on the eyeball, seen from its middle, in iris radii; the optical axis is -Y"""

SLIDERS = (
    Slider("Specular", 0.5, 1.0, "Highlights of the white under the tear film"),
    Slider("Subsurface", 0.35, 1.0, "How much of the light scatters in the white"),
    Slider("Cornea", 1.0, 2.0, "How far the cornea stands out; it makes the highlight small"),
    Slider("Iris Depth", 1.0, 2.0, "How hollow the iris is; it brightens opposite the light"),
)


def eye_group() -> bpy.types.ShaderNodeTree:
    """The group, shared by all avatars of the file."""
    return shared_group(NAME, VERSION, SLIDERS, _build)


def eye_places(head: HeadMesh, parts: tuple[str, ...]) -> F32:
    """[V, 3] where on the eyeball a vertex of `parts` is, seen from its middle, in iris radii; 0 elsewhere."""
    places = np.zeros_like(head.vertices)
    for part in parts:
        if part in head.part_names:
            rows = np.unique(head.faces[head.face_part == head.part_names.index(part)])
            if len(rows):
                points = head.vertices[rows]
                places[rows] = (points - (points.min(0) + points.max(0)) / 2) / IRIS_RADIUS_M
    return places


def _build(graph: Graph, slider: dict[str, Any]) -> dict[str, Any]:
    place = graph.attribute(PLACE, "Vector")
    split = graph.node("ShaderNodeSeparateXYZ", {"Vector": place})
    radius = graph.vector("LENGTH", graph.vector("MULTIPLY", place, (1.0, 0.0, 1.0)), output="Value")
    front = graph.math("LESS_THAN", split.outputs["Y"], 0.0)
    iris = graph.math("MULTIPLY", graph.math("SUBTRACT", 1.0, graph.ramp(radius, 0.9, 1.05)), front)
    white, scale = graph.math("SUBTRACT", 1.0, iris), graph.object_scale()
    dome = graph.math("MULTIPLY", graph.math("MULTIPLY", _dome(graph, radius), front), scale)
    bulge = graph.math("MULTIPLY", graph.math("MULTIPLY", dome, slider["Cornea"]), CORNEA_HEIGHT_M)
    bowl = graph.math("MULTIPLY", graph.math("MULTIPLY", dome, slider["Iris Depth"]), -HOLLOW_M)
    return {
        "Specular IOR Level": graph.math("MULTIPLY", slider["Specular"], white),
        "Subsurface Weight": graph.math("MULTIPLY", slider["Subsurface"], white),
        "Subsurface Scale": graph.math("MULTIPLY", scale, 0.001),
        "Normal": graph.node("ShaderNodeBump", {"Height": bowl, "Distance": 1.0}).outputs[0],
        "Coat Normal": graph.node("ShaderNodeBump", {"Height": bulge, "Distance": 1.0}).outputs[0],
    }


def _dome(graph: Graph, radius: Any) -> Any:
    """(1 - t^2)^2 with t the distance from the axis: 1 in the middle, smooth to 0 at the rim."""
    t = graph.math("DIVIDE", radius, RIM, clamp=True)
    below = graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", t, t))
    return graph.math("MULTIPLY", below, below)
