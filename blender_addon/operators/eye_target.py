# SPDX-License-Identifier: GPL-3.0-or-later
"""Eyes that follow a target, on and off."""

from __future__ import annotations

import bpy

from ..eye_target import add_eye_target, remove_eye_target
from .common import AvatarOperator, report_input_errors


class HEADSMITH_OT_add_eye_target(AvatarOperator, bpy.types.Operator):
    """Add an empty in front of the face that the avatar's eyes follow"""

    bl_idname = "headsmith.add_eye_target"
    bl_label = "Add Eye Target"
    bl_options = {"REGISTER", "UNDO"}
    adds = True

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Adds it; nothing changes where there is one."""
        add_eye_target(self.avatar(context))
        return {"FINISHED"}


class HEADSMITH_OT_remove_eye_target(AvatarOperator, bpy.types.Operator):
    """Remove the empty that the avatar's eyes follow"""

    bl_idname = "headsmith.remove_eye_target"
    bl_label = "Remove Eye Target"
    bl_options = {"REGISTER", "UNDO"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Removes it; nothing changes where there is none."""
        remove_eye_target(self.avatar(context))
        return {"FINISHED"}


CLASSES = (HEADSMITH_OT_add_eye_target, HEADSMITH_OT_remove_eye_target)
