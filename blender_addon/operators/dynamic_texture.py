# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake Dynamic Texture: the textures of a frame range as pictures that anyone can render."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from headsmith.errors import InputError

from ..avatars import avatar_of
from ..builders.dynamic_texture import has_network
from ..texture_baking import BakeRange, bake_steps
from .common import report_input_errors


class HEADSMITH_OT_bake_dynamic_texture(bpy.types.Operator):
    """Write the avatar's texture for each frame, so that the scene renders alike without the add-on"""

    bl_idname = "headsmith.bake_dynamic_texture"
    bl_label = "Bake Dynamic Texture"
    bl_options = {"REGISTER", "UNDO"}

    folder: bpy.props.StringProperty(
        name="Folder", description="Where the pictures go; empty for the avatar's own setting", subtype="DIR_PATH"
    )  # type: ignore[valid-type]
    frame_start: bpy.props.IntProperty(name="First Frame", description="-1 for the scene's", default=-1, min=-1)  # type: ignore[valid-type]
    frame_end: bpy.props.IntProperty(name="Last Frame", description="-1 for the scene's", default=-1, min=-1)  # type: ignore[valid-type]

    _steps: Iterator[float]
    _timer: Any = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where the avatar in hand has a network."""
        collection = avatar_of(context.object, context.scene)
        if collection is None or not has_network(collection.headsmith.albedo):
            cls.poll_message_set("Only for an avatar that was built with a dynamic texture")
            return False
        return True

    @report_input_errors
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bakes all of it before it returns."""
        for _ in self._start(context):
            pass
        return {"FINISHED"}

    @report_input_errors
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Bakes a frame at a time, so that Escape can stop it; what is written is kept for the next time."""
        self._steps = self._start(context)
        self._timer = context.window_manager.event_timer_add(0.01, window=context.window)
        context.window_manager.progress_begin(0, 1)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One frame for each tick."""
        if event.type == "ESC":
            return self._stop(context, {"CANCELLED"})
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        done = self._step(context)
        return {"RUNNING_MODAL"} if done == {"RUNNING_MODAL"} else self._stop(context, done)

    @report_input_errors
    def _step(self, context: bpy.types.Context) -> set[str]:
        share = next(self._steps, None)
        if share is None:
            return {"FINISHED"}
        context.window_manager.progress_update(share)
        return {"RUNNING_MODAL"}

    def _stop(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        self._steps.close()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        return result

    def _start(self, context: bpy.types.Context) -> Iterator[float]:
        collection, scene = avatar_of(context.object, context.scene), context.scene
        folder = self.folder or collection.headsmith.texture_folder
        if folder.startswith("//") and not bpy.data.filepath:
            raise InputError(
                f"the folder {folder}",
                found="a .blend that has not been saved yet",
                expected="a place beside it",
                action="save the .blend first, or choose another folder",
            )
        first = scene.frame_start if self.frame_start < 0 else self.frame_start
        last = scene.frame_end if self.frame_end < 0 else self.frame_end
        return bake_steps(collection, scene, BakeRange(Path(bpy.path.abspath(folder)), first, last))


CLASSES = (HEADSMITH_OT_bake_dynamic_texture,)
