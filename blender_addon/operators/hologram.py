# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttons of the hologram: set up, remove, render in a layout, check edges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy

from headsmith.errors import InputError

from ..avatars import avatar_of
from ..edges import check_edges
from ..hologram import HologramOptions, remove_hologram, setup_hologram
from ..hologram_layouts import Layout, Pyramid, Quilt, Single
from ..hologram_properties import ALPHA_ITEMS, FORMAT_ITEMS, PRESET_ITEMS, HologramSettings
from ..hologram_render import HologramJob, layout_steps, planned_files
from .common import report_input_errors


class HEADSMITH_OT_hologram_setup(bpy.types.Operator):
    """Render this scene as a hologram: transparent film, effects in the compositor, a file with alpha"""

    bl_idname = "headsmith.hologram_setup"
    bl_label = "Set Up Hologram"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(items=PRESET_ITEMS, default="BLUE", name="Preset")  # type: ignore[valid-type]
    file_format: bpy.props.EnumProperty(items=FORMAT_ITEMS, name="Format")  # type: ignore[valid-type]
    alpha: bpy.props.EnumProperty(items=ALPHA_ITEMS, name="Alpha")  # type: ignore[valid-type]

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Sets it up, or changes it."""
        setup_hologram(context.scene, HologramOptions(self.preset, self.file_format, self.alpha))
        return {"FINISHED"}


class HEADSMITH_OT_hologram_remove(bpy.types.Operator):
    """Put the scene's render settings and compositor back as they were before the hologram"""

    bl_idname = "headsmith.hologram_remove"
    bl_label = "Remove Hologram"
    bl_options = {"REGISTER", "UNDO"}

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Removes it."""
        remove_hologram(context.scene)
        return {"FINISHED"}


class HEADSMITH_OT_hologram_render(bpy.types.Operator):
    """Render the hologram in its layout to a file (Esc stops it between two views)"""

    bl_idname = "headsmith.hologram_render"
    bl_label = "Render Hologram"
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    animation: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Animation", description="All frames of the scene, instead of the current one", options={"SKIP_SAVE"}
    )

    _steps: Iterator[float] | None = None
    _timer: bpy.types.Timer | None = None

    @report_input_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the file, then renders view by view, with the interface alive in between."""
        if not self.filepath:
            self.filepath = "//hologram"
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return self.execute(context)

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Renders all of it at once where nobody can watch, else view by view."""
        job = self._job(context.scene)
        self._steps = layout_steps(context.scene, avatar_of(context.object, context.scene), job)
        manager = context.window_manager
        manager.progress_begin(0, 1)
        if self.options.is_invoke and not bpy.app.background:
            self._timer = manager.event_timer_add(0.01, window=context.window)
            manager.modal_handler_add(self)
            return {"RUNNING_MODAL"}
        try:
            for share in self._steps:
                manager.progress_update(share)
        finally:
            manager.progress_end()
        return self._done(context, job)

    @report_input_errors
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One view at each tick of the timer."""
        if event.type == "ESC":
            self._end(context)
            self.report({"WARNING"}, "Stopped; the views of the unfinished picture are dropped")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        try:
            share = next(self._steps)
        except StopIteration:
            self._end(context)
            return self._done(context, self._job(context.scene))
        except Exception:
            self._end(context)
            raise
        context.window_manager.progress_update(share)
        context.workspace.status_text_set(f"Rendering the hologram: {share:.0%}; Esc stops it")
        return {"RUNNING_MODAL"}

    def _job(self, scene: bpy.types.Scene) -> HologramJob:
        if not self.filepath:
            raise InputError("hologram", found="no file name", expected="where to write it", action="give one")
        frames = tuple(range(scene.frame_start, scene.frame_end + 1, scene.frame_step)) if self.animation else ()
        settings = scene.headsmith_hologram
        return HologramJob(chosen_layout(settings), Path(bpy.path.abspath(self.filepath)), frames, settings.on_black)

    def _done(self, context: bpy.types.Context, job: HologramJob) -> set[str]:
        files = planned_files(context.scene, job)
        context.scene.headsmith_hologram.last_file = str(files[-1])
        self.report({"INFO"}, f"Wrote {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else ""))
        return {"FINISHED"}

    def _end(self, context: bpy.types.Context) -> None:
        self._steps.close()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)


class HEADSMITH_OT_check_edges(bpy.types.Operator):
    """Lay a picture over black, white, a checker and grey, and measure whether its edges are clean"""

    bl_idname = "headsmith.check_edges"
    bl_label = "Check Edges"
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        subtype="FILE_PATH", description="A PNG or OpenEXR picture; none: what was rendered last", options={"SKIP_SAVE"}
    )

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """One sentence; an error where there is a fringe. Its sheet opens as an image of the file."""
        name = self.filepath or context.scene.headsmith_hologram.last_file
        if not name:
            raise InputError("edge check", found="no picture", expected="a PNG or OpenEXR", action="render one first")
        report, sheet = check_edges(Path(bpy.path.abspath(name)))
        bpy.data.images.load(str(sheet), check_existing=True).reload()
        self.report({"INFO"} if report.is_clean else {"ERROR"}, f"{report.sentence()} See {sheet.name}")
        return {"FINISHED"}


def chosen_layout(settings: HologramSettings) -> Layout:
    """The layout that a scene's settings describe."""
    if settings.layout == "PYRAMID":
        return Pyramid(
            settings.pyramid_side_px, settings.pyramid, settings.pyramid_mirrored, settings.pyramid_size,
            settings.pyramid_gap,
        )  # fmt: skip
    if settings.layout == "QUILT":
        return Quilt(
            settings.quilt_columns, settings.quilt_rows, settings.quilt_aspect, settings.quilt_view_height_px,
            settings.quilt_cone_deg,
        )  # fmt: skip
    return Single()


CLASSES = (
    HEADSMITH_OT_hologram_setup,
    HEADSMITH_OT_hologram_remove,
    HEADSMITH_OT_hologram_render,
    HEADSMITH_OT_check_edges,
)
