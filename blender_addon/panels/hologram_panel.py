# SPDX-License-Identifier: GPL-3.0-or-later
"""The hologram of a scene: presets, sliders, layouts, output."""

from __future__ import annotations

import bpy

from ..hologram import hologram_node
from ..hologram_properties import PRESET_ITEMS
from .common import AvatarPanel

_LAYOUT_SETTINGS = {
    "SINGLE": (),
    "PYRAMID": ("pyramid", "pyramid_side_px", "pyramid_size", "pyramid_gap", "pyramid_mirrored"),
    "QUILT": ("quilt_columns", "quilt_rows", "quilt_aspect", "quilt_view_height_px", "quilt_cone_deg"),
}


class HEADSMITH_PT_hologram(AvatarPanel, bpy.types.Panel):
    """The avatar as light, over any background"""

    bl_label = "Hologram"

    def draw(self, context: bpy.types.Context) -> None:
        """Presets; with a hologram also how it is written and rendered."""
        layout, settings = self.layout, context.scene.headsmith_hologram
        here = hologram_node(context.scene) is not None
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for preset, title, _ in PRESET_ITEMS:
            button = grid.operator("headsmith.hologram_setup", text=title, depress=here and settings.preset == preset)
            button.preset, button.file_format, button.alpha = preset, settings.file_format, settings.alpha
        if not here:
            return
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(settings, "layout")
        for name in _LAYOUT_SETTINGS[settings.layout]:
            column.prop(settings, name)
        if settings.layout != "SINGLE":
            column.prop(settings, "on_black")
        row = layout.row(align=True)
        row.operator("headsmith.hologram_render", text="Render", icon="RENDER_STILL")
        row.operator("headsmith.hologram_render", text="Animation", icon="RENDER_ANIMATION").animation = True
        row = layout.row(align=True)
        row.operator("headsmith.check_edges", icon="CHECKMARK")
        row.operator("headsmith.hologram_remove", text="Remove", icon="X")


class HEADSMITH_PT_hologram_file(AvatarPanel, bpy.types.Panel):
    """What the hologram's files hold"""

    bl_label = "File"
    bl_parent_id = "HEADSMITH_PT_hologram"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there is a hologram."""
        return super().poll(context) and hologram_node(context.scene) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Format and alpha, which take effect at once."""
        layout, settings = self.layout, context.scene.headsmith_hologram
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(settings, "file_format")
        layout.prop(settings, "alpha")


class HEADSMITH_PT_hologram_effects(AvatarPanel, bpy.types.Panel):
    """The sliders of the hologram's node in the compositor"""

    bl_label = "Effects"
    bl_parent_id = "HEADSMITH_PT_hologram"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there is a hologram."""
        return super().poll(context) and hologram_node(context.scene) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """The node's own inputs: they can be keyed and driven."""
        node = hologram_node(context.scene)
        column = self.layout.column()
        column.use_property_split = True
        for socket in node.inputs[1:]:
            column.prop(socket, "default_value", text=socket.name)


CLASSES = (HEADSMITH_PT_hologram, HEADSMITH_PT_hologram_file, HEADSMITH_PT_hologram_effects)
