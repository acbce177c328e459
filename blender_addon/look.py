# SPDX-License-Identifier: GPL-3.0-or-later
"""How an avatar is shown: splats, mesh or both, how many splats, and how their colours meet the scene's light.

The choices are properties of the avatar's collection; setting one brings the scene in line with it.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from .avatars import avatars
from .builders.splats import MODIFIER, set_share, set_splat_input
from .exact import exact_collection, sync_exact
from .state import leave_edit_mode

SPLATS, MESH, BOTH = "SPLATS", "MESH", "BOTH"
LINEAR, EXACT = "LINEAR", "EXACT"
SHOW = (
    (SPLATS, "Splats", "Photoreal: the splats alone"),
    (MESH, "Mesh", "The textured head, lit by the scene"),
    (BOTH, "Both", "Splats, drawn a little nearer to the camera than they are, and the head behind them"),
)
COLOUR_MODES = (
    (LINEAR, "Scene-linear", "Colours as light, blended and shown by the scene's view transform like everything else"),
    (EXACT, "Exact", "The pixels that a splat renderer gives, in a view layer of their own; set for final renders"),
)
BOTH_BIAS_M = 0.01
"""how much nearer splats are drawn where the head is shown too, so that it does not cut them in half"""
TRANSPARENT_BOUNCES = 256
"""of Cycles: a ray passes some hundred splats; with the 8 of a new scene heads have black holes"""


def apply_look(collection: bpy.types.Collection, scene: bpy.types.Scene) -> list[str]:
    """Brings the scene in line with the avatar's look; returns what it changed in the render settings, in words."""
    settings = collection.headsmith
    head, splats = settings.head, settings.splats
    head.hide_render = head.hide_viewport = settings.show == SPLATS
    if splats is None:
        # deleted by the artist
        sync_exact(scene)
        return []
    leave_edit_mode(splats)
    splats.hide_viewport = settings.show == MESH
    exact = settings.colour_mode == EXACT
    splats.hide_render = settings.show == MESH or exact
    if exact:
        settings.splats_exact = _exact_splats(collection, scene)
        settings.splats_exact.hide_render = settings.show == MESH
    for obj in filter(None, (splats, settings.splats_exact if exact else None)):
        set_share(obj, settings.quality_percent / 100)
        set_splat_input(obj, "Depth Bias", BOTH_BIAS_M if settings.show == BOTH else 0.0)
        set_splat_input(obj, "Display Colours", obj != splats)
    sync_exact(scene)
    return [] if settings.show == MESH else prepare_scene(scene)


def prepare_scene(scene: bpy.types.Scene) -> list[str]:
    """Sets what Cycles needs to see through many splats, where it is less; returns the changes in words."""
    changes = []
    for name in ("transparent_max_bounces", "min_transparent_bounces"):
        before = getattr(scene.cycles, name)
        if before < TRANSPARENT_BOUNCES:
            setattr(scene.cycles, name, TRANSPARENT_BOUNCES)
            changes.append(f"Cycles: {name.replace('_', ' ')} {before} -> {TRANSPARENT_BOUNCES}")
    return changes


def _exact_splats(collection: bpy.types.Collection, scene: bpy.types.Scene) -> bpy.types.Object:
    """The avatar's splats a second time, for the layer of their own: an object is hidden in all layers or in none."""
    splats = collection.headsmith.splats
    obj = collection.headsmith.splats_exact
    if obj is not None and MODIFIER not in obj.modifiers:
        bpy.data.objects.remove(obj)
        obj = None
    if obj is None:
        obj = splats.copy()
        obj.name = f"{splats.name} (Exact)"
    obj.data, obj.parent = splats.data, splats.parent
    obj.hide_select = True
    where = exact_collection(scene)
    if obj.name not in where.objects:
        where.objects.link(obj)
    return obj


def look_changed(settings: Any, context: bpy.types.Context) -> None:
    """The properties' callback."""
    collection = settings.id_data
    if settings.head:
        for scene in bpy.data.scenes:
            if collection in avatars(scene):
                apply_look(collection, scene)


@persistent
def keep_exact(*_: object) -> None:
    """Before a save or a render: holds out what was added to the scene since."""
    for scene in bpy.data.scenes:
        if any(c.headsmith.colour_mode == EXACT for c in avatars(scene)):
            sync_exact(scene)


CLASSES = ()


def register() -> None:
    """Adds the handlers."""
    bpy.app.handlers.save_pre.append(keep_exact)
    bpy.app.handlers.render_init.append(keep_exact)


def unregister() -> None:
    """Removes them."""
    bpy.app.handlers.render_init.remove(keep_exact)
    bpy.app.handlers.save_pre.remove(keep_exact)
