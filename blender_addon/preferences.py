# SPDX-License-Identifier: GPL-3.0-or-later
"""How new avatars look and where files go, as the user likes it."""

from __future__ import annotations

import bpy

from .look import COLOUR_MODES, LINEAR, SHOW, SPLATS


class HEADSMITH_AP_preferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > Headsmith."""

    bl_idname = __package__

    show: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Show", items=SHOW, default=SPLATS, description="What newly imported avatars show"
    )
    colour_mode: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Colours", items=COLOUR_MODES, default=LINEAR, description="The colours of newly imported avatars"
    )
    output_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Output Folder",
        subtype="DIR_PATH",
        description="Where exports are offered to go; empty for beside the .blend",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """One below the other."""
        layout = self.layout
        layout.use_property_split = True
        layout.row().prop(self, "show", expand=True)
        layout.row().prop(self, "colour_mode", expand=True)
        layout.prop(self, "output_folder")


def preferences(context: bpy.types.Context) -> HEADSMITH_AP_preferences | None:
    """The user's settings; None where the add-on is registered without being installed (in scripts)."""
    addon = context.preferences.addons.get(__package__)
    return addon.preferences if addon else None


CLASSES = (HEADSMITH_AP_preferences,)
