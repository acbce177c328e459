# SPDX-License-Identifier: GPL-3.0-or-later
"""The avatars of a scene."""

from __future__ import annotations

import bpy

from .state import set_mode


def avatars(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Every avatar's collection, in the outliner's order."""
    return [c for c in scene.collection.children_recursive if c.headsmith.is_avatar and c.headsmith.head]


def avatar_of(obj: bpy.types.Object | None, scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The avatar that `obj` belongs to; the scene's only one for any other object; None where that is not clear."""
    found = avatars(scene)
    for collection in found:
        # by identity: what is linked from another file can have the same name
        if obj is not None and obj in collection.all_objects.values():
            return collection
    return found[0] if len(found) == 1 else None


def lacks(collection: bpy.types.Collection) -> str:
    """What the avatar's controls need and an artist has deleted, in words; "" where nothing is missing."""
    settings = collection.headsmith
    if settings.rig is None or not settings.rig.users_collection:
        return "rig"
    return "" if settings.head.users_collection and settings.head.data.shape_keys else "head or its shape keys"


def select_avatar(collection: bpy.types.Collection, layer: bpy.types.ViewLayer) -> None:
    """Makes the avatar's rig the one selected and active object of `layer`: to move it is to move all of the avatar."""
    select_only(collection.headsmith.rig or collection.headsmith.head, layer)


def select_only(obj: bpy.types.Object, layer: bpy.types.ViewLayer) -> None:
    """Makes `obj` the one selected and active object of `layer`, in object mode; nothing where it is not in `layer`."""
    set_mode("OBJECT")
    for other in layer.objects.selected:
        other.select_set(False, view_layer=layer)
    if obj.name in layer.objects:
        obj.select_set(True, view_layer=layer)
        layer.objects.active = obj
