# SPDX-License-Identifier: GPL-3.0-or-later
"""The button, and how far the build is, in the sidebar tab of Headsmith."""

from __future__ import annotations

import bpy

from .operators import current


class HEADSMITH_PT_reconstruct(bpy.types.Panel):
    """Avatars from photos"""

    bl_label = "Reconstruct"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Headsmith"

    def draw(self, context: bpy.types.Context) -> None:
        """The button; in its place, while it runs, the progress of the stage."""
        build = current()
        if build is None:
            self.layout.operator("headsmith.build_avatar", icon="IMAGE_DATA")
            return
        row = self.layout.row(align=True)
        row.progress(factor=build.fraction, text=f"{build.stage.capitalize()} {build.fraction:.0%}")
        row.operator("headsmith.cancel_build", text="", icon="X")


CLASSES = (HEADSMITH_PT_reconstruct,)
