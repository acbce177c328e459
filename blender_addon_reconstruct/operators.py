# SPDX-License-Identifier: GPL-3.0-or-later
"""Build from Photos. A script waits for it; beside the interface it runs while the user goes on working.

It is watched by an application timer rather than a modal operator, because a running modal operator would take undo
away from the user for as long as the build lasts.
"""

from __future__ import annotations

import atexit
from pathlib import Path

import bpy

from . import building
from .building import Build, BuildError, Request
from .preferences import preferences

_TICK_S = 0.25
_current: Build | None = None


def current() -> Build | None:
    """The build that runs beside the interface."""
    return _current


class HEADSMITH_OT_build_avatar(bpy.types.Operator):
    """Build an avatar from one or more photos of one person with your own installation of Headsmith, and import it"""

    bl_idname = "headsmith.build_avatar"
    bl_label = "Build from Photos"
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    files: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.jpg;*.jpeg;*.png;*.webp;*.heic;*.heif;*.tif;*.tiff", options={"HIDDEN"}
    )
    quality: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Quality",
        items=[
            ("draft", "Draft", "Half a minute on a laptop"),
            ("standard", "Standard", "Some minutes on a laptop"),
            ("high", "High", "For close-ups; long on a laptop, short with a CUDA GPU"),
        ],
        default="standard",
    )
    consent: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Consent", description="What the person in the photos agreed to; kept in the avatar"
    )
    head: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Head Model", subtype="FILE_PATH", description="A FLAME or GNM file of yours; empty for the default head"
    )
    replace: bpy.props.BoolProperty(name="Replace", description="Take the place of an existing avatar of that name")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where nothing is being built, and there is an add-on that imports."""
        if _current is not None:
            cls.poll_message_set("An avatar is being built")
            return False
        if not hasattr(bpy.types, "HEADSMITH_OT_import_avatar"):
            cls.poll_message_set("Enable the add-on Headsmith, which imports what is built")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the photos."""
        self._watched = not bpy.app.background
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Starts the build where someone watches; builds, waits and imports for a script."""
        settings = preferences(context)
        try:
            command = building.find_command(bpy.path.abspath(settings.command) if settings else "")
            request = self._request(bpy.path.abspath(settings.folder) if settings else "")
            if getattr(self, "_watched", False):
                _watch(building.start(command, request))
                return {"FINISHED"}
            path = building.run(command, request, lambda _, done: context.window_manager.progress_update(done))
        except BuildError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return bpy.ops.headsmith.import_avatar(filepath=str(path))

    def _request(self, folder: str) -> Request:
        picked = [Path(bpy.path.abspath(self.directory)) / file.name for file in self.files if file.name]
        photos = tuple(picked or ([Path(bpy.path.abspath(self.filepath))] if self.filepath else []))
        if not photos:
            raise BuildError("No photo was chosen; choose one or more of one person.")
        head = bpy.path.abspath(self.head)
        output = building.output_for(photos, folder)
        return Request(photos, output, self.quality, self.consent, head, self.replace)


class HEADSMITH_OT_cancel_build(bpy.types.Operator):
    """Stop building; nothing is written"""

    bl_idname = "headsmith.cancel_build"
    bl_label = "Cancel Build"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where something is being built."""
        return _current is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Stops it."""
        assert _current is not None, "poll() is asked before"
        _current.cancel()
        return {"FINISHED"}


class HEADSMITH_OT_finish_build(bpy.types.Operator):
    """Import what was built"""

    bl_idname = "headsmith.finish_build"
    bl_label = "Finish Build"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Called by the timer once the build has ended: an operator, so that its reports are seen."""
        global _current
        build, _current = _current, None
        if build is None:
            return {"CANCELLED"}
        atexit.unregister(build.cancel)
        try:
            path = build.result()
        except BuildError as error:
            self.report({"INFO" if build.cancelled else "ERROR"}, str(error))
            return {"CANCELLED"}
        for warning in build.warnings:
            self.report({"WARNING"}, warning)
        return bpy.ops.headsmith.import_avatar("EXEC_DEFAULT", True, filepath=str(path))


def stop() -> None:
    """Ends a build that is running, and its timer; for when the add-on is disabled."""
    global _current
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _current is not None:
        _current.cancel()
        _current = None


def _watch(build: Build) -> None:
    global _current
    _current = build
    # a build whose Blender is gone has nobody to tell
    atexit.register(build.cancel)
    # it goes on when another file is opened
    bpy.app.timers.register(_tick, first_interval=_TICK_S, persistent=True)


def _tick() -> float | None:
    windows = bpy.context.window_manager.windows
    for window in windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
    if _current is not None and _current.running():
        return _TICK_S
    # timers run without a window, which importing and reports need
    with bpy.context.temp_override(window=windows[0]):
        bpy.ops.headsmith.finish_build("INVOKE_DEFAULT")
    return None


CLASSES = (HEADSMITH_OT_build_avatar, HEADSMITH_OT_cancel_build, HEADSMITH_OT_finish_build)
