# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's selection, mode, frame and render settings, put back after work that has to change them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import bpy

Values = dict[str, Any]

_SCENE_SETTINGS = ("camera", "world", "frame_start", "frame_end", "frame_step", "use_nodes", "compositing_node_group")
_RENDER_STRUCTS = (
    "render", "render.ffmpeg", "render.image_settings", "render.image_settings.view_settings",
    "render.image_settings.display_settings", "view_settings", "display_settings", "eevee", "cycles",
)  # fmt: skip
_ROUNDS = 4
_NOT_STATE = {"name", "use_nodes", "active_layer_collection", "frame_current", "frame_float", "frame_subframe"}
"""left alone: identities, the deprecated switch (named above where it counts), and what `kept_frame` looks after"""


@contextmanager
def kept_state(scene: bpy.types.Scene) -> Iterator[None]:
    """Everything below: on leaving, also by an exception, the user finds the scene as it was.

    What the work deleted stays deleted; what it added stays, unselected.
    """
    with ExitStack() as stack:
        for keep in (kept_selection, kept_render_settings, kept_frame):
            stack.enter_context(keep(scene))
        yield


@contextmanager
def kept_selection(scene: bpy.types.Scene) -> Iterator[None]:
    """The mode, and for each view layer the active and the selected objects."""
    window = bpy.context.window
    shown = (window.scene, window.view_layer) if window else None
    active = bpy.context.view_layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    layers = {layer.name: (layer.objects.active, set(layer.objects.selected)) for layer in scene.view_layers}
    try:
        yield
    finally:
        if window and shown:
            window.scene, window.view_layer = shown
        set_mode("OBJECT")
        for layer in scene.view_layers:
            if layer.name in layers:
                was_active, selected = layers[layer.name]
                _select(layer, was_active, {obj for obj in selected if is_alive(obj)})
        set_mode(mode)


@contextmanager
def kept_render_settings(scene: bpy.types.Scene) -> Iterator[None]:
    """Engine, resolution, film, output, colour management, samples, camera, view layers; and which objects render."""
    before = {path: _values(struct) for path, struct in _structs(scene)}
    hidden = [(obj, obj.hide_render, obj.hide_viewport) for obj in scene.objects]
    try:
        yield
    finally:
        _put_all_back(scene, before)
        for obj, hide_render, hide_viewport in hidden:
            if is_alive(obj):
                obj.hide_render, obj.hide_viewport = hide_render, hide_viewport


@contextmanager
def kept_frame(scene: bpy.types.Scene) -> Iterator[None]:
    """The current frame, with its fraction."""
    frame = (scene.frame_current, scene.frame_subframe)
    try:
        yield
    finally:
        if frame != (scene.frame_current, scene.frame_subframe):
            scene.frame_set(frame[0], subframe=frame[1])


@contextmanager
def all_or_nothing(*, keep: bool = True) -> Iterator[None]:
    """Removes every datablock made inside, where the work fails; always with `keep` False (a rehearsal)."""
    before = set(bpy.data.user_map())
    done = False
    try:
        yield
        done = keep
    finally:
        if not done:
            # shape keys go with their mesh
            made = [block for block in bpy.data.user_map() if block not in before]
            bpy.data.batch_remove([block for block in made if not isinstance(block, bpy.types.Key)])


def set_mode(mode: str) -> None:
    """The active object's mode, where there is an active object that can be seen."""
    active = bpy.context.view_layer.objects.active
    if active is not None and active.mode != mode and active.visible_get():
        bpy.ops.object.mode_set(mode=mode)


def leave_edit_mode(*objects: bpy.types.Object | None) -> None:
    """Back to object mode where one of `objects` is being edited: until then its mesh shows no data."""
    if any(obj is not None and obj.mode == "EDIT" for obj in objects):
        set_mode("OBJECT")


def is_alive(datablock: bpy.types.ID) -> bool:
    """False for one that has been deleted since."""
    try:
        return bool(datablock.name)
    except ReferenceError:
        return False


def _select(layer: bpy.types.ViewLayer, active: bpy.types.Object | None, selected: set[bpy.types.Object]) -> None:
    for obj in layer.objects:
        wanted = obj in selected
        if obj.select_get(view_layer=layer) != wanted:
            obj.select_set(wanted, view_layer=layer)
    if active is None or (is_alive(active) and active.name in layer.objects):
        layer.objects.active = active


def _structs(scene: bpy.types.Scene) -> Iterator[tuple[str, Any]]:
    """What holds settings, by path: a reference to part of a datablock does not survive that part's removal."""
    yield "", scene
    for path in _RENDER_STRUCTS:
        found: Any = scene
        for name in path.split("."):
            found = getattr(found, name, None)
        if found is not None:
            yield path, found
    for layer in scene.view_layers:
        yield f"layer {layer.name}", layer
        yield from _layer_collections(layer.layer_collection, f"layer {layer.name}")


def _layer_collections(parent: bpy.types.LayerCollection, path: str) -> Iterator[tuple[str, bpy.types.LayerCollection]]:
    path = f"{path}/{parent.name}"
    yield path, parent
    for child in parent.children:
        yield from _layer_collections(child, path)


def _values(struct: Any) -> Values:
    """The settings of a scene by name, or every writable value of any other struct."""
    if isinstance(struct, bpy.types.Scene):
        return {name: getattr(struct, name) for name in _SCENE_SETTINGS if hasattr(struct, name)}
    found = {}
    for prop in struct.bl_rna.properties:
        if not prop.is_readonly and prop.identifier not in _NOT_STATE:
            value = getattr(struct, prop.identifier)
            found[prop.identifier] = tuple(value) if getattr(prop, "is_array", False) else value
    return found


def _put_all_back(scene: bpy.types.Scene, before: dict[str, Values]) -> None:
    """Writes what differs, again until nothing does: one setting can limit or reset another.

    A file format limits the colours, a codec too, and to choose the format of films resets the codec.
    """
    refused: list[TypeError] = []
    for _ in range(_ROUNDS):
        refused = []
        changes = [_put_back(struct, before[path], refused) for path, struct in _structs(scene) if path in before]
        if not any(changes):
            return
    if refused:
        raise refused[0]


def _put_back(struct: Any, values: Values, refused: list[TypeError]) -> int:
    """Writes what differs and returns how much that was; adds what is not among an enum's choices now to `refused`."""
    changed = {name: value for name, value in values.items() if _differs(struct, name, value)}
    for name, value in changed.items():
        try:
            setattr(struct, name, value)
        except TypeError as error:
            refused.append(error)
    return len(changed)


def _differs(struct: Any, name: str, value: Any) -> bool:
    now = getattr(struct, name)
    return (tuple(now) if isinstance(value, tuple) else now) != value
