# SPDX-License-Identifier: GPL-3.0-or-later
"""The compositor's node group "Headsmith Hologram": a render with alpha in, the same as a hologram out.

Every effect changes colour or lowers alpha where there is some: what was transparent stays so, exactly. The sliders
are the group's inputs; time comes from the scene's frame, so that nothing but the file is needed to render it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import tau
from typing import Any

import bpy

from .. import compat
from ..compositing import Value, Wiring

GROUP_NAME = "Headsmith Hologram"
STORE_NAMES = {"PREMULTIPLIED": "Headsmith Premultiplied Display", "STRAIGHT": "Headsmith Straight Linear"}
GROUP_NAMES = {GROUP_NAME, *STORE_NAMES.values()}

_DETAIL_SHARE = 0.04
"""of the picture's height: what is finer counts as detail"""
_WHITE = 0.3
"""how white fully lit, fully tinted places get"""


@dataclass(frozen=True)
class Slider:
    """One input of the group."""

    name: str
    default: Any
    low: float = 0.0
    high: float = 1.0
    description: str = ""


SLIDERS = (
    Slider("Tint", 0.0, description="How much of the own colour gives way to the tint"),
    Slider("Tint Color", (0.05, 0.4, 1.0, 1.0), description="Linear colour of a fully lit, fully tinted place"),
    Slider("Brightness", 1.0, 0.0, 10.0, "Multiplies the colours"),
    Slider("Detail", 0.0, 0.0, 4.0, "Strengthens features that are small against the picture"),
    Slider("Contours", 0.0, 0.0, 4.0, "Light along lines in the face, in the rim's colour"),
    Slider("Rim", 0.0, 0.0, 10.0, "Light along the silhouette, inside it"),
    Slider("Rim Color", (0.3, 0.8, 1.0, 1.0), description="Linear colour of the rim"),
    Slider("Rim Width", 0.04, 0.0, 0.5, "As a share of the picture's height"),
    Slider("Hollow", 0.0, description="How much the dark and inner parts let the background through"),
    Slider("Opacity", 1.0, description="Multiplies alpha"),
    Slider("Scanlines", 0.0, description="How much alpha the gaps between the lines lose"),
    Slider("Line Count", 100.0, 1.0, 2000.0, "Lines in the picture's height"),
    Slider("Line Speed", 0.0, -10.0, 10.0, "Lines that pass in a frame"),
    Slider("Flicker", 0.0, description="How much alpha changes from frame to frame"),
    Slider("Flicker Speed", 1.0, 0.0, 10.0, "1: as an old tube"),
    Slider("Base Fade", 0.0, description="Share of the picture's height, from below, over which the figure fades out"),
)


def hologram_group() -> bpy.types.NodeTree:
    """The group, built once for a file."""
    existing = bpy.data.node_groups.get(GROUP_NAME)
    if existing is not None:
        return existing
    group = _new_group(GROUP_NAME)
    for slider in SLIDERS:
        _add_socket(group, slider)
    source, sink = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    inputs = {socket.name: socket for socket in source.outputs if socket.name}
    wiring = Wiring(group)
    picture, alpha = inputs["Image"], wiring.alpha(inputs["Image"])
    rim = _rim(wiring, inputs, wiring.alpha(compat.relative_blur(group, picture, inputs["Rim Width"])))
    light = _light(wiring, inputs, picture)
    colour = _colour(wiring, inputs, light, rim)
    factors = (inputs["Opacity"], _solidity(wiring, inputs, light, rim), *_time_and_place(wiring, inputs))
    wiring.feed(sink.inputs[0], wiring.premultiplied(wiring.with_alpha(colour, wiring.product(alpha, *factors))))
    _tidy(group)
    return group


def hologram_nodes(scene: bpy.types.Scene) -> list[bpy.types.Node]:
    """The hologram's nodes among the scene's compositing nodes."""
    tree = compat.compositor_tree(scene)
    nodes = tree.nodes if tree else ()
    return [node for node in nodes if getattr(node, "node_tree", None) and node.node_tree.name in GROUP_NAMES]


def hologram_node(scene: bpy.types.Scene) -> bpy.types.Node | None:
    """The node whose inputs, from the second on, are the sliders; None without a hologram."""
    return next((node for node in hologram_nodes(scene) if node.node_tree.name == GROUP_NAME), None)


def store_group(store: str) -> bpy.types.NodeTree:
    """What a file shall hold other than its format's own way: goes after everything else.

    PREMULTIPLIED: for formats of display values, whose writer divides colours by alpha: display values are multiplied
    by alpha once more. STRAIGHT: for OpenEXR, whose writer stores what it gets: colours divided by alpha.
    """
    existing = bpy.data.node_groups.get(STORE_NAMES[store])
    if existing is not None:
        return existing
    group = _new_group(STORE_NAMES[store])
    source, sink = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    wiring = Wiring(group)
    picture = wiring.straight(source.outputs[0])
    if store == "PREMULTIPLIED":
        # what is brighter than the display's white is stored as that white, as it is in a straight file
        shown = wiring.blend("DARKEN", 1.0, wiring.display_values(picture), (1.0, 1.0, 1.0, 1.0))
        stored = wiring.premultiplied(shown)
        picture = wiring.premultiplied(wiring.scene_linear(stored))
    wiring.feed(sink.inputs[0], picture)
    _tidy(group)
    return group


@dataclass(frozen=True)
class _Light:
    straight: Value
    """the own colours, straight"""
    lit: Value
    """luminance, with its details strengthened"""
    gain: Value
    """`lit` less the own luminance"""
    contours: Value
    """how much brightness changes from here to the pixels around"""


def _light(wiring: Wiring, inputs: dict[str, Value], picture: Value) -> _Light:
    """Details are what differs from the local mean, in square roots of luminance, which is nearer to how eyes see it.

    The local mean is that of what is there: blurred premultiplied colour over blurred alpha.
    """
    straight = wiring.straight(picture)
    luminance = wiring.luminance(straight)
    share = wiring.math("MULTIPLY", _DETAIL_SHARE, 1.0)
    mean = wiring.luminance(wiring.straight(compat.relative_blur(wiring.tree, picture, share)))
    brightness = wiring.math("SQRT", luminance)
    detail = wiring.product(wiring.math("SUBTRACT", brightness, wiring.math("SQRT", mean)), inputs["Detail"])
    sharp = wiring.math("MAXIMUM", wiring.math("ADD", brightness, detail), 0.0)
    lit = wiring.product(sharp, sharp)
    contours = wiring.product(inputs["Contours"], wiring.edges(brightness))
    return _Light(straight, lit, wiring.math("SUBTRACT", lit, luminance), contours)


def _rim(wiring: Wiring, inputs: dict[str, Value], blurred_alpha: Value) -> Value:
    """Blurred alpha is 1/2 on a straight silhouette and 1 deep inside; 0 there, `Rim` on the silhouette."""
    depth = wiring.math("MULTIPLY", wiring.math("SUBTRACT", 1.0, blurred_alpha), 2.0, clamp=True)
    return wiring.product(inputs["Rim"], depth, depth)


def _colour(wiring: Wiring, inputs: dict[str, Value], light: _Light, rim: Value) -> Value:
    own = wiring.blend("ADD", 1.0, light.straight, light.gain)
    # very bright places go from the tint to white, as on film
    white = wiring.product(light.lit, light.lit, _WHITE)
    tinted = wiring.blend("ADD", 1.0, wiring.blend("MULTIPLY", 1.0, inputs["Tint Color"], light.lit), white)
    mixed = wiring.blend("MIX", inputs["Tint"], own, tinted)
    lines = wiring.blend("MULTIPLY", 1.0, inputs["Rim Color"], wiring.math("ADD", rim, light.contours))
    bright = wiring.blend("MULTIPLY", 1.0, wiring.blend("ADD", 1.0, mixed, lines), inputs["Brightness"])
    return wiring.blend("LIGHTEN", 1.0, bright, (0.0, 0.0, 0.0, 0.0))


def _solidity(wiring: Wiring, inputs: dict[str, Value], light: _Light, rim: Value) -> Value:
    """1, or with `Hollow` as much as there is light: bright parts and the rim stay, as if they shone."""
    shown = wiring.math("ADD", wiring.math("ADD", wiring.math("SQRT", light.lit), rim), light.contours, clamp=True)
    return wiring.fade_between(inputs["Hollow"], 1.0, shown)


def _time_and_place(wiring: Wiring, inputs: dict[str, Value]) -> tuple[Value, Value, Value]:
    """Alpha's factors from scanlines, flicker and the fading base."""
    frame = wiring.tree.nodes.new("CompositorNodeSceneTime").outputs["Frame"]
    height = compat.height_share(wiring.tree, inputs["Image"])
    lines = wiring.sum(wiring.product(height, inputs["Line Count"]), wiring.product(frame, inputs["Line Speed"]))
    gap = _wave(wiring, wiring.math("MULTIPLY", lines, tau), 0.5)
    time = wiring.product(frame, inputs["Flicker Speed"])
    # two waves whose periods have no common multiple look like chance, and are the same in every render
    noise = wiring.sum(_wave(wiring, wiring.product(time, 1.7), 0.25), _wave(wiring, wiring.product(time, 4.1), 0.25))
    rise = wiring.math("DIVIDE", height, wiring.math("MAXIMUM", inputs["Base Fade"], 1e-6), clamp=True)
    smooth_rise = wiring.product(rise, rise, wiring.math("SUBTRACT", 3.0, wiring.math("MULTIPLY", rise, 2.0)))
    left = [wiring.math("SUBTRACT", 1.0, wiring.product(inputs["Scanlines"], gap)),
            wiring.math("SUBTRACT", 1.0, wiring.product(inputs["Flicker"], noise))]  # fmt: skip
    return left[0], left[1], smooth_rise


def _wave(wiring: Wiring, phase: Value, amplitude: float) -> Value:
    """Between 0 and 2 * amplitude."""
    return wiring.math("ADD", wiring.math("MULTIPLY", wiring.math("SINE", phase), amplitude), amplitude)


def _new_group(name: str) -> bpy.types.NodeTree:
    group = bpy.data.node_groups.new(name, "CompositorNodeTree")
    for direction in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Image", in_out=direction, socket_type="NodeSocketColor")
    return group


def _add_socket(group: bpy.types.NodeTree, slider: Slider) -> None:
    is_colour = isinstance(slider.default, tuple)
    kind = "NodeSocketColor" if is_colour else "NodeSocketFloat"
    socket = group.interface.new_socket(slider.name, in_out="INPUT", socket_type=kind)
    socket.default_value, socket.description = slider.default, slider.description
    if not is_colour:
        socket.min_value, socket.max_value = slider.low, slider.high
        socket.subtype = "FACTOR" if slider.high <= 1 else "NONE"


def _tidy(group: bpy.types.NodeTree) -> None:
    """Places nodes in columns, by how far they are from the input, for whoever opens the group."""
    column: dict[str, int] = {}
    for _ in range(len(group.nodes)):
        for link in group.links:
            column[link.to_node.name] = max(column.get(link.to_node.name, 0), column.get(link.from_node.name, 0) + 1)
    rows: dict[int, int] = {}
    for node in group.nodes:
        place = column.get(node.name, 0)
        rows[place] = rows.get(place, 0) + 1
        node.location = (200 * place, -180 * rows[place])
