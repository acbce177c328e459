# SPDX-License-Identifier: GPL-3.0-or-later
"""Every difference between Blender's versions, from 4.2 on, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
"""the id of the EEVEE engine: 4.2 to 4.5 call the new one BLENDER_EEVEE_NEXT"""


def set_modifier_input(modifier: bpy.types.NodesModifier, identifier: str, value: Any) -> None:
    """The value of a geometry-nodes modifier's input; `identifier` is the socket's, such as "Socket_1"."""
    if bpy.app.version >= (5, 2, 0):
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value


def modifier_input(modifier: bpy.types.NodesModifier, identifier: str) -> Any:
    """What `set_modifier_input` set."""
    if bpy.app.version >= (5, 2, 0):
        return getattr(modifier.properties.inputs, identifier).value
    return modifier[identifier]


def modifier_input_path(identifier: str) -> str:
    """The data path of a modifier's input, relative to the modifier, for drivers and keyframes."""
    return f"properties.inputs.{identifier}.value" if bpy.app.version >= (5, 2, 0) else f'["{identifier}"]'


def remove_by_pattern(node: bpy.types.Node) -> None:
    """Lets a Remove Named Attribute node take a pattern: a property up to 4.5, a socket since 5.0."""
    if bpy.app.version >= (5, 0, 0):
        node.inputs["Pattern Mode"].default_value = "Wildcard"
    else:
        node.pattern_mode = "WILDCARD"


def shader_tree(owner: bpy.types.Material | bpy.types.World) -> bpy.types.NodeTree:
    """Its node tree; before 5.0 one has to be asked for."""
    if bpy.app.version < (5, 0, 0):
        owner.use_nodes = True
    return owner.node_tree


# --- compositor -------------------------------------------------------------------------------------------------------

COMPOSITOR_MATH = "ShaderNodeMath" if bpy.app.version >= (5, 0, 0) else "CompositorNodeMath"

_CHOICES = {
    "PREMUL_TO_STRAIGHT": "To Straight",
    "STRAIGHT_TO_PREMUL": "To Premultiplied",
    "REPLACE_ALPHA": "Replace Alpha",
    "APPLY": "Apply Mask",
    "FAST_GAUSS": "Fast Gaussian",
    "SOBEL": "Sobel",
}
"""what were properties of compositor nodes up to 4.5 are sockets named Type since 5.0, with the label as the value"""


_HEIGHT_TEXTURE = "Headsmith Height"


def set_choice(node: bpy.types.Node, prop: str, value: str) -> None:
    """A compositor node's kind of work: property `prop` up to 4.5, the socket Type since."""
    if bpy.app.version >= (5, 0, 0):
        node.inputs["Type"].default_value = _CHOICES[value]
    else:
        setattr(node, prop, value)


def colour_mix_node(tree: bpy.types.NodeTree, blend: str) -> tuple[bpy.types.Node, Any, Any, Any, Any]:
    """A node that blends two colours, with its sockets: (node, factor, first, second, result)."""
    if bpy.app.version >= (5, 0, 0):
        node = tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", blend
        return node, node.inputs[0], node.inputs[6], node.inputs[7], node.outputs[2]
    node = tree.nodes.new("CompositorNodeMixRGB")
    node.blend_type = blend
    return node, *node.inputs, node.outputs[0]


def alpha_over(tree: bpy.types.NodeTree, behind: Any, front: Any) -> Any:
    """Premultiplied `front` over premultiplied `behind` (sockets); returns the socket of the result."""
    node = tree.nodes.new("CompositorNodeAlphaOver")
    names = ("Background", "Foreground") if bpy.app.version >= (5, 0, 0) else (1, 2)
    for name, socket in zip(names, (behind, front), strict=True):
        tree.links.new(socket, node.inputs[name])
    return node.outputs[0]


def environment_output(layers: bpy.types.Node) -> Any:
    """A Render Layers node's socket of the world behind everything, where its view layer has that pass."""
    return layers.outputs["Environment" if bpy.app.version >= (5, 0, 0) else "Env"]


def relative_blur(tree: bpy.types.NodeTree, image: Any, share: Any) -> Any:
    """`image` blurred by `share` (a socket) of its height; returns the socket of the result."""
    blur = tree.nodes.new("CompositorNodeBlur")
    set_choice(blur, "filter_type", "FAST_GAUSS")
    tree.links.new(image, blur.inputs["Image"])
    if bpy.app.version >= (4, 5, 0):
        pixels = tree.nodes.new("CompositorNodeRelativeToPixel")
        pixels.data_type, pixels.reference_dimension = "FLOAT", "Y"
        tree.links.new(image, pixels.inputs["Image"])
        tree.links.new(share, pixels.inputs[1])
        tree.links.new(pixels.outputs[0], blur.inputs["Size"])
    else:
        # "Y": both directions as shares of the height
        blur.use_relative, blur.aspect_correction = True, "Y"
        blur.factor_x = blur.factor_y = 100
        tree.links.new(share, blur.inputs["Size"])
    return blur.outputs["Image"]


def height_share(tree: bpy.types.NodeTree, image: Any) -> Any:
    """A socket whose value is 0 at the picture's bottom and 1 at its top."""
    if bpy.app.version >= (4, 5, 0):
        coordinates = tree.nodes.new("CompositorNodeImageCoordinates")
        tree.links.new(image, coordinates.inputs["Image"])
        split = tree.nodes.new("ShaderNodeSeparateXYZ")
        tree.links.new(coordinates.outputs["Normalized"], split.inputs[0])
        return split.outputs["Y"]
    texture = bpy.data.textures.get(_HEIGHT_TEXTURE) or bpy.data.textures.new(_HEIGHT_TEXTURE, "BLEND")
    texture.use_flip_axis = "VERTICAL"
    node = tree.nodes.new("CompositorNodeTexture")
    node.texture = texture
    return node.outputs["Value"]


def remove_height_texture() -> None:
    """What `height_share` left in the file, where no compositor node uses it any more."""
    texture = bpy.data.textures.get(_HEIGHT_TEXTURE)
    if texture is not None and texture.users == 0:
        bpy.data.textures.remove(texture)


def compositor_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The scene's compositing nodes, whether they are in use or not; up to 4.5, an empty tree counts as none."""
    if bpy.app.version >= (5, 0, 0):
        return scene.compositing_node_group
    return scene.node_tree if scene.node_tree and scene.node_tree.nodes else None


def new_compositor_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """Empty compositing nodes for a scene that has none; in use from now on."""
    if bpy.app.version >= (5, 0, 0):
        scene.compositing_node_group = bpy.data.node_groups.new(f"{scene.name} Compositing", "CompositorNodeTree")
        scene.compositing_node_group.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        return scene.compositing_node_group
    images = set(bpy.data.images)
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    # 4.5 begins with a viewer, whose image outlives it
    for image in set(bpy.data.images) - images:
        bpy.data.images.remove(image)
    return scene.node_tree


def remove_compositor_tree(scene: bpy.types.Scene) -> None:
    """Takes what `new_compositor_tree` made away; up to 4.5 an empty tree stays, as none can be removed."""
    if bpy.app.version >= (5, 0, 0):
        bpy.data.node_groups.remove(scene.compositing_node_group)
    else:
        scene.node_tree.nodes.clear()


def compositor_switches(scene: bpy.types.Scene) -> list[tuple[Any, str]]:
    """What must all be True for renders to go through the compositing nodes, as (holder, attribute)."""
    switches: list[tuple[Any, str]] = [(scene.render, "use_compositing")]
    return switches if bpy.app.version >= (5, 0, 0) else [*switches, (scene, "use_nodes")]


def compositor_in_use(scene: bpy.types.Scene) -> bool:
    """Whether renders go through the compositing nodes."""
    return compositor_tree(scene) is not None and all(getattr(*switch) for switch in compositor_switches(scene))


def compositor_output(tree: bpy.types.NodeTree) -> bpy.types.Node:
    """The node that takes the finished picture, in its first input; new where there is none."""
    kind = "NodeGroupOutput" if bpy.app.version >= (5, 0, 0) else "CompositorNodeComposite"
    found = [node for node in tree.nodes if node.bl_idname == kind]
    active = [node for node in found if getattr(node, "is_active_output", True)]
    return (active or found or [tree.nodes.new(kind)])[0]


# --- actions ----------------------------------------------------------------------------------------------------------

SLOTTED_ACTIONS = bpy.app.version >= (4, 4, 0)
"""whether one action can move several datablocks, each through a slot of its own"""


def action_curves(action: bpy.types.Action, id_type: str) -> Any:
    """The F-curves that move datablocks of `id_type` (OBJECT, KEY); since 4.4 in a slot, made where there is none."""
    if not SLOTTED_ACTIONS:
        return action.fcurves
    slot = _slot(action, id_type) or action.slots.new(id_type=id_type, name=id_type.title())
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def new_curve(curves: Any, path: str, index: int, group: str) -> bpy.types.FCurve:
    """A new one in what `action_curves` returned, in the channel group `group` where curves can be made in one."""
    if bpy.app.version >= (5, 0, 0):
        return curves.new(path, index=index, group_name=group)
    if not SLOTTED_ACTIONS:
        return curves.new(path, index=index, action_group=group)
    return curves.new(path, index=index)


def all_curves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """Every F-curve of the action, whatever it moves."""
    if not SLOTTED_ACTIONS:
        return list(action.fcurves)
    strips = [strip for layer in action.layers for strip in layer.strips]
    return [curve for strip in strips for bag in strip.channelbags for curve in bag.fcurves]


def assign_action(datablock: bpy.types.ID, action: bpy.types.Action) -> None:
    """Lets `action` move `datablock`, through the slot of its type."""
    animation = datablock.animation_data_create()
    animation.action = action
    if SLOTTED_ACTIONS:
        animation.action_slot = _slot(action, datablock.id_type)


def animation_state(animation: bpy.types.AnimData) -> tuple[Any, ...]:
    """Which action plays, and through which slot."""
    return (animation.action, animation.action_slot) if SLOTTED_ACTIONS else (animation.action,)


def set_animation_state(animation: bpy.types.AnimData, state: tuple[Any, ...]) -> None:
    """Puts back what `animation_state` found."""
    animation.action = state[0]
    if SLOTTED_ACTIONS and state[0] is not None and state[1] is not None:
        animation.action_slot = state[1]


def add_strip(track: bpy.types.NlaTrack, datablock: bpy.types.ID, action: bpy.types.Action) -> None:
    """The action as a strip where it starts, through the slot of the datablock's type."""
    first, last = action.frame_range
    strip = track.strips.new(action.name, int(first), action)
    if SLOTTED_ACTIONS:
        strip.action_slot = _slot(action, datablock.id_type)
        # a new strip is as long as the slot that Blender chose for it
        strip.action_frame_start, strip.action_frame_end, strip.frame_end = first, last, last


def _slot(action: bpy.types.Action, id_type: str) -> Any:
    return next((slot for slot in action.slots if slot.target_id_type == id_type), None)


# --- files ------------------------------------------------------------------------------------------------------------

_MEDIA = ("media_type",) if bpy.app.version >= (5, 0, 0) else ()
IMAGE_SETTINGS = (*_MEDIA, "file_format", "color_mode", "color_depth", "exr_codec", "compression")
"""what says how a picture is written; each limits the choices of those after it"""


def set_file_format(scene: bpy.types.Scene, file_format: str) -> None:
    """PNG, OPEN_EXR, FFMPEG ...; since 5.0 pictures and videos are told apart first."""
    settings = scene.render.image_settings
    if _MEDIA:
        settings.media_type = "VIDEO" if file_format == "FFMPEG" else "IMAGE"
    settings.file_format = file_format


def add_image_strips(scene: bpy.types.Scene, files: list[Path]) -> Any:
    """The pictures `files` (of one folder), one a frame, as the only strip of the scene's sequencer."""
    editor = scene.sequence_editor_create()
    strips = editor.strips if bpy.app.version >= (4, 4, 0) else editor.sequences
    strip = strips.new_image("frames", str(files[0]), channel=1, frame_start=1)
    for file in files[1:]:
        strip.elements.append(file.name)
    strip.blend_type, strip.alpha_mode = "REPLACE", "STRAIGHT"
    return strip
