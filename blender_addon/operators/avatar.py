# SPDX-License-Identifier: GPL-3.0-or-later
"""Which avatar is in hand, which of its objects, and bringing it up to date."""

from __future__ import annotations

from pathlib import Path

import bpy

from headsmith.asset import read_avatar
from headsmith.errors import InputError

from ..avatars import avatars, select_avatar, select_only
from ..importing import update_avatar
from ..pictures import decode_png
from ..state import set_mode
from .common import AvatarOperator, report_input_errors


class HEADSMITH_OT_select_avatar(bpy.types.Operator):
    """Select the avatar's rig: the panel is then about this avatar"""

    bl_idname = "headsmith.select_avatar"
    bl_label = "Select Avatar"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Name", description="Of the avatar's collection")  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Selects it."""
        # of two with one name, the one that is not linked from another file
        found = {c.name: c for c in sorted(avatars(context.scene), key=lambda c: c.library is None)}
        if self.name not in found:
            raise InputError(f"avatar '{self.name}'", found="no avatar of that name in the scene",
                             expected=", ".join(found) or "an imported avatar", action="import it first")  # fmt: skip
        select_avatar(found[self.name], context.view_layer)
        return {"FINISHED"}


class HEADSMITH_OT_reload_avatar(AvatarOperator, bpy.types.Operator):
    """Read the avatar's bundle again, as it is on disk now; what you made of the avatar stays"""

    bl_idname = "headsmith.reload_avatar"
    bl_label = "Reload Avatar"
    bl_options = {"REGISTER", "UNDO"}
    mends = adds = True

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Brings it up to date."""
        collection = self.avatar(context)
        path = Path(collection.headsmith.source)
        update_avatar(collection, read_avatar(path, decode_png), path, context.scene)
        return {"FINISHED"}


class HEADSMITH_OT_select_object(AvatarOperator, bpy.types.Operator):
    """Select one of the avatar's objects"""

    bl_idname = "headsmith.select_object"
    bl_label = "Select Object"
    bl_options = {"REGISTER", "UNDO"}
    mends, changes = True, False

    name: bpy.props.StringProperty(name="Name")  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Selects it."""
        collection = self.avatar(context)
        if self.name not in collection.all_objects:
            raise InputError(f"object '{self.name}'", found=f"no such object in {collection.name}",
                             expected="one of the avatar's objects", action="choose another")  # fmt: skip
        select_only(collection.all_objects[self.name], context.view_layer)
        return {"FINISHED"}


class HEADSMITH_OT_pose_bones(AvatarOperator, bpy.types.Operator):
    """Select the avatar's rig and go to pose mode, where neck, jaw and eyes turn; or leave it"""

    bl_idname = "headsmith.pose_bones"
    bl_label = "Pose Bones"
    bl_options = {"REGISTER", "UNDO"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Goes there, or back to object mode."""
        leaving, rig = context.mode == "POSE", self.avatar(context).headsmith.rig
        if not rig.visible_get():
            raise InputError(f"rig '{rig.name}'", found="hidden, or out of the view layer", expected="it in sight",
                             action="show it first")  # fmt: skip
        select_avatar(self.avatar(context), context.view_layer)
        if not leaving:
            set_mode("POSE")
        return {"FINISHED"}


CLASSES = (
    HEADSMITH_OT_select_avatar,
    HEADSMITH_OT_reload_avatar,
    HEADSMITH_OT_select_object,
    HEADSMITH_OT_pose_bones,
)
