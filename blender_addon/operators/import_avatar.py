# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Import > Headsmith Avatar, and avatars dropped on the viewport."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy_extras.io_utils import poll_file_object_drop

from ..avatars import select_avatar
from ..importing import ImportOptions, Outcome, import_each
from ..preferences import preferences
from ..views import frame_in_views
from .common import report_input_errors

_TICK_S = 0.05
"""enough for the status bar to be drawn before the next avatar is read"""


class HEADSMITH_OT_import_avatar(bpy.types.Operator):
    """Import Headsmith avatars: each a rigged head with shape keys and Gaussian splats. Pick a .avatar.zip, a .avatar
    folder, or the avatar.json inside one"""

    bl_idname = "headsmith.import_avatar"
    bl_label = "Import Avatar"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    files: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )
    filter_glob: bpy.props.StringProperty(default="*.avatar;*.zip;avatar.json", options={"HIDDEN"})  # type: ignore[valid-type]
    as_copy: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="As Copy",
        description="Make another avatar where the scene has one of this bundle, rather than bring that up to date",
    )
    side_by_side: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Side by Side", default=True, description="Place it beside the scene's avatars, not at the world's origin"
    )

    frame_in_view: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Frame in View",
        default=True,
        description="Bring what was imported into view: a head is small beside a room",
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for files, unless some were dropped."""
        self._watched = not bpy.app.background
        if self.filepath or self.files:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Imports them: one after the other with a status line where someone watches, at once for a script."""
        self._outcomes: list[Outcome] = []
        manager = context.window_manager
        manager.progress_begin(0, 1)
        self._work = import_each(self._paths(), context.scene, self._options(context), manager.progress_update)
        if getattr(self, "_watched", False):
            self._show_status(context)
            self._timer = manager.event_timer_add(_TICK_S, window=context.window)
            manager.modal_handler_add(self)
            return {"RUNNING_MODAL"}
        self._outcomes.extend(self._work)
        return self._finish(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One avatar each tick; Escape keeps those that are done and leaves the rest."""
        if event.type == "ESC":
            self._work.close()
        elif event.type != "TIMER":
            return {"RUNNING_MODAL"}
        outcome = next(self._work, None)
        if outcome is not None:
            self._outcomes.append(outcome)
            self._show_status(context)
            return {"RUNNING_MODAL"}
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)
        return self._finish(context)

    def _paths(self) -> list[Path]:
        folder = Path(bpy.path.abspath(self.directory))
        picked = [folder / file.name for file in self.files if file.name]
        return picked or [Path(bpy.path.abspath(self.filepath))]

    def _options(self, context: bpy.types.Context) -> ImportOptions:
        options, liked = ImportOptions(self.as_copy, self.side_by_side), preferences(context)
        return replace(options, show=liked.show, colour_mode=liked.colour_mode) if liked else options

    def _show_status(self, context: bpy.types.Context) -> None:
        paths, done = self._paths(), len(self._outcomes)
        if done < len(paths):
            text = f"Importing {paths[done].name} ({done + 1} of {len(paths)}); Esc stops after it"
            context.workspace.status_text_set(text)

    def _finish(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.progress_end()
        made = [outcome.collection for outcome in self._outcomes if outcome.collection]
        for outcome in self._outcomes:
            if outcome.problem:
                self.report({"ERROR"}, outcome.problem)
        if not made:
            return {"CANCELLED"}
        select_avatar(made[-1], context.view_layer)
        if self.frame_in_view:
            frame_in_views(made, context)
        self.report({"INFO"}, f"Imported {', '.join(collection.name for collection in made)}")
        return {"FINISHED"}


class HEADSMITH_FH_avatar(bpy.types.FileHandler):
    """Avatars dropped on the viewport or the outliner. Blender goes by the last extension: .zip alone"""

    bl_idname = "HEADSMITH_FH_avatar"
    bl_label = "Headsmith Avatar"
    bl_import_operator = "headsmith.import_avatar"
    bl_file_extensions = ".avatar;.zip;.json"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Where objects may be dropped."""
        return bool(poll_file_object_drop(context))


def _menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(HEADSMITH_OT_import_avatar.bl_idname, text="Headsmith Avatar (.avatar, .avatar.zip)")


CLASSES = (HEADSMITH_OT_import_avatar, HEADSMITH_FH_avatar)


def register() -> None:
    """Adds the line in File > Import."""
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister() -> None:
    """Removes it."""
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
