# SPDX-License-Identifier: GPL-3.0-or-later
"""The colour mode Exact: a view layer for the splats alone, laid over the scene's picture in the compositor.

In the splats' layer everything else is a holdout, so that glasses hide the splats behind them. What a scene needs for
it is in its view layers, collections and compositing nodes, so that it renders without the add-on. Objects that come
later have to be held out too: a handler sees to it when the file is saved and when a render begins.
"""

from __future__ import annotations

import bpy

from . import compat
from .avatars import avatars
from .builders.exact_nodes import NAME, exact_group
from .builders.hologram import hologram_node
from .builders.splats import MODIFIER
from .compositing import ensure_chain, release_chain, take_out_of_chain

LAYER = COLLECTION = NAME
HELD_OUT = "Headsmith Held Out"
_SPLATS_NODE = f"{NAME} Splats"
_BEFORE, _WORLD = "headsmith_film_transparent", "headsmith_world"
_BY_FILM = -1.0
"""kept under _WORLD: once the hologram is gone, the world is seen where the film then is opaque"""


def sync_exact(scene: bpy.types.Scene) -> None:
    """Brings the scene in line with which of its avatars are Exact; back to how it was where none is."""
    wanted = [c.headsmith.splats_exact for c in avatars(scene) if c.headsmith.colour_mode == "EXACT"]
    _keep_only([obj for obj in wanted if obj], scene)
    if wanted:
        _set_layers(scene)
        _set_nodes(scene)
    elif LAYER in scene.view_layers:
        _take_away(scene)


def exact_picture(scene: bpy.types.Scene) -> bpy.types.NodeSocket | None:
    """The socket of the scene's compositing nodes that carries the finished picture with the splats in it.

    Premultiplied scene-linear RGBA whose display values are the splats' own. None where no avatar is Exact: then the
    render layer's picture is all there is. Effects go in after it with `compositing.append_to_chain`.
    """
    node = _group_node(scene)
    return node.outputs["Image"] if node else None


def show_world(scene: bpy.types.Scene, visible: bool) -> None:
    """Whether the world is seen behind an Exact picture; without it the background is transparent."""
    node = _group_node(scene)
    if node:
        node.inputs["World"].default_value = float(visible)


def film_without_exact(scene: bpy.types.Scene) -> bool:
    """Whether the film is transparent by someone else's choice: Exact itself always makes it so."""
    node = _group_node(scene)
    return bool(node[_BEFORE]) if node else scene.render.film_transparent


def set_film_without_exact(scene: bpy.types.Scene, transparent: bool) -> None:
    """Makes that choice; while an avatar is Exact, it takes effect when none is any more."""
    node = _group_node(scene)
    if node:
        node[_BEFORE] = transparent
    else:
        scene.render.film_transparent = transparent


def exact_collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """The collection of the scene's Exact splats, in their own view layer only."""
    children = (c for c in scene.collection.children if not c.headsmith.is_avatar)
    found = next((c for c in children if c.name.startswith(COLLECTION)), None)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
        scene.collection.children.link(found)
    return found


def _keep_only(wanted: list[bpy.types.Object], scene: bpy.types.Scene) -> None:
    """Removes the Exact splats of avatars that are gone; what an artist put among them goes to the scene's own."""
    ours = [c for c in scene.collection.children if c.name.startswith(COLLECTION) and not c.headsmith.is_avatar]
    for collection in ours:
        for obj in [obj for obj in collection.objects if obj not in wanted]:
            if MODIFIER in obj.modifiers:
                bpy.data.objects.remove(obj)
                continue
            collection.objects.unlink(obj)
            if obj.name not in scene.collection.objects:
                scene.collection.objects.link(obj)


def _set_layers(scene: bpy.types.Scene) -> None:
    collection = exact_collection(scene)
    held_out = next((c for c in collection.children if c.name.startswith(HELD_OUT)), None)
    if held_out is None:
        held_out = bpy.data.collections.new(HELD_OUT)
        collection.children.link(held_out)
    _hold_out_loose(scene, held_out)
    main = _main_layer(scene)
    layer = scene.view_layers.get(LAYER)
    if layer is None:
        layer = scene.view_layers.new(LAYER)
        layer.cycles.use_denoising = False
    main.use_pass_environment = True
    for other in scene.view_layers:
        top = other.layer_collection.children[collection.name]
        if top.exclude != (other != layer):
            top.exclude = other != layer
    for child in layer.layer_collection.children:
        if child.name != collection.name:
            _hold_out(child, main.layer_collection.children[child.name])
    layer.layer_collection.children[collection.name].children[held_out.name].holdout = True


def _hold_out(branch: bpy.types.LayerCollection, model: bpy.types.LayerCollection) -> None:
    """As visible as in the main layer, and held out."""
    for name, value in (("exclude", model.exclude), ("holdout", True)):
        if getattr(branch, name) != value:
            setattr(branch, name, value)
    for child in branch.children:
        _hold_out(child, model.children[child.name])


def _hold_out_loose(scene: bpy.types.Scene, held_out: bpy.types.Collection) -> None:
    """Objects of the scene's own collection, which cannot be held out itself, are held out through another."""
    loose = set(scene.collection.objects)
    for obj in set(held_out.objects) - loose:
        held_out.objects.unlink(obj)
    for obj in loose - set(held_out.objects):
        held_out.objects.link(obj)


def _main_layer(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    """The one that the splats are laid over; new where an artist has deleted all but the splats' own."""
    found = next((layer for layer in scene.view_layers if layer.name != LAYER), None)
    return found or scene.view_layers.new("ViewLayer")


def _set_nodes(scene: bpy.types.Scene) -> None:
    group = exact_group(scene.view_settings.view_transform)
    node = _group_node(scene)
    if node is None:
        node = _add_nodes(scene)
        node[_BEFORE] = scene.render.film_transparent
        node.node_tree = group
        _wire(scene, node)
    elif node.node_tree != group:
        node.node_tree = group
    exposure = node.inputs["Exposure"]
    if exposure.default_value != scene.view_settings.exposure:
        exposure.default_value = scene.view_settings.exposure
    if not scene.render.film_transparent:
        scene.render.film_transparent = True
    _hide_world_from_hologram(scene, node)


def _hide_world_from_hologram(scene: bpy.types.Scene, node: bpy.types.Node) -> None:
    """A hologram floats before nothing: while there is one, the world is not shown, and comes back after it."""
    world = node.inputs["World"]
    if hologram_node(scene):
        if _WORLD not in node:
            node[_WORLD] = world.default_value
        world.default_value = 0.0
    elif _WORLD in node:
        world.default_value = _world_by_film(node) if node[_WORLD] == _BY_FILM else node[_WORLD]
        del node[_WORLD]


def _world_by_film(node: bpy.types.Node) -> float:
    return 0.0 if node[_BEFORE] else 1.0


def _add_nodes(scene: bpy.types.Scene) -> bpy.types.Node:
    tree = ensure_chain(scene)
    node = tree.nodes.new("CompositorNodeGroup")
    node.name = node.label = NAME
    return node


def _wire(scene: bpy.types.Scene, node: bpy.types.Node) -> None:
    """Whatever used the picture of the main layer gets the group's instead."""
    tree = compat.compositor_tree(scene)
    picture, layers = _main_picture(tree, _main_layer(scene))
    targets = [link.to_socket for link in picture.links]
    splats = _add_layers(tree, scene, LAYER)
    splats.name = splats.label = _SPLATS_NODE
    tree.links.new(picture, node.inputs["Scene"])
    tree.links.new(compat.environment_output(layers), node.inputs["Environment"])
    tree.links.new(splats.outputs["Image"], node.inputs["Splats"])
    for target in targets:
        tree.links.new(node.outputs["Image"], target)
    node.inputs["World"].default_value = _world_by_film(node)
    if hologram_node(scene):
        node[_WORLD] = _BY_FILM
    for new, offset in ((node, 250), (splats, 0)):
        new.location = (layers.location.x + offset, layers.location.y - 450)


def _main_picture(tree: bpy.types.NodeTree, main: bpy.types.ViewLayer) -> tuple[bpy.types.NodeSocket, bpy.types.Node]:
    """The socket that the splats go over, and the Render Layers node with the world behind it.

    That is the main layer's picture, or, in an artist's own nodes that do without it, what they show in the end.
    """
    layers = [n for n in tree.nodes if n.bl_idname == "CompositorNodeRLayers" and n.outputs["Image"].is_linked]
    if layers:
        source = next((n for n in layers if n.layer == main.name), layers[0])
        if source.layer == LAYER:
            source.layer = main.name
        main.id_data.view_layers[source.layer].use_pass_environment = True
        return source.outputs["Image"], source
    shown = compat.compositor_output(tree).inputs[0].links[0].from_socket
    return shown, _add_layers(tree, main.id_data, main.name)


def _add_layers(tree: bpy.types.NodeTree, scene: bpy.types.Scene, layer: str) -> bpy.types.Node:
    node = tree.nodes.new("CompositorNodeRLayers")
    node.scene, node.layer = scene, layer
    return node


def _group_node(scene: bpy.types.Scene) -> bpy.types.Node | None:
    tree = compat.compositor_tree(scene)
    return tree.nodes.get(NAME) if tree else None


def _take_away(scene: bpy.types.Scene) -> None:
    node = _group_node(scene)
    if node:
        tree = compat.compositor_tree(scene)
        scene.render.film_transparent = bool(node[_BEFORE])
        take_out_of_chain(tree, node)
        if _SPLATS_NODE in tree.nodes:
            tree.nodes.remove(tree.nodes[_SPLATS_NODE])
        release_chain(scene)
    scene.view_layers.remove(scene.view_layers[LAYER])
    collection = exact_collection(scene)
    for child in (*collection.children, collection):
        bpy.data.collections.remove(child)
