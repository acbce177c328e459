# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset and key buttons of a group of sliders."""

from __future__ import annotations

import bpy

from ..controls import sliders
from ..slider_groups import group_of
from .common import AvatarOperator


class _GroupOperator(AvatarOperator):
    bl_options = {"REGISTER", "UNDO"}

    group: bpy.props.StringProperty(name="Group", description="A part of the face, such as Mouth")  # type: ignore[valid-type]

    def keys(self, context: bpy.types.Context) -> list[bpy.types.ShapeKey]:
        """The group's shape keys."""
        return [key for name, key in sliders(self.avatar(context)).items() if group_of(name) == self.group]


class HEADSMITH_OT_reset_sliders(_GroupOperator, bpy.types.Operator):
    """Set the sliders of this part of the face to 0"""

    bl_idname = "headsmith.reset_sliders"
    bl_label = "Reset Sliders"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Resets them; keyframes stay."""
        for key in self.keys(context):
            key.value = 0.0
        return {"FINISHED"}


class HEADSMITH_OT_key_sliders(_GroupOperator, bpy.types.Operator):
    """Insert a keyframe on the sliders of this part of the face"""

    bl_idname = "headsmith.key_sliders"
    bl_label = "Key Sliders"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Keys them at the current frame."""
        for key in self.keys(context):
            key.keyframe_insert("value", frame=context.scene.frame_current)
        return {"FINISHED"}


CLASSES = (HEADSMITH_OT_reset_sliders, HEADSMITH_OT_key_sliders)
