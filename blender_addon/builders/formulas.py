# SPDX-License-Identifier: GPL-3.0-or-later
"""Node sockets to calculate with: `depth * pixel + 1.0` makes the Math nodes, so that formulas read as such."""

from __future__ import annotations

from typing import Any

import bpy

from .nodes import Graph, Value


class Field:
    """The output of a node in `graph`."""

    def __init__(self, graph: Graph, socket: bpy.types.NodeSocket) -> None:
        self.graph, self.socket = graph, socket


class Number(Field):
    """A number."""

    def math(self, operation: str, *others: Number | float) -> Number:
        """A Math node with this as its first input."""
        return Number(self.graph, self.graph.math(operation, *map(bare, (self, *others))))

    def __add__(self, other: Number | float) -> Number:
        return self.math("ADD", other)

    def __sub__(self, other: Number | float) -> Number:
        return self.math("SUBTRACT", other)

    def __rsub__(self, other: float) -> Number:
        return Number(self.graph, self.graph.math("SUBTRACT", other, self.socket))

    def __mul__(self, other: Number | float) -> Number:
        return self.math("MULTIPLY", other)

    def __truediv__(self, other: Number | float) -> Number:
        return self.math("DIVIDE", other)

    def __lt__(self, other: Number | float) -> Number:
        return self.math("LESS_THAN", other)

    def __gt__(self, other: Number | float) -> Number:
        return self.math("GREATER_THAN", other)

    def __neg__(self) -> Number:
        return self * -1.0

    __radd__, __rmul__ = __add__, __mul__

    def at_least(self, least: Number | float) -> Number:
        """The larger of the two."""
        return self.math("MAXIMUM", least)

    def at_most(self, most: Number | float) -> Number:
        """The smaller of the two."""
        return self.math("MINIMUM", most)

    def root(self) -> Number:
        """The square root; 0 for what is negative by rounding."""
        return self.math("SQRT")

    def log(self) -> Number:
        """The natural logarithm."""
        return self.math("LOGARITHM", 2.718281828459045)


class Vector(Field):
    """Three numbers."""

    def math(self, operation: str, *others: Vector | Number | tuple[float, ...]) -> Vector:
        """A Vector Math node with this as its first input."""
        return Vector(self.graph, self.graph.vector(operation, *map(bare, (self, *others))))

    def __add__(self, other: Vector | tuple[float, ...]) -> Vector:
        return self.math("ADD", other)

    def __sub__(self, other: Vector | tuple[float, ...]) -> Vector:
        return self.math("SUBTRACT", other)

    def __mul__(self, factor: Number | float) -> Vector:
        node = self.graph.node("ShaderNodeVectorMath", operation="SCALE")
        self.graph.feed(node.inputs[0], self.socket)
        self.graph.feed(node.inputs["Scale"], bare(factor))
        return Vector(self.graph, node.outputs[0])

    def cross(self, other: Vector) -> Vector:
        """The cross product."""
        return self.math("CROSS_PRODUCT", other)

    def dot(self, other: Vector | tuple[float, ...]) -> Number:
        """The scalar product."""
        return Number(self.graph, self.graph.vector("DOT_PRODUCT", self.socket, bare(other), output="Value"))

    def length(self) -> Number:
        """Its length."""
        return Number(self.graph, self.graph.vector("LENGTH", self.socket, output="Value"))

    def unit(self) -> Vector:
        """Of length 1; zero stays zero."""
        return self.math("NORMALIZE")

    def parts(self) -> tuple[Number, Number, Number]:
        """Its coordinates."""
        x, y, z = self.graph.node("ShaderNodeSeparateXYZ", {"Vector": self.socket}).outputs
        return Number(self.graph, x), Number(self.graph, y), Number(self.graph, z)


class Matrix(Field):
    """A 4 x 4 matrix."""

    def __matmul__(self, other: Matrix) -> Matrix:
        node = self.graph.node("FunctionNodeMatrixMultiply")
        for socket, matrix in zip(node.inputs, (self, other), strict=True):
            self.graph.feed(socket, matrix.socket)
        return Matrix(self.graph, node.outputs[0])

    def inverse(self) -> Matrix:
        """Its inverse; the identity where there is none."""
        return Matrix(self.graph, self.graph.node("FunctionNodeInvertMatrix", {"Matrix": self.socket}).outputs[0])

    def entries(self) -> list[list[Number]]:
        """Rows of columns."""
        outputs = self.graph.node("FunctionNodeSeparateMatrix", {"Matrix": self.socket}).outputs
        return [[Number(self.graph, outputs[4 * column + row]) for column in range(4)] for row in range(4)]


def bare(value: Any) -> Value:
    """The socket of a field; constants as they are."""
    return value.socket if isinstance(value, Field) else value


def vector(x: Number, y: Number, z: Number | float) -> Vector:
    """From its coordinates."""
    node = x.graph.node("ShaderNodeCombineXYZ", {"X": x.socket, "Y": y.socket, "Z": bare(z)})
    return Vector(x.graph, node.outputs[0])


def matrix_of_columns(graph: Graph, columns: list[tuple[Number | float, ...]]) -> Matrix:
    """The affine matrix with these three-number columns: x, y and z axis, translation."""
    node = graph.node("FunctionNodeCombineMatrix")
    for column, values in enumerate(columns):
        for row, value in enumerate(values):
            graph.feed(node.inputs[4 * column + row], bare(value))
    return Matrix(graph, node.outputs[0])


def chosen(kind: str, condition: Field, if_true: Any, if_false: Any) -> Any:
    """A Switch of input type `kind`; what is not chosen is not computed where `condition` is one value for all."""
    graph = condition.graph
    inputs = {"Switch": condition.socket, "True": bare(if_true), "False": bare(if_false)}
    socket = graph.node("GeometryNodeSwitch", inputs, input_type=kind).outputs[0]
    made = {"FLOAT": Number, "VECTOR": Vector, "MATRIX": Matrix}.get(kind, Field)
    return made(graph, socket)


def captured(geometry: Field, fields: dict[str, Field]) -> tuple[Field, dict[str, Any]]:
    """The fields, computed once for all points of `geometry`, however often they are used after it."""
    graph = geometry.graph
    node = graph.node("GeometryNodeCaptureAttribute", {"Geometry": geometry.socket}, domain="POINT")
    for name, field in fields.items():
        node.capture_items.new({Number: "FLOAT", Vector: "VECTOR", Matrix: "MATRIX"}[type(field)], name)
    for name, field in fields.items():
        graph.feed(node.inputs[name], field.socket)
    out = {name: type(field)(graph, node.outputs[name]) for name, field in fields.items()}
    return Field(graph, node.outputs["Geometry"]), out


def arrange(tree: bpy.types.NodeTree) -> None:
    """Puts each node one column after the last of those that feed it."""
    column: dict[str, int] = {node.name: 0 for node in tree.nodes}
    for _ in tree.nodes:
        moved = False
        for link in tree.links:
            if column[link.to_node.name] <= column[link.from_node.name]:
                column[link.to_node.name] = column[link.from_node.name] + 1
                moved = True
        if not moved:
            break
    filled: dict[int, int] = {}
    for node in tree.nodes:
        row = filled.get(column[node.name], 0)
        filled[column[node.name]] = row + 1
        node.location = (220.0 * column[node.name], -200.0 * row)
