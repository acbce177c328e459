# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator does alike: one clear sentence where the user's input is wrong."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper

from headsmith.errors import InputError

from ..avatars import avatar_of
from ..preferences import preferences

Method = Callable[..., set[str]]
"""an operator's execute, invoke or modal"""


def report_input_errors(method: Method) -> Method:
    """Decorates `execute`, `invoke` or `modal`: an InputError becomes one reported sentence and CANCELLED.

    Anything else is a defect and keeps its traceback. A script that calls the operator gets Blender's RuntimeError
    with that sentence in it.
    """

    def guarded(self: Any, *args: Any) -> set[str]:
        try:
            return method(self, *args)
        except InputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    # Blender counts the arguments when it registers the class, so *args would not do
    if len(inspect.signature(method).parameters) == 3:

        @functools.wraps(method)
        def with_event(self: Any, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
            return guarded(self, context, event)

        return with_event

    @functools.wraps(method)
    def without_event(self: Any, context: bpy.types.Context) -> set[str]:
        return guarded(self, context)

    return without_event


class AvatarOperator:
    """Mixin of operators that work on the avatar in hand: greyed out, with the reason, where that is not clear."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where one avatar is meant."""
        if avatar_of(context.object, context.scene) is None:
            cls.poll_message_set("Select an object of an avatar")  # type: ignore[attr-defined]
            return False
        return True

    @staticmethod
    def avatar(context: bpy.types.Context) -> bpy.types.Collection:
        """The avatar of the active object, or the scene's only one."""
        collection = avatar_of(context.object, context.scene)
        assert collection is not None, "poll() is asked before"
        return collection


class AvatarExport(AvatarOperator, ExportHelper):
    """Mixin of operators that write a file of the avatar in hand, which is offered a name and a place to begin with."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the file, named after the avatar."""
        if not self.filepath:
            liked = preferences(context)
            folder = (liked.output_folder if liked else "") or ("//" if bpy.data.filepath else "")
            name = bpy.path.clean_name(self.avatar(context).name) + self.filename_ext  # type: ignore[attr-defined]
            self.filepath = str(Path(bpy.path.abspath(folder)) / name)
        return super().invoke(context, event)
