# SPDX-License-Identifier: GPL-3.0-or-later
"""A button in Blender that runs the user's own `headsmith build` and imports what it makes.

It is an add-on of its own because it needs a program that is installed elsewhere, which Blender's extensions platform
does not take; the add-on Headsmith, which imports the avatar, is whole without it.
"""

from __future__ import annotations


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    import bpy

    from . import operators, panel, preferences

    for cls in (*preferences.CLASSES, *operators.CLASSES, *panel.CLASSES):
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Called by Blender when the add-on is disabled; a build that is running is stopped."""
    import bpy

    from . import operators, panel, preferences

    operators.stop()
    for cls in reversed((*preferences.CLASSES, *operators.CLASSES, *panel.CLASSES)):
        bpy.utils.unregister_class(cls)
