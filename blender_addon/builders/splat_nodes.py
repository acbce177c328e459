# SPDX-License-Identifier: GPL-3.0-or-later
"""The node group "Headsmith Splats": one vertex per splat goes in, quads that face the eye, far to near, come out.

All avatars of a file share it. Nothing of it is Python when a scene is rendered: the head is read through Object Info,
the camera through Active Camera, and what nodes cannot know (the size of a pixel) comes by drivers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from headsmith.asset.harmonics import BAND_SIZES

from ..compat import remove_by_pattern
from .formulas import Field, Matrix, Number, Vector, arrange, bare, captured, chosen, vector
from .nodes import VERSION_KEY, Graph
from .splat_colour import colour_towards, linear, rest_direction
from .splat_frames import named, splat_matrix, triangle_frame
from .splat_view import Eye, chosen_eye, depth_of, eye_matrix, quad

NAME, VERSION = "Headsmith Splats", 1
NEAR_M = 0.01
"""splats nearer to the camera are not drawn, as in the core"""
ALPHA_MIN = 1.0 / 255.0
"""a quad ends where its alpha falls below this, as in the core"""


@dataclass(frozen=True)
class Input:
    """A socket of the group, which is an input of the modifier."""

    name: str
    kind: str
    default: Any = None
    description: str = ""
    least: float | None = None
    most: float | None = None


INPUTS = (
    Input("Head", "Object", None, "The splats follow this object's evaluated mesh"),
    Input("Triangles", "Int", 0, "How many faces the head has; with another number nothing is drawn"),
    Input("Bands", "Int", 0, "Bands of view-dependent colour", 0, len(BAND_SIZES) - 1),
    Input("Material", "Material", None, "What the quads are shaded with"),
    Input("Quality", "Float", 1.0, "Share of the splats that is drawn, the most visible first", 0.0, 1.0),
    Input("Opacity", "Float", 1.0, "Factor on the splats' opacity", 0.0, 1.0),
    Input("Display Colours", "Bool", False, "In renders, emit display values; they are converted in the compositor"),
    Input("Depth Bias", "Float", 0.0, "Metres nearer to the camera, without a change of the image", 0.0),
    Input("Low Pass", "Float", 0.3, "Variance, in square pixels, added to every splat in the picture", 0.0),
    Input("Focal Length", "Float", 1000.0, "Of the camera, in pixels; pixels per metre where it is orthographic", 1e-6),
    Input("Orthographic", "Float", 0.0, "1 where the camera is orthographic", 0.0, 1.0),
    Input("Slope Limit", "Float", 10.0, "Beyond this distance from the camera's axis, at depth 1, splats grow no more"),
    Input("Follow View", "Bool", False, "In the viewport, face the view below instead of the camera"),
    Input("View Location", "Vector", (0.0, 0.0, 0.0)),
    Input("View Rotation", "Rotation", (0.0, 0.0, 0.0)),
    Input("View Focal Length", "Float", 1000.0, "As Focal Length, of the view", 1e-6),
    Input("View Orthographic", "Float", 0.0, "1 where the view is orthographic", 0.0, 1.0),
    Input("View Slope Limit", "Float", 2.0, "As Slope Limit, of the view"),
)
"""only ever added to at the end: files keep their values by place"""


def splat_group() -> bpy.types.GeometryNodeTree:
    """The group, brought up to this version in place where the file has an older one."""
    tree = next((g for g in bpy.data.node_groups if _is_ours(g)), None)
    if tree is None:
        tree = bpy.data.node_groups.new(NAME, "GeometryNodeTree")
        tree.is_modifier = True
    if tree.get(VERSION_KEY, 0) < VERSION:
        _fill(tree)
        tree[VERSION_KEY] = VERSION
    return tree


def _is_ours(group: bpy.types.NodeTree) -> bool:
    kind = group.bl_idname == "GeometryNodeTree" and group.library is None
    return kind and group.name.startswith(NAME) and VERSION_KEY in group.keys()  # noqa: SIM118


def input_identifier(group: bpy.types.GeometryNodeTree, name: str) -> str:
    """The identifier of the input `name`, by which a modifier knows it."""
    return next(i.identifier for i in group.interface.items_tree if i.name == name and i.in_out == "INPUT")


def _fill(tree: bpy.types.GeometryNodeTree) -> None:
    tree.nodes.clear()
    known = {(item.name, item.in_out) for item in tree.interface.items_tree}
    for wanted in (Input("Geometry", "Geometry"), *INPUTS):
        if (wanted.name, "INPUT") not in known:
            _add_input(tree, wanted)
    if ("Geometry", "OUTPUT") not in known:
        tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    graph = Graph(tree)
    source = graph.node("NodeGroupInput")
    given: dict[str, Any] = {wanted.name: Field(graph, source.outputs[wanted.name]) for wanted in INPUTS}
    for wanted in INPUTS:
        if wanted.kind in ("Float", "Int", "Bool"):
            given[wanted.name] = Number(graph, source.outputs[wanted.name])
    quads = _drawn(Field(graph, source.outputs["Geometry"]), given)
    graph.node("NodeGroupOutput", {"Geometry": quads.socket})
    arrange(tree)


def _add_input(tree: bpy.types.GeometryNodeTree, wanted: Input) -> None:
    socket = tree.interface.new_socket(wanted.name, in_out="INPUT", socket_type=f"NodeSocket{wanted.kind}")
    socket.description = wanted.description
    if wanted.default is not None:
        socket.default_value = wanted.default
    if wanted.least is not None:
        socket.min_value = wanted.least
    if wanted.most is not None:
        socket.max_value = wanted.most


def _drawn(points: Field, given: dict[str, Any]) -> Field:
    """The quads of all splats that are drawn."""
    graph = points.graph
    head = graph.node("GeometryNodeObjectInfo", {"Object": given["Head"].socket}, transform_space="RELATIVE")
    own = _world_matrix(graph, graph.node("GeometryNodeSelfObject").outputs[0])
    eye = _eye(own, given)
    frame = triangle_frame(Field(graph, head.outputs["Geometry"]))
    points = _without(points, _left_out(graph, given))
    points, standing = captured(points, {"splat": splat_matrix(frame)})
    seen = eye.from_world @ standing["splat"]
    opacity = named(graph, "splat_opacity", "FLOAT") * (1.0 - named(graph, "headsmith_hidden", "FLOAT"))
    opacity = opacity * given["Opacity"]
    reach = ((opacity.at_least(ALPHA_MIN) * (1 / ALPHA_MIN)).log() * 2.0).root()
    reach = reach * named(graph, "splat_growth", "FLOAT")
    depth = depth_of(seen)
    colour = _colour(standing["splat"], frame, eye, given)
    fields = {"depth": depth, "quad": eye.from_world.inverse() @ quad(seen, reach, eye)}
    fields |= {"colour": colour, "opacity": opacity}
    points, shown = captured(points, fields)
    points = _without(points, (shown["depth"] < NEAR_M).at_least(shown["opacity"] < ALPHA_MIN))
    points = _sorted(_without_attributes(points), shown["depth"])
    return _quads(points, shown, given)


def _world_matrix(graph: Graph, target: Any) -> Matrix:
    node = graph.node("GeometryNodeObjectInfo", {"Object": target}, transform_space="ORIGINAL")
    return Matrix(graph, node.outputs["Transform"])


def _eye(own: Matrix, given: dict[str, Any]) -> Eye:
    """The scene's camera, or in the viewport, where that is wanted, the view."""
    graph = own.graph
    camera = graph.node("GeometryNodeInputActiveCamera").outputs[0]
    pose = graph.node("GeometryNodeObjectInfo", {"Object": camera}, transform_space="ORIGINAL").outputs
    matrix = eye_matrix(pose["Location"], pose["Rotation"], own)
    shared = (given["Low Pass"], given["Depth Bias"])
    seen = Eye(matrix, given["Focal Length"], given["Orthographic"], given["Slope Limit"], *shared)
    matrix = eye_matrix(given["View Location"].socket, given["View Rotation"].socket, own)
    view = Eye(matrix, given["View Focal Length"], given["View Orthographic"], given["View Slope Limit"], *shared)
    viewport = graph.node("GeometryNodeIsViewport").outputs[0]
    return chosen_eye(given["Follow View"].at_most(Number(graph, viewport)), view, seen)


def _left_out(graph: Graph, given: dict[str, Any]) -> Number:
    """Positive for splats that the quality leaves out, and for all where the head is not the one they are bound to."""
    head = graph.node("GeometryNodeObjectInfo", {"Object": given["Head"].socket}, transform_space="ORIGINAL")
    size = graph.node("GeometryNodeAttributeDomainSize", {"Geometry": head.outputs["Geometry"]})
    strange = (Number(graph, size.outputs["Face Count"]) - given["Triangles"]).math("ABSOLUTE")
    lesser = named(graph, "splat_rank", "FLOAT").math("GREATER_THAN", given["Quality"])
    return strange + lesser


def _without(points: Field, unwanted: Number) -> Field:
    inputs = {"Geometry": points.socket, "Selection": unwanted.socket}
    return Field(points.graph, points.graph.node("GeometryNodeDeleteGeometry", inputs).outputs[0])


def _without_attributes(points: Field) -> Field:
    """Without what the quads have no use for: sorting and realising them would copy it, for each corner."""
    node = points.graph.node("GeometryNodeRemoveAttribute", {"Geometry": points.socket, "Name": "splat_*"})
    remove_by_pattern(node)
    return Field(points.graph, node.outputs[0])


def _colour(splat: Matrix, frame: Any, eye: Eye, given: dict[str, Any]) -> Vector:
    """Display values where they are asked for and this is no viewport, which has no compositor to convert them."""
    graph = splat.graph
    middle = splat.entries()
    back = eye.from_world.inverse().entries()
    perspective = 1.0 - eye.flat
    # in an orthographic view all rays go along the camera's -z
    along = [(m[3] - b[3]) * perspective - b[2] * eye.flat for m, b in zip(middle[:3], back[:3], strict=True)]
    direction = rest_direction(vector(*along).unit(), frame)
    display = colour_towards(direction, given["Bands"])
    viewport = Number(graph, graph.node("GeometryNodeIsViewport").outputs[0])
    convert = (1.0 - given["Display Colours"]).at_least(viewport)
    return chosen("VECTOR", convert, linear(display), display)


def _sorted(points: Field, depth: Number) -> Field:
    """Far to near, the order in which EEVEE blends the faces of a mesh."""
    inputs = {"Geometry": points.socket, "Sort Weight": bare(-depth)}
    return Field(points.graph, points.graph.node("GeometryNodeSortElements", inputs, domain="POINT").outputs[0])


def _quads(points: Field, shown: dict[str, Any], given: dict[str, Any]) -> Field:
    graph = points.graph
    square = {"Size X": 2.0, "Size Y": 2.0, "Vertices X": 2, "Vertices Y": 2}
    corner = graph.node("GeometryNodeInputPosition").outputs[0]
    one = _stored(graph.node("GeometryNodeMeshGrid", square).outputs["Mesh"], graph, "quad_corner", corner)
    inputs = {"Points": points.socket, "Instance": one}
    instances = graph.node("GeometryNodeInstanceOnPoints", inputs).outputs[0]
    inputs = {"Instances": instances, "Transform": shown["quad"].socket}
    placed = graph.node("GeometryNodeSetInstanceTransform", inputs).outputs[0]
    colour = graph.node("FunctionNodeCombineColor")
    for socket, value in zip(colour.inputs, (*shown["colour"].parts(), shown["opacity"]), strict=True):
        graph.feed(socket, value.socket)
    placed = _stored(placed, graph, "quad_colour", colour.outputs[0], "INSTANCE", "FLOAT_COLOR")
    real = graph.node("GeometryNodeRealizeInstances", {"Geometry": placed}).outputs[0]
    inputs = {"Geometry": real, "Material": given["Material"].socket}
    return Field(graph, graph.node("GeometryNodeSetMaterial", inputs).outputs[0])


def _stored(
    geometry: Any, graph: Graph, name: str, value: Any, domain: str = "POINT", kind: str = "FLOAT_VECTOR"
) -> Any:
    inputs = {"Geometry": geometry, "Name": name, "Value": value}
    return graph.node("GeometryNodeStoreNamedAttribute", inputs, data_type=kind, domain=domain).outputs[0]
