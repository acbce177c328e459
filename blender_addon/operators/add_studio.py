# SPDX-License-Identifier: GPL-3.0-or-later
"""The button that puts an avatar into a photo studio."""

from __future__ import annotations

import bpy

from ..avatars import avatar_of
from ..builders.studio import add_studio


class HEADSMITH_OT_add_studio(bpy.types.Operator):
    """Add three lights, a neutral world and an 85 mm camera that frames the avatar"""

    bl_idname = "headsmith.add_studio"
    bl_label = "Add Studio"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where it is clear which avatar is meant."""
        if avatar_of(context.object, context.scene) is None:
            cls.poll_message_set("Select an object of the avatar that the studio is for")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Adds it, or moves the scene's studio to this avatar."""
        add_studio(context.scene, avatar_of(context.object, context.scene))
        return {"FINISHED"}


CLASSES = (HEADSMITH_OT_add_studio,)
