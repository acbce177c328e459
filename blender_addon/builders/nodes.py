# SPDX-License-Identifier: GPL-3.0-or-later
"""Shader nodes in few words: `graph.math("MULTIPLY", a, 2.0)` makes the node, links sockets, and sets plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

Value = bpy.types.NodeSocket | float | tuple[float, ...]
VERSION_KEY = "headsmith_version"


@dataclass(frozen=True)
class Slider:
    """One input of a node group, as an artist sees it."""

    name: str
    default: float
    most: float
    description: str


class Graph:
    """A node tree that is being built, left to right."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree

    def node(self, kind: str, inputs: dict[str, Value] | None = None, **settings: Any) -> bpy.types.Node:
        """A node of type `kind` with its settings, and its inputs by name."""
        node = self.tree.nodes.new(kind)
        node.location = (200.0 * len(self.tree.nodes), 0.0)
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            self.feed(node.inputs[name], value)
        return node

    def feed(self, socket: bpy.types.NodeSocket, value: Value) -> None:
        """Links a socket to `socket`, or sets its value."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value

    def math(self, operation: str, *values: Value, clamp: bool = False) -> bpy.types.NodeSocket:
        """A Math node's result."""
        node = self.node("ShaderNodeMath", operation=operation, use_clamp=clamp)
        for socket, value in zip(node.inputs, values, strict=False):
            self.feed(socket, value)
        return node.outputs[0]

    def vector(self, operation: str, *values: Value, output: str = "Vector") -> bpy.types.NodeSocket:
        """A Vector Math node's result; `output` is "Value" for lengths and dot products."""
        node = self.node("ShaderNodeVectorMath", operation=operation)
        for socket, value in zip(node.inputs, values, strict=False):
            self.feed(socket, value)
        return node.outputs[output]

    def attribute(self, name: str, output: str = "Fac") -> bpy.types.NodeSocket:
        """A mesh attribute: "Fac" of a number, "Vector" of a vector; zero where the mesh lacks it."""
        return self.node("ShaderNodeAttribute", attribute_name=name).outputs[output]

    def ramp(self, value: Value, start: float, end: float) -> bpy.types.NodeSocket:
        """0 up to `start`, 1 from `end` on, smooth between."""
        node = self.node("ShaderNodeMapRange", interpolation_type="SMOOTHSTEP")
        for name, given in (("Value", value), ("From Min", start), ("From Max", end)):
            self.feed(node.inputs[name], given)
        return node.outputs[0]

    def object_scale(self) -> bpy.types.NodeSocket:
        """How many metres of the world one metre of the object is, so that a bigger head scatters light alike."""
        node = self.node("ShaderNodeVectorTransform", vector_type="VECTOR", convert_from="OBJECT", convert_to="WORLD")
        self.feed(node.inputs[0], (0.0, 0.0, 1.0))
        return self.vector("LENGTH", node.outputs[0], output="Value")


def shared_group(
    name: str, version: int, sliders: tuple[Slider, ...], build: Callable[[Graph, dict[str, Any]], dict[str, Any]]
) -> bpy.types.ShaderNodeTree:
    """The node group `name`, which all avatars of a file share, made by `build` where the file has none of `version`.

    `build` gets the graph and the sliders' sockets by name, and returns the outputs by name.
    """
    for group in bpy.data.node_groups:
        if group.library is None and group.name.startswith(name) and group.get(VERSION_KEY) == version:
            return group
    group = bpy.data.node_groups.new(name, "ShaderNodeTree")
    group[VERSION_KEY] = version
    for slider in sliders:
        socket = group.interface.new_socket(slider.name, in_out="INPUT", socket_type="NodeSocketFloat")
        socket.default_value, socket.min_value, socket.max_value = slider.default, 0.0, slider.most
        socket.description = slider.description
    graph = Graph(group)
    source = graph.node("NodeGroupInput")
    outputs = build(graph, {slider.name: source.outputs[slider.name] for slider in sliders})
    for output, socket in outputs.items():
        kind = "NodeSocketVector" if socket.type == "VECTOR" else "NodeSocketFloat"
        group.interface.new_socket(output, in_out="OUTPUT", socket_type=kind)
    sink = graph.node("NodeGroupOutput")
    for output, socket in outputs.items():
        graph.feed(sink.inputs[output], socket)
    return group
