# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on keeps with an avatar's collection. Sliders are not among it: those are shape keys and bones."""

from __future__ import annotations

import bpy


class AvatarSettings(bpy.types.PropertyGroup):
    """`Collection.headsmith`: which objects make the avatar."""

    is_avatar: bpy.props.BoolProperty(name="Is an Avatar")  # type: ignore[valid-type]
    source: bpy.props.StringProperty(name="Source", description="The bundle it came from")  # type: ignore[valid-type]
    rig: bpy.props.PointerProperty(type=bpy.types.Object, name="Rig")  # type: ignore[valid-type]
    head: bpy.props.PointerProperty(type=bpy.types.Object, name="Head")  # type: ignore[valid-type]
    splats: bpy.props.PointerProperty(type=bpy.types.Object, name="Splats")  # type: ignore[valid-type]


CLASSES = (AvatarSettings,)


def register() -> None:
    """Puts the settings on collections."""
    bpy.types.Collection.headsmith = bpy.props.PointerProperty(type=AvatarSettings)


def unregister() -> None:
    """Takes them off again; their values stay in the file, and come back with the add-on."""
    del bpy.types.Collection.headsmith
