# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab's first panel: import, and which avatar the others are about."""

from __future__ import annotations

import bpy

from ..avatars import avatar_of


class HEADSMITH_PT_avatar(bpy.types.Panel):
    """Import an avatar; see the one in hand"""

    bl_label = "Avatar"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Headsmith"

    def draw(self, context: bpy.types.Context) -> None:
        """One button, and the avatar's objects."""
        self.layout.operator("headsmith.import_avatar", icon="IMPORT")
        avatar = avatar_of(context.object, context.scene)
        if avatar:
            self.layout.label(text=avatar.name, icon="COMMUNITY")


CLASSES = (HEADSMITH_PT_avatar,)
