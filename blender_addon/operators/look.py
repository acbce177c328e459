# SPDX-License-Identifier: GPL-3.0-or-later
"""One operator for the whole look, for scripts, shortcuts and several avatars at once; the panel has the properties."""

from __future__ import annotations

import bpy

from headsmith.errors import InputError

from ..avatars import avatar_of, avatars
from ..look import COLOUR_MODES, LINEAR, SHOW, SPLATS, apply_look
from .common import report_input_errors


class HEADSMITH_OT_set_look(bpy.types.Operator):
    """Show the avatar as splats, mesh or both, and get the render settings ready for it"""

    bl_idname = "headsmith.set_look"
    bl_label = "Set Look"
    bl_options = {"REGISTER", "UNDO"}

    show: bpy.props.EnumProperty(name="Show", items=SHOW, default=SPLATS)  # type: ignore[valid-type]
    quality_percent: bpy.props.IntProperty(name="Quality", min=1, max=100, default=100, subtype="PERCENTAGE")  # type: ignore[valid-type]
    colour_mode: bpy.props.EnumProperty(name="Colours", items=COLOUR_MODES, default=LINEAR)  # type: ignore[valid-type]
    every_avatar: bpy.props.BoolProperty(name="Every Avatar", description="Of the scene, not only the one in hand")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there is an avatar."""
        return bool(avatars(context.scene))

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Sets it, and reports which render settings it had to raise."""
        changes: list[str] = []
        for collection in avatars(context.scene) if self.every_avatar else [_in_hand(context)]:
            for name in ("show", "quality_percent", "colour_mode"):
                setattr(collection.headsmith, name, getattr(self, name))
            changes += apply_look(collection, context.scene)
        if changes:
            self.report({"INFO"}, "; ".join(changes))
        return {"FINISHED"}


def _in_hand(context: bpy.types.Context) -> bpy.types.Collection:
    collection = avatar_of(context.object, context.scene)
    if collection is None:
        raise InputError(
            "the selection", found="no object of an avatar", expected="one, as the scene has several avatars",
            action="select one, or choose Every Avatar",
        )  # fmt: skip
    return collection


CLASSES = (HEADSMITH_OT_set_look,)
