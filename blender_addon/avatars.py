# SPDX-License-Identifier: GPL-3.0-or-later
"""The avatars of a scene."""

from __future__ import annotations

import bpy


def avatars(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Every avatar's collection, in the outliner's order."""
    return [c for c in scene.collection.children_recursive if c.headsmith.is_avatar and c.headsmith.head]


def avatar_of(obj: bpy.types.Object | None, scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The avatar that `obj` belongs to; the scene's only one for any other object; None where that is not clear."""
    found = avatars(scene)
    for collection in found:
        if obj is not None and obj.name in collection.all_objects:
            return collection
    return found[0] if len(found) == 1 else None
