# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Import > Headsmith Avatar."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..importing import import_avatar
from .common import report_input_errors


class HEADSMITH_OT_import_avatar(bpy.types.Operator):
    """Import a Headsmith avatar: rigged head and Gaussian splats"""

    bl_idname = "headsmith.import_avatar"
    bl_label = "Import Avatar"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_glob: bpy.props.StringProperty(default="*.avatar;*.zip;avatar.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the file, unless one was dropped."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Imports it; one sentence says what is wrong where it cannot be."""
        manager = context.window_manager
        manager.progress_begin(0, 1)
        try:
            import_avatar(Path(bpy.path.abspath(self.filepath)), context.scene, manager.progress_update)
        finally:
            manager.progress_end()
        return {"FINISHED"}


def _menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(HEADSMITH_OT_import_avatar.bl_idname, text="Headsmith Avatar (.avatar)")


CLASSES = (HEADSMITH_OT_import_avatar,)


def register() -> None:
    """Adds the line in File > Import."""
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister() -> None:
    """Removes it."""
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
