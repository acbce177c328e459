# SPDX-License-Identifier: GPL-3.0-or-later
"""What the avatar wears."""

from __future__ import annotations

import dataclasses

import bpy

from headsmith.accessories import KINDS, default_params

from ..accessories import accessories_of
from .common import AvatarPanel

_COLUMNS = 2


class HEADSMITH_PT_accessories(AvatarPanel, bpy.types.Panel):
    """Glasses, hats, earrings, and any object of yours"""

    bl_label = "Accessories"

    def draw(self, context: bpy.types.Context) -> None:
        """What can be added, what is worn, and the sizes of the selected one."""
        layout, collection, active = self.layout, self.avatar(context), context.object
        grid = layout.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True, align=True)
        for kind in KINDS:
            grid.operator("headsmith.add_accessory", text=kind.title(), icon="ADD").kind = kind
        worn = accessories_of(collection)
        if active is not None and active.type == "MESH" and active.name not in collection.all_objects:
            layout.operator_menu_enum("headsmith.fit_to_head", "anchor", text=f"Put {active.name} on", icon="SNAP_ON")
        column = layout.column(align=True)
        for obj in worn:
            column.operator(
                "headsmith.select_object", text=obj.name, icon="RESTRICT_SELECT_OFF", depress=obj == active
            ).name = obj.name
        if active in worn:
            _draw_accessory(layout.box(), active)
        layout.operator("headsmith.write_accessory_library", icon="ASSET_MANAGER")


def _draw_accessory(layout: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    settings = obj.headsmith_accessory
    row = layout.row(align=True)
    if settings.kind:
        row.operator("headsmith.update_accessory", text="Update", icon="FILE_REFRESH")
    hides = settings.hides_hair
    row.operator(
        "headsmith.hide_hair", text="Show Hair" if hides else "Hide Hair", icon="HIDE_OFF" if hides else "HIDE_ON"
    ).hide = not hides
    row.operator("headsmith.remove_accessory", text="", icon="TRASH")
    if settings.kind:
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(settings, "live")
        sizes = getattr(settings, settings.kind)
        for field in dataclasses.fields(default_params(settings.kind)):
            column.prop(sizes, field.name)


CLASSES = (HEADSMITH_PT_accessories,)
