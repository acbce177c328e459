# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels of the sidebar tab share."""

from __future__ import annotations

import textwrap

import bpy

from ..avatars import avatar_of, lacks

_CHARACTER_PX = 7.0
"""about the mean width of a letter at the interface's usual scale"""


class SidebarPanel:
    """Mixin: a panel in the tab Headsmith of the 3D viewport's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Headsmith"


class AvatarPanel(SidebarPanel):
    """Mixin: a panel about the avatar in hand, closed at first, and hidden where there is none."""

    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where it is clear which avatar is meant, and it is whole."""
        collection = avatar_of(context.object, context.scene)
        return collection is not None and not lacks(collection)

    @staticmethod
    def avatar(context: bpy.types.Context) -> bpy.types.Collection:
        """The avatar in hand."""
        collection = avatar_of(context.object, context.scene)
        assert collection is not None, "poll() is asked before"
        return collection


def wrapped_label(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", share: float = 1.0
) -> None:
    """A label over as many lines as it needs, in `share` of the sidebar's width: Blender would cut it."""
    scale = context.preferences.system.ui_scale
    room = share * context.region.width / (_CHARACTER_PX * scale) - (8 if icon != "NONE" else 5)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, max(int(room), 12)) or [""]):
        column.label(text=line, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))
