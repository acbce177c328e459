# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab's first panel: import, which avatar the others are about, and what its bundle says."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..avatars import avatar_of, avatars, lacks
from .common import AvatarPanel, SidebarPanel, wrapped_label


class HEADSMITH_PT_avatar(SidebarPanel, bpy.types.Panel):
    """Import an avatar; see the one in hand"""

    bl_label = "Avatar"

    def draw(self, context: bpy.types.Context) -> None:
        """The import button, and the avatars of the scene, the one in hand marked."""
        layout = self.layout
        found, current = avatars(context.scene), avatar_of(context.object, context.scene)
        big = layout.row()
        big.scale_y = 1.3
        big.operator("headsmith.import_avatar", icon="IMPORT")
        if not found:
            wrapped_label(layout, context, "Or drop a .avatar.zip here", icon="INFO")
            return
        if current is None:
            layout.label(text="Choose an avatar:", icon="INFO")
        column = layout.column(align=True)
        for collection in found:
            row = column.row(align=True)
            row.operator(
                "headsmith.select_avatar",
                text=collection.name,
                icon="COMMUNITY",
                depress=collection == current,
            ).name = collection.name
            if collection == current:
                row.operator("headsmith.reload_avatar", text="", icon="FILE_REFRESH")
        if current is not None and lacks(current):
            wrapped_label(layout, context, f"Its {lacks(current)} is gone: reload it", icon="ERROR")
        layout.operator("headsmith.add_studio", icon="OUTLINER_OB_LIGHT")


class HEADSMITH_PT_about(AvatarPanel, bpy.types.Panel):
    """Where the avatar comes from and what may be done with it"""

    bl_label = "About"
    bl_parent_id = "HEADSMITH_PT_avatar"

    def draw(self, context: bpy.types.Context) -> None:
        """What the bundle says about itself."""
        settings = self.avatar(context).headsmith
        column = self.layout.column()
        facts = {
            "Splats": f"{settings.splat_count:,}",
            "Vertices": f"{settings.vertex_count:,}",
            "Made From": settings.photos,
            "Made On": settings.created[:10],
            "Head Model": settings.head_model,
            "Licence": settings.licence,
            "Consent": settings.consent or "not stated",
            "Bundle": Path(settings.source).name,
        }
        for title, text in facts.items():
            split = column.split(factor=0.32)
            side = split.column()
            side.scale_y = 0.8
            side.label(text=title)
            wrapped_label(split.column(), context, text, share=0.68)
        for warning in settings.warnings.splitlines():
            wrapped_label(self.layout.box(), context, warning, icon="ERROR")


CLASSES = (HEADSMITH_PT_avatar, HEADSMITH_PT_about)
