# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttons for what an avatar wears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from headsmith.accessories import KINDS, SEATS, default_params
from headsmith.accessories.hair_cover import MARGIN_M

from .. import accessories
from ..accessory_library import write_accessory_library
from ..attaching import FOLLOW
from ..hair_cover import hide_hair_under, show_hair
from .common import AvatarExport, AvatarOperator, report_input_errors

_STYLES: dict[str, list[tuple[str, str, str]]] = {
    kind: [(style, style.title(), "") for style in entry.styles] for kind, entry in KINDS.items()
}
_FOLLOW = [
    (FOLLOW[0], "Head", "Rigid, with the bone that carries the skull"),
    (FOLLOW[1], "Skin", "With the skin, expressions included (Surface Deform)"),
]


def _styles(operator: Any, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    return _STYLES[operator.kind]


class HEADSMITH_OT_add_accessory(AvatarOperator, bpy.types.Operator):
    """Make glasses, a hat or earrings to the measure of the avatar's head"""

    bl_idname = "headsmith.add_accessory"
    bl_label = "Add Accessory"
    bl_options = {"REGISTER", "UNDO"}
    adds = True

    kind: bpy.props.EnumProperty(name="Kind", items=[(kind, kind.title(), "") for kind in KINDS])  # type: ignore[valid-type]
    style: bpy.props.EnumProperty(name="Style", items=_styles)  # type: ignore[valid-type]
    follow: bpy.props.EnumProperty(name="Follow", items=_FOLLOW)  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Adds it and makes it the active object."""
        collection = self.avatar(context)
        obj = accessories.add_accessory(collection, self.kind, default_params(self.kind, self.style), self.follow)
        _select(obj, context)
        return {"FINISHED"}


class AccessoryOperator(AvatarOperator):
    """Mixin of operators that work on the active object, which has to be an accessory."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True for an accessory on a head."""
        obj = context.object
        if obj is None or not (obj.headsmith_accessory.kind or obj.headsmith_accessory.anchor):
            cls.poll_message_set("Select an accessory")  # type: ignore[attr-defined]
            return False
        return super().poll(context)


class HEADSMITH_OT_update_accessory(AccessoryOperator, bpy.types.Operator):
    """Make the accessory anew, with its sizes and for the head as it is now"""

    bl_idname = "headsmith.update_accessory"
    bl_label = "Update Accessory"
    bl_options = {"REGISTER", "UNDO"}

    reset: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Reset Place", description="Put it back where it fits; otherwise it stays where it was moved to"
    )

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Updates it."""
        accessories.update_accessory(context.object, reset=self.reset)
        return {"FINISHED"}


class HEADSMITH_OT_fit_to_head(AvatarOperator, bpy.types.Operator):
    """Put the active object on the avatar's head: at a place, as wide as fits, and following it. Its front is what
    faces -Y, its top what faces +Z"""

    bl_idname = "headsmith.fit_to_head"
    bl_label = "Fit to Head"
    bl_options = {"REGISTER", "UNDO"}
    adds = True

    anchor: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Place", items=[(name, name.replace("_", " ").title(), "") for name in SEATS]
    )
    scale_to_width: bpy.props.BoolProperty(name="Scale to Width", default=True)  # type: ignore[valid-type]
    follow: bpy.props.EnumProperty(name="Follow", items=_FOLLOW)  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where an object can be put on an avatar."""
        return context.object is not None and super().poll(context)

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fits it."""
        accessories.fit_to_head(self.avatar(context), context.object, self.anchor, self.scale_to_width, self.follow)
        return {"FINISHED"}


class HEADSMITH_OT_remove_accessory(AccessoryOperator, bpy.types.Operator):
    """Take the accessory off: what Headsmith made is deleted, any other object is let go where it is"""

    bl_idname = "headsmith.remove_accessory"
    bl_label = "Remove Accessory"
    bl_options = {"REGISTER", "UNDO"}

    keep: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Keep Object", description="Only let it go; delete nothing"
    )

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Removes it."""
        (accessories.detach if self.keep else accessories.remove_accessory)(context.object)
        return {"FINISHED"}


class HEADSMITH_OT_hide_hair(AccessoryOperator, bpy.types.Operator):
    """Hide the hair splats that would stick through the accessory, or show them again"""

    bl_idname = "headsmith.hide_hair"
    bl_label = "Hide Hair"
    bl_options = {"REGISTER", "UNDO"}

    hide: bpy.props.BoolProperty(name="Hide", default=True)  # type: ignore[valid-type]
    margin_m: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Margin", default=MARGIN_M, min=0.0, max=0.05, subtype="DISTANCE", precision=4,
        description="Hide also what is this near to the accessory from below",
    )  # fmt: skip

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Hides or shows it."""
        collection = self.avatar(context)
        if self.hide:
            count = hide_hair_under(collection, context.object, self.margin_m)
            self.report({"INFO"}, f"{count} splats of hair are hidden")
        else:
            show_hair(collection, context.object)
        return {"FINISHED"}


class HEADSMITH_OT_write_accessory_library(AvatarExport, bpy.types.Operator):
    """Write all kinds of accessories to a .blend for the asset browser, with catalogs beside it"""

    bl_idname = "headsmith.write_accessory_library"
    bl_label = "Write Accessory Library"

    filename_ext = ".blend"
    filter_glob: bpy.props.StringProperty(default="*.blend", options={"HIDDEN"})  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Writes it."""
        names = write_accessory_library(self.avatar(context), Path(bpy.path.abspath(self.filepath)))
        self.report({"INFO"}, f"Wrote {len(names)} accessories")
        return {"FINISHED"}


def _select(obj: bpy.types.Object, context: bpy.types.Context) -> None:
    for other in context.selected_objects:
        other.select_set(False)
    if obj.name in context.view_layer.objects:
        obj.select_set(True)
        context.view_layer.objects.active = obj


CLASSES = (
    HEADSMITH_OT_add_accessory,
    HEADSMITH_OT_update_accessory,
    HEADSMITH_OT_fit_to_head,
    HEADSMITH_OT_remove_accessory,
    HEADSMITH_OT_hide_hair,
    HEADSMITH_OT_write_accessory_library,
)
