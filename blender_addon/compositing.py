# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's compositing nodes as a chain: render layers, then what each feature puts in, then the output.

Features stay independent of each other by these rules: a feature that makes the picture out of view layers feeds
whatever its Render Layers node fed; one that changes the finished picture goes in with `append_to_chain`, and out with
`take_out_of_chain`. Nobody links to the output directly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy

from . import compat

Value = Any
"""what feeds an input: a socket, a number, or a colour"""

_BEFORE = "headsmith_before"


@dataclass(frozen=True)
class Wiring:
    """Adds nodes to `tree`; each method takes sockets or constants and returns the socket of the result."""

    tree: bpy.types.NodeTree

    def feed(self, target: bpy.types.NodeSocket, value: Value) -> None:
        """Links a socket, or sets a constant."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, target)
        else:
            target.default_value = value

    def math(self, operation: str, a: Value, b: Value = 0.0, clamp: bool = False) -> bpy.types.NodeSocket:
        """`operation` as the Math node names it, such as MULTIPLY."""
        node = self.tree.nodes.new(compat.COMPOSITOR_MATH)
        node.operation, node.use_clamp = operation, clamp
        self.feed(node.inputs[0], a)
        self.feed(node.inputs[1], b)
        return node.outputs[0]

    def product(self, first: Value, *others: Value) -> bpy.types.NodeSocket:
        """All of them multiplied."""
        for other in others:
            first = self.math("MULTIPLY", first, other)
        return first

    def sum(self, first: Value, *others: Value) -> bpy.types.NodeSocket:
        """All of them added."""
        for other in others:
            first = self.math("ADD", first, other)
        return first

    def fade_between(self, share: Value, a: Value, b: Value) -> bpy.types.NodeSocket:
        """a (1 - share) + b share."""
        return self.math("ADD", a, self.math("MULTIPLY", share, self.math("SUBTRACT", b, a)))

    def blend(self, kind: str, share: Value, a: Value, b: Value) -> bpy.types.NodeSocket:
        """Colours, blended as the Mix node names it: MIX, ADD, MULTIPLY."""
        _node, factor, first, second, result = compat.colour_mix_node(self.tree, kind)
        for socket, value in ((factor, share), (first, a), (second, b)):
            self.feed(socket, value)
        return result

    def node(self, kind: str, value: Value) -> bpy.types.Node:
        """A node of `kind` with its first input fed."""
        node = self.tree.nodes.new(kind)
        self.feed(node.inputs[0], value)
        return node

    def luminance(self, image: Value) -> bpy.types.NodeSocket:
        """Of linear colour."""
        return self.node("CompositorNodeRGBToBW", image).outputs[0]

    def edges(self, image: Value) -> bpy.types.NodeSocket:
        """How much a grey picture changes from pixel to pixel (Sobel)."""
        node = self.tree.nodes.new("CompositorNodeFilter")
        compat.set_choice(node, "filter_type", "SOBEL")
        self.feed(node.inputs["Image"], image)
        return self.luminance(node.outputs[0])

    def alpha(self, image: Value) -> bpy.types.NodeSocket:
        """The picture's alpha."""
        return self.node("CompositorNodeSeparateColor", image).outputs["Alpha"]

    def with_alpha(self, image: Value, alpha: Value) -> bpy.types.NodeSocket:
        """The same colours with another alpha."""
        node = self.node("CompositorNodeSetAlpha", image)
        compat.set_choice(node, "mode", "REPLACE_ALPHA")
        self.feed(node.inputs["Alpha"], alpha)
        return node.outputs[0]

    def faded(self, image: Value, share: Value) -> bpy.types.NodeSocket:
        """Premultiplied colours and alpha, both times `share`."""
        node = self.node("CompositorNodeSetAlpha", image)
        compat.set_choice(node, "mode", "APPLY")
        self.feed(node.inputs["Alpha"], share)
        return node.outputs[0]

    def straight(self, image: Value) -> bpy.types.NodeSocket:
        """Colours divided by alpha, where there is any."""
        return self._converted(image, "PREMUL_TO_STRAIGHT")

    def premultiplied(self, image: Value) -> bpy.types.NodeSocket:
        """Colours multiplied by alpha."""
        return self._converted(image, "STRAIGHT_TO_PREMUL")

    def display_values(self, image: Value) -> bpy.types.NodeSocket:
        """Scene-linear colours as sRGB shows them."""
        return self.in_space(image, "Linear Rec.709", "sRGB")

    def scene_linear(self, image: Value) -> bpy.types.NodeSocket:
        """The inverse of `display_values`."""
        return self.in_space(image, "sRGB", "Linear Rec.709")

    def in_space(self, image: Value, source: str, target: str) -> bpy.types.NodeSocket:
        """From one colour space to another, by Blender's names for them."""
        node = self.node("CompositorNodeConvertColorSpace", image)
        node.from_color_space, node.to_color_space = source, target
        return node.outputs[0]

    def _converted(self, image: Value, mapping: str) -> bpy.types.NodeSocket:
        node = self.node("CompositorNodePremulKey", image)
        compat.set_choice(node, "mapping", mapping)
        return node.outputs[0]


def ensure_chain(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's compositing nodes, in use; render layers straight to the output where nothing was in use.

    How things were is kept with the Render Layers node that this adds, for `release_chain`.
    """
    tree = compat.compositor_tree(scene)
    if tree is not None and compat.compositor_in_use(scene) and compat.compositor_output(tree).inputs[0].is_linked:
        return tree
    before = {name: getattr(holder, name) for holder, name in compat.compositor_switches(scene)}
    before["new"] = tree is None
    tree = tree or compat.new_compositor_tree(scene)
    picture = compat.compositor_output(tree).inputs[0]
    if picture.is_linked:
        source = picture.links[0].from_socket
        before["fed_by"] = [source.node.name, list(source.node.outputs).index(source)]
    layers = tree.nodes.new("CompositorNodeRLayers")
    # a new node shows the window's scene, which may be another one
    layers.scene = scene
    layers[_BEFORE] = json.dumps(before)
    tree.links.new(layers.outputs["Image"], picture)
    for holder, name in compat.compositor_switches(scene):
        setattr(holder, name, True)
    return tree


def release_chain(scene: bpy.types.Scene) -> None:
    """Undoes `ensure_chain`, where nothing is left between its render layers and the output."""
    tree = compat.compositor_tree(scene)
    picture = compat.compositor_output(tree).inputs[0] if tree else None
    layers = picture.links[0].from_node if picture and picture.is_linked else None
    if layers is None or _BEFORE not in layers:
        return
    before = json.loads(layers[_BEFORE])
    tree.nodes.remove(layers)
    if before["new"] and len(tree.nodes) == 1:
        compat.remove_compositor_tree(scene)
    elif "fed_by" in before and before["fed_by"][0] in tree.nodes:
        name, index = before["fed_by"]
        tree.links.new(tree.nodes[name].outputs[index], picture)
    for holder, name in compat.compositor_switches(scene):
        setattr(holder, name, before[name])


def append_to_chain(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Puts `node` (first input and first output: the picture) right before the output."""
    picture = compat.compositor_output(tree).inputs[0]
    tree.links.new(picture.links[0].from_socket, node.inputs[0])
    tree.links.new(node.outputs[0], picture)


def take_out_of_chain(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Removes `node`; what it fed is fed by what fed it."""
    sources = [link.from_socket for link in node.inputs[0].links]
    targets = [link.to_socket for link in node.outputs[0].links]
    tree.nodes.remove(node)
    for source in sources:
        for target in targets:
            tree.links.new(source, target)
