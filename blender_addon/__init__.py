# SPDX-License-Identifier: GPL-3.0-or-later
"""Headsmith avatars in Blender: `registration` lists what is registered; the rest is plain functions."""

from __future__ import annotations


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the add-on is disabled."""
    from . import registration

    registration.unregister()
