# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the user's installation of Headsmith is, and where avatars go."""

from __future__ import annotations

from typing import Any

import bpy


class HEADSMITH_AP_reconstruct(bpy.types.AddonPreferences):
    bl_idname = __package__

    command: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Command",
        subtype="FILE_PATH",
        description="The headsmith command of your installation; empty for the one on PATH",
    )
    folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Avatars Folder",
        subtype="DIR_PATH",
        description="Where avatars are written; empty for beside the first photo",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Both, one below the other."""
        self.layout.use_property_split = True
        self.layout.prop(self, "command")
        self.layout.prop(self, "folder")


def preferences(context: bpy.types.Context) -> Any | None:
    """The user's settings; None where the add-on runs without being installed as one (in tests)."""
    addon = context.preferences.addons.get(__package__)
    return addon.preferences if addon else None


CLASSES = (HEADSMITH_AP_reconstruct,)
