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

from ..avatars import avatar_of, lacks
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

    mends = False
    """whether it works on an avatar of which parts are missing"""
    changes = True
    """whether it works only on an avatar that can be changed here: one that is linked from a file cannot be"""
    adds = False
    """whether it puts something into the avatar's collection, which not even a library override allows"""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where one avatar is meant, and it is whole."""
        collection = avatar_of(context.object, context.scene)
        missing = lacks(collection) if collection and not cls.mends else ""
        foreign = collection and cls.changes and (collection.library or (cls.adds and collection.override_library))
        if collection is None:
            cls.poll_message_set("Select an object of an avatar")  # type: ignore[attr-defined]
        elif missing:
            cls.poll_message_set(f"The avatar's {missing} is gone: reload it")  # type: ignore[attr-defined]
        elif foreign:
            cls.poll_message_set("The avatar is linked from another file: append it instead")  # type: ignore[attr-defined]
        return collection is not None and not missing and not foreign

    @staticmethod
    def avatar(context: bpy.types.Context) -> bpy.types.Collection:
        """The avatar of the active object, or the scene's only one."""
        collection = avatar_of(context.object, context.scene)
        assert collection is not None, "poll() is asked before"
        return collection


class AvatarExport(AvatarOperator, ExportHelper):
    """Mixin of operators that write a file of the avatar in hand, which is offered a name and a place to begin with."""

    changes = False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Asks for the file, named after the avatar."""
        if not self.filepath:
            liked = preferences(context)
            folder = (liked.output_folder if liked else "") or ("//" if bpy.data.filepath else "")
            name = bpy.path.clean_name(self.avatar(context).name) + self.filename_ext  # type: ignore[attr-defined]
            self.filepath = str(Path(bpy.path.abspath(folder)) / name)
        return super().invoke(context, event)
