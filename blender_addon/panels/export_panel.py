# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the avatar goes from here."""

from __future__ import annotations

import bpy

from .common import AvatarPanel


class HEADSMITH_PT_export(AvatarPanel, bpy.types.Panel):
    """Files for engines, the web and splat viewers"""

    bl_label = "Export"

    def draw(self, context: bpy.types.Context) -> None:
        """A button for each kind of file; the file browser has its options."""
        column = self.layout.column(align=True)
        column.operator("headsmith.export_gltf", text="glTF, as Edited", icon="MESH_MONKEY")
        column.operator("headsmith.export_splats", text="Splats", icon="OUTLINER_OB_POINTCLOUD")


CLASSES = (HEADSMITH_PT_export,)
