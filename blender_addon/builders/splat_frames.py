# SPDX-License-Identifier: GPL-3.0-or-later
"""In geometry nodes: from the head as it stands to where each splat stands (`headsmith.asset.frames`, as nodes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headsmith.asset.frames import MIN_SCALE_M

from .formulas import Field, Matrix, Number, Vector, matrix_of_columns
from .nodes import Graph


@dataclass(frozen=True)
class TriangleFrame:
    """Of each splat's triangle: unit axes and the length that the splat is measured in."""

    x: Vector
    y: Vector
    z: Vector
    scale: Number
    origin: Vector


def named(graph: Graph, name: str, data_type: str) -> Any:
    """A point attribute; zero where the mesh lacks it."""
    node = graph.node("GeometryNodeInputNamedAttribute", {"Name": name}, data_type=data_type)
    made = {"FLOAT": Number, "FLOAT_VECTOR": Vector}.get(data_type, Field)
    return made(graph, node.outputs["Attribute"])


def triangle_frame(head: Field) -> TriangleFrame:
    """The frame of the triangle of `head` (geometry, all triangles) that each splat is bound to."""
    graph = head.graph
    first, second, third = _corners(head)
    edge, other = second - first, third - first
    normal = edge.cross(other)
    length, double_area = edge.length(), normal.length()
    x, z = edge.unit(), normal.unit()
    scale = ((length + double_area / length.at_least(1e-12)) * 0.5).at_least(MIN_SCALE_M)
    a, b, c = named(graph, "splat_barycentric", "FLOAT_VECTOR").parts()
    return TriangleFrame(x, z.cross(x), z, scale, first * a + second * b + third * c)


def _corners(head: Field) -> tuple[Vector, Vector, Vector]:
    graph = head.graph
    position = graph.node("GeometryNodeInputPosition").outputs[0]
    first = graph.math("MULTIPLY", named(graph, "splat_triangle", "INT").socket, 3.0)
    corners = []
    for corner in range(3):
        index = graph.math("ADD", first, float(corner))
        inputs = {"Geometry": head.socket, "Value": position, "Index": index}
        node = graph.node("GeometryNodeSampleIndex", inputs, data_type="FLOAT_VECTOR", domain="CORNER")
        corners.append(Vector(graph, node.outputs[0]))
    return corners[0], corners[1], corners[2]


def splat_matrix(frame: TriangleFrame) -> Matrix:
    """The splat's middle, and as columns its axes, as long as its standard deviations."""
    graph = frame.origin.graph
    columns = [(axis * frame.scale).parts() for axis in (frame.x, frame.y, frame.z)]
    triangle = matrix_of_columns(graph, [*columns, frame.origin.parts()])
    inputs = {
        "Translation": named(graph, "splat_offset", "FLOAT_VECTOR").socket,
        "Rotation": named(graph, "splat_rotation", "QUATERNION").socket,
        "Scale": named(graph, "splat_scale", "FLOAT_VECTOR").socket,
    }
    return triangle @ Matrix(graph, graph.node("FunctionNodeCombineTransform", inputs).outputs[0])
