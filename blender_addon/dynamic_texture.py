# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's picture follows the expression: what the artist's sliders and bones say goes through the network.

Handlers watch for changes of expression and of frame, also in renders. They read the evaluated scene, so that drivers,
constraints and keyframes count, and compute only when the network's parameters have changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from headsmith.asset import Avatar, TextureBlend, TextureNetwork
from headsmith.errors import InputError
from headsmith.types import F32, U8

from .avatars import avatars
from .builders.albedo import albedo_image, pixels_of, to_bytes
from .builders.dynamic_texture import has_network, keep_network, network_of
from .texture_parameters import is_evaluated, scene_parameters

LIVE, BAKED, STATIC = "LIVE", "BAKED", "STATIC"
FRAMES_KEY = "headsmith_frames"
"""custom property of a baked sequence: first frame, number of frames"""


class LiveTexture:
    """One avatar's network, and the picture's pixels for the parameters that it had last."""

    def __init__(self, image: bpy.types.Image) -> None:
        """Raises InputError where the .blend holds no sound network."""
        dynamic, material = network_of(image)
        self._network = TextureNetwork(dynamic, f"picture '{image.name}'")
        self._blend = TextureBlend(material, (self._network.height_px, self._network.width_px))
        self._pixels = pixels_of(material.static_texture)
        self._parameters: F32 | None = None
        self._on_display: F32 | None = None
        self.inputs = dynamic.inputs

    def show(self, image: bpy.types.Image, parameters: F32) -> bool:
        """Puts the texture for `parameters` [P] into the picture; False where it is there already."""
        if self._on_display is not None and np.array_equal(parameters, self._on_display):
            return False
        self._compute(parameters)
        image.pixels.foreach_set(self._pixels.ravel())
        image.update()
        self._on_display = parameters
        return True

    def texture(self, parameters: F32) -> U8:
        """[T, T, 3] sRGB, row 0 on top: the same, for a file."""
        self._compute(parameters)
        return to_bytes(self._pixels)

    def forget(self) -> None:
        """The picture may show something else now."""
        self._on_display = None

    def _compute(self, parameters: F32) -> None:
        if self._parameters is not None and np.array_equal(parameters, self._parameters):
            return
        top_down = self._pixels[::-1]
        for rows, columns, values in self._blend.patches(self._network.texture(parameters)):
            top_down[rows, columns, :3] = values
        self._parameters = parameters


_live: dict[int, LiveTexture | None] = {}
"""by the picture's session_uid; None where its network cannot be used, which is told once"""
_paused: list[str] = []
"""not empty while somebody else moves the frames"""


def live_texture(image: bpy.types.Image | None) -> LiveTexture | None:
    """The picture's network, ready to run; None where it has none, or one that is damaged (told on the console)."""
    if image is None or not has_network(image):
        return None
    if image.session_uid not in _live:
        alive = {one.session_uid for one in bpy.data.images}
        for uid in set(_live) - alive:
            del _live[uid]
        try:
            _live[image.session_uid] = LiveTexture(image)
        except InputError as error:
            _live[image.session_uid] = None
            print(f"Headsmith: {error}", file=sys.stderr)
    return _live[image.session_uid]


def build_texture(avatar: Avatar, collection: bpy.types.Collection) -> bpy.types.Image:
    """The picture for the head's materials, with the avatar's network if it has one; an earlier one is used again.

    Materials that show a baked sequence show it now, until `apply_mode`.
    """
    settings = collection.headsmith
    if settings.albedo is not None and settings.head is not None:
        _show_image(settings, settings.albedo)
    settings.albedo = albedo_image(avatar, f"{collection.name} Albedo", settings.albedo)
    keep_network(avatar, settings.albedo)
    _live.pop(settings.albedo.session_uid, None)
    return settings.albedo


def show_texture(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph) -> bool:
    """Brings the avatar's picture to the expression that it has in `depsgraph`; True where it changed.

    Nothing is computed for a head that is hidden everywhere, as where splats alone are shown.
    """
    settings = collection.headsmith
    hidden = settings.head.hide_viewport and settings.head.hide_render
    if hidden or not has_network(settings.albedo) or not is_evaluated(collection, depsgraph):
        return False
    live = live_texture(settings.albedo)
    return live is not None and live.show(settings.albedo, scene_parameters(collection, live.inputs, depsgraph))


def apply_mode(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """Makes the materials show what the avatar's texture mode says.

    Live: the picture that follows the expression; baked: the baked sequence; static, and baked where nothing has been
    baked yet: the picture as it was imported.
    """
    settings = collection.headsmith
    if settings.albedo is None or settings.head is None:
        return
    baked = settings.texture_mode == BAKED and settings.baked_albedo is not None
    _show_image(settings, settings.baked_albedo if baked else settings.albedo)
    live = _live.get(settings.albedo.session_uid)
    if live is not None:
        live.forget()
    if settings.texture_mode == LIVE and has_network(settings.albedo):
        _lock_interface(collection)
        show_texture(collection, depsgraph or bpy.context.evaluated_depsgraph_get())
    elif settings.albedo.is_dirty:
        settings.albedo.buffers_free()
        settings.albedo.update_tag()


def _lock_interface(collection: bpy.types.Collection) -> None:
    """While a render's thread changes the picture, the viewport must not draw it."""
    for scene in bpy.data.scenes:
        if collection in avatars(scene):
            scene.render.use_lock_interface = True


def _show_image(settings: Any, image: bpy.types.Image) -> None:
    """In every texture node of the head's materials that shows either of the avatar's pictures."""
    ours = (settings.albedo, settings.baked_albedo)
    for slot in settings.head.material_slots:
        tree = slot.material.node_tree if slot.material else None
        for node in tree.nodes if tree else ():
            if node.bl_idname == "ShaderNodeTexImage" and node.image is not None and node.image in ours:
                node.image = image
                if FRAMES_KEY in image:
                    _play(node.image_user, *image[FRAMES_KEY])


def _play(user: bpy.types.ImageUser, first: int, count: int) -> None:
    """Frame f of the scene shows the file of number f."""
    user.frame_start, user.frame_duration, user.frame_offset = first, count, first - 1
    user.use_auto_refresh = True


@contextmanager
def paused() -> Iterator[None]:
    """No picture follows anything inside."""
    _paused.append("")
    try:
        yield
    finally:
        _paused.pop()


def show_all(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Every live picture of the scene."""
    if _paused:
        return
    for collection in avatars(scene):
        if collection.headsmith.texture_mode == LIVE:
            show_texture(collection, depsgraph)


@persistent
def _on_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None) -> None:
    if depsgraph is not None:
        show_all(scene, depsgraph)


@persistent
def _on_undo(scene: bpy.types.Scene, _: Any = None) -> None:
    for live in _live.values():
        if live is not None:
            live.forget()
    show_all(scene, bpy.context.evaluated_depsgraph_get())


@persistent
def _on_load(*_: Any) -> None:
    _live.clear()
    show_all(bpy.context.scene, bpy.context.evaluated_depsgraph_get())


_HANDLERS = (
    ("depsgraph_update_post", _on_change),
    ("frame_change_post", _on_change),
    ("undo_post", _on_undo),
    ("redo_post", _on_undo),
    ("load_post", _on_load),
)
CLASSES = ()


def register() -> None:
    """Starts to watch."""
    for event, handler in _HANDLERS:
        getattr(bpy.app.handlers, event).append(handler)


def unregister() -> None:
    """Stops; pictures stay as they are."""
    for event, handler in _HANDLERS:
        handlers = getattr(bpy.app.handlers, event)
        # other add-ons are known to clear these lists
        if handler in handlers:
            handlers.remove(handler)
    _live.clear()
