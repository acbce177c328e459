# SPDX-License-Identifier: GPL-3.0-or-later
"""Hologram: a scene set up so that plain F12 gives RGBA that composites right over any background.

What the files hold:

- PNG and WebM hold display values (sRGB) with straight alpha, since browsers, OBS, video editors and game engines blend
  display values: shown = colour * alpha + background * (1 - alpha), all in display values. Splats are blended in
  display values themselves (look "Exact"), so for them this is what Blender would have drawn over that background.
- OpenEXR holds scene-linear values with premultiplied alpha: shown = colour + background * (1 - alpha), in linear
  light. This is what Blender itself draws over that background, at every pixel.

Both say the same wherever alpha is 0 or 1. Where alpha lies between, light and display values mix differently; either
file is right in the space that its readers blend in, and the colour of an edge pixel is that of the figure, not
darkened or lightened by any background. The view is "Standard", so that a display value means what it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy

from headsmith.errors import InputError

from . import compat
from .builders.hologram import (
    GROUP_NAME,
    GROUP_NAMES,
    SLIDERS,
    hologram_group,
    hologram_node,
    hologram_nodes,
    store_group,
)
from .compositing import append_to_chain, ensure_chain, release_chain, take_out_of_chain
from .exact import film_without_exact, set_film_without_exact, sync_exact

Values = dict[str, Any]

PRESETS: dict[str, Values] = {
    "CLEAN": {},
    "BLUE": {
        "Tint": 0.95, "Tint Color": (0.02, 0.4, 1.6, 1.0), "Brightness": 2.0, "Detail": 0.4, "Contours": 0.25,
        "Rim": 0.7, "Rim Color": (0.2, 0.7, 1.0, 1.0), "Rim Width": 0.05, "Hollow": 0.4, "Opacity": 0.95,
        "Scanlines": 0.35, "Line Count": 110.0, "Line Speed": 0.05, "Flicker": 0.12, "Base Fade": 0.2,
    },
    "GHOST": {
        "Tint": 0.6, "Tint Color": (0.65, 0.9, 1.0, 1.0), "Brightness": 1.8, "Detail": 0.1, "Rim": 0.35,
        "Rim Color": (0.8, 0.95, 1.0, 1.0), "Rim Width": 0.1, "Hollow": 0.6, "Opacity": 0.85, "Flicker": 0.05,
        "Base Fade": 0.4,
    },
    "NEON": {
        "Tint": 0.9, "Tint Color": (0.9, 0.04, 1.0, 1.0), "Brightness": 1.3, "Detail": 0.4, "Contours": 0.8,
        "Rim": 1.2, "Rim Color": (0.0, 0.8, 1.0, 1.0), "Rim Width": 0.03, "Hollow": 0.35, "Scanlines": 0.15,
        "Line Count": 90.0, "Line Speed": -0.1, "Flicker": 0.08, "Base Fade": 0.15,
    },
}  # fmt: skip
"""by identifier: the sliders that differ from an untouched picture"""

FORMATS = ("PNG", "OPEN_EXR", "WEBM")
ALPHAS = ("AUTO", "STRAIGHT", "PREMULTIPLIED")


@dataclass(frozen=True)
class HologramOptions:
    """What `setup_hologram` takes."""

    preset: str = "BLUE"
    """one of PRESETS"""
    file_format: str = "PNG"
    """one of FORMATS"""
    alpha: str = "AUTO"
    """one of ALPHAS; AUTO is what readers of the format expect: premultiplied for OpenEXR, straight for the others"""


def setup_hologram(scene: bpy.types.Scene, options: HologramOptions) -> bpy.types.Node:
    """Makes `scene` render a hologram, or changes one that is there; returns the node that has the sliders as inputs.

    Raises InputError for a preset, format or alpha that does not exist.
    """
    _check(options)
    settings = scene.headsmith_hologram
    if not settings.before:
        settings.before = json.dumps(_before(scene))
    tree = ensure_chain(scene)
    node = hologram_node(scene) or _add_group(tree, hologram_group(), (0.0, 0.0))
    for slider in SLIDERS:
        node.inputs[slider.name].default_value = PRESETS[options.preset].get(slider.name, slider.default)
    settings.preset, settings.file_format, settings.alpha = options.preset, options.file_format, options.alpha
    set_output(scene)
    # splats of the look "Exact" depend on the view transform, and on whether the world is to be seen
    sync_exact(scene)
    return node


def set_output(scene: bpy.types.Scene) -> None:
    """Brings a scene with a hologram in line with the format and alpha in its settings."""
    settings, tree = scene.headsmith_hologram, compat.compositor_tree(scene)
    _apply_output(scene, settings.file_format)
    for node in hologram_nodes(scene):
        if node.node_tree.name != GROUP_NAME:
            take_out_of_chain(tree, node)
    store = _store(settings.file_format, settings.alpha)
    if store:
        _add_group(tree, store_group(store), (200.0, 0.0))


def remove_hologram(scene: bpy.types.Scene) -> None:
    """The scene as it was before `setup_hologram`. Raises InputError where there is no hologram."""
    settings = scene.headsmith_hologram
    if not settings.before:
        raise InputError(
            f"scene {scene.name}", found="no hologram", expected="one to remove", action="set one up first"
        )
    tree = compat.compositor_tree(scene)
    for node in hologram_nodes(scene):
        take_out_of_chain(tree, node)
    release_chain(scene)
    _put_back(scene, json.loads(settings.before))
    settings.before = ""
    for group in [group for group in bpy.data.node_groups if group.name in GROUP_NAMES and group.users == 0]:
        bpy.data.node_groups.remove(group)
    compat.remove_height_texture()
    sync_exact(scene)


def _check(options: HologramOptions) -> None:
    for subject, found, known in (
        ("preset", options.preset, tuple(PRESETS)),
        ("format", options.file_format, FORMATS),
        ("alpha", options.alpha, ALPHAS),
    ):
        if found not in known:
            raise InputError(
                f"hologram {subject}", found=found, expected=f"one of {', '.join(known)}", action="choose one of them"
            )


def _store(file_format: str, alpha: str) -> str:
    """Which store group the file needs, if any: PNG and WebM are straight by themselves, OpenEXR premultiplied."""
    if file_format == "OPEN_EXR":
        return "STRAIGHT" if alpha == "STRAIGHT" else ""
    return "PREMULTIPLIED" if alpha == "PREMULTIPLIED" else ""


def _add_group(tree: bpy.types.NodeTree, group: bpy.types.NodeTree, location: tuple[float, float]) -> bpy.types.Node:
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree, node.location, node.width = group, location, 180
    append_to_chain(tree, node)
    return node


def _holders(scene: bpy.types.Scene) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """What a hologram changes in the scene: holder and names, in an order in which they can be put back."""
    return {
        "render": (scene.render, ("dither_intensity",)),
        "view": (scene.view_settings, ("view_transform", "look", "exposure", "gamma")),
        "ffmpeg": (scene.render.ffmpeg, ("format", "codec", "constant_rate_factor", "audio_codec")),
        "image": (scene.render.image_settings, compat.IMAGE_SETTINGS),
    }


def _before(scene: bpy.types.Scene) -> dict[str, Any]:
    before = {key: {name: getattr(holder, name) for name in names} for key, (holder, names) in _holders(scene).items()}
    return {**before, "film_transparent": film_without_exact(scene)}


def _put_back(scene: bpy.types.Scene, before: Values) -> None:
    for key, (holder, names) in _holders(scene).items():
        for name in names:
            if getattr(holder, name) != before[key][name]:
                setattr(holder, name, before[key][name])
    set_film_without_exact(scene, before["film_transparent"])


def _apply_output(scene: bpy.types.Scene, file_format: str) -> None:
    set_film_without_exact(scene, True)
    # dithering would add noise to colours that are then divided and multiplied by alpha
    scene.render.dither_intensity = 0
    view = scene.view_settings
    view.view_transform, view.look, view.exposure, view.gamma = "Standard", "None", 0, 1
    compat.set_file_format(scene, "FFMPEG" if file_format == "WEBM" else file_format)
    image, video = scene.render.image_settings, scene.render.ffmpeg
    if file_format == "WEBM":
        # before the colour mode: only some codecs offer alpha
        video.format, video.codec, video.constant_rate_factor = "WEBM", "WEBM", "HIGH"
        video.audio_codec = "NONE"
    image.color_mode = "RGBA"
    if file_format == "PNG":
        image.color_depth = "8"
    elif file_format == "OPEN_EXR":
        image.color_depth, image.exr_codec = "32", "ZIP"
