# SPDX-License-Identifier: GPL-3.0-or-later
"""Splats or mesh, how many splats, in which colours, and what the textures do."""

from __future__ import annotations

import bpy

from ..builders.dynamic_texture import has_network
from ..dynamic_texture import BAKED
from ..look import EXACT, MESH
from .common import AvatarPanel, wrapped_label


class HEADSMITH_PT_look(AvatarPanel, bpy.types.Panel):
    """How the avatar is shown"""

    bl_label = "Look"

    def draw(self, context: bpy.types.Context) -> None:
        """The avatar's properties, and the viewport's option."""
        layout, settings = self.layout, self.avatar(context).headsmith
        layout.row().prop(settings, "show", expand=True)
        column = layout.column()
        column.enabled = settings.show != MESH
        column.prop(settings, "quality_percent", slider=True)
        column.row().prop(settings, "colour_mode", expand=True)
        column.prop(context.window_manager, "headsmith_follow_view")
        if settings.colour_mode == EXACT:
            text = "Exact colours come with the final render (F12); the viewport shows scene-linear ones."
            wrapped_label(layout, context, text, icon="INFO")
        if has_network(settings.albedo):
            self._draw_texture(context)

    def _draw_texture(self, context: bpy.types.Context) -> None:
        settings = self.avatar(context).headsmith
        column = self.layout.column(align=True)
        column.label(text="Texture")
        column.row(align=True).prop(settings, "texture_mode", expand=True)
        if settings.texture_mode == BAKED:
            column.prop(settings, "texture_folder", text="")
            column.operator("headsmith.bake_dynamic_texture", text="Bake", icon="RENDER_ANIMATION")


CLASSES = (HEADSMITH_PT_look,)
