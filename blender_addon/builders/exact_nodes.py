# SPDX-License-Identifier: GPL-3.0-or-later
"""The compositor's node group "Headsmith Exact": splats blended as display values over the rest of the scene.

A splat renderer blends what screens show; Blender blends light. So the splats are rendered on their own with display
values as their light; here what is behind them is converted to display values, they are laid over it, and the result
is converted back, for the view transform to show it as it is.
"""

from __future__ import annotations

import bpy

from .. import compat
from ..compositing import Wiring
from .formulas import arrange
from .nodes import VERSION_KEY

NAME, VERSION = "Headsmith Exact", 1
SPACES = {
    "AgX": "AgX Base sRGB",
    "Filmic": "Filmic sRGB",
    "Khronos PBR Neutral": "Khronos PBR Neutral sRGB",
}
"""view transforms whose display values Blender can compute and undo; all others are taken for Standard's, sRGB"""


def exact_group(view_transform: str) -> bpy.types.NodeTree:
    """The group for a scene with `view_transform`, shared by all of them in the file."""
    space = SPACES.get(view_transform, "sRGB")
    name = f"{NAME} ({space})"
    tree = bpy.data.node_groups.get(name)
    if tree is not None and tree.get(VERSION_KEY) == VERSION:
        return tree
    tree = tree or bpy.data.node_groups.new(name, "CompositorNodeTree")
    tree[VERSION_KEY] = VERSION
    tree.nodes.clear()
    tree.interface.clear()
    for label in ("Scene", "Environment", "Splats"):
        tree.interface.new_socket(label, in_out="INPUT", socket_type="NodeSocketColor")
    world = tree.interface.new_socket("World", in_out="INPUT", socket_type="NodeSocketFloat")
    world.description, world.default_value = "1 to show the world behind the scene, 0 for a transparent picture", 1.0
    world.min_value, world.max_value = 0.0, 1.0
    exposure = tree.interface.new_socket("Exposure", in_out="INPUT", socket_type="NodeSocketFloat")
    exposure.description = "That of the scene's colour management, in stops; set when a render begins"
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    _wire(tree, space)
    arrange(tree)
    return tree


def _wire(tree: bpy.types.NodeTree, space: str) -> None:
    wiring = Wiring(tree)
    given = tree.nodes.new("NodeGroupInput").outputs
    opaque = wiring.with_alpha(given["Environment"], 1.0)
    world = wiring.faded(opaque, given["World"])
    behind = _exposed(wiring, compat.alpha_over(tree, world, given["Scene"]), given["Exposure"])
    shown = wiring.premultiplied(wiring.in_space(wiring.straight(behind), "Linear Rec.709", space))
    whole = compat.alpha_over(tree, shown, given["Splats"])
    light = wiring.premultiplied(wiring.in_space(wiring.straight(whole), space, "Linear Rec.709"))
    # the view transform will expose the whole picture, splats too
    result = _exposed(wiring, light, wiring.math("MULTIPLY", given["Exposure"], -1.0))
    wiring.feed(tree.nodes.new("NodeGroupOutput").inputs["Image"], result)


def _exposed(wiring: Wiring, image: bpy.types.NodeSocket, stops: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    node = wiring.node("CompositorNodeExposure", image)
    wiring.feed(node.inputs["Exposure"], stops)
    return node.outputs[0]
