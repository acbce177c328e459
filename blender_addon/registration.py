# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on registers, in one list; undone in the opposite order, so that nothing stays behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import bpy

from . import (
    accessory_properties,
    dynamic_texture,
    hologram_properties,
    look,
    preferences,
    properties,
    view_following,
)
from .cli import command
from .operators import accessories, add_studio, avatar, export, eye_target, import_avatar, motion, poses, sliders
from .operators import dynamic_texture as texture_operators
from .operators import hologram as hologram_operators
from .operators import look as look_operators
from .panels import accessory_panel, avatar_panel, export_panel, expression_panel, hologram_panel, look_panel

MODULES: tuple[ModuleType, ...] = (
    properties,
    accessory_properties,
    dynamic_texture,
    hologram_properties,
    look,
    view_following,
    preferences,
    import_avatar,
    add_studio,
    avatar,
    sliders,
    poses,
    motion,
    eye_target,
    accessories,
    texture_operators,
    hologram_operators,
    look_operators,
    export,
    command,
    avatar_panel,
    expression_panel,
    look_panel,
    accessory_panel,
    hologram_panel,
    export_panel,
)
"""each has CLASSES and, where there is more to do, register() and unregister()"""


def register() -> None:
    """Registers all classes, then what modules add beside them (handlers, menus, pointers); all of it or nothing."""
    done: list[Callable[[], None]] = []
    try:
        for module in MODULES:
            for cls in module.CLASSES:
                bpy.utils.register_class(cls)
                done.append(partial(bpy.utils.unregister_class, cls))
            if hasattr(module, "register"):
                module.register()
                done.append(module.unregister)
    except Exception:
        for undo in reversed(done):
            undo()
        raise


def unregister() -> None:
    """Takes everything away again."""
    for module in reversed(MODULES):
        if hasattr(module, "unregister"):
            module.unregister()
        for cls in reversed(module.CLASSES):
            bpy.utils.unregister_class(cls)
