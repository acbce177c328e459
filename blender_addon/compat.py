# SPDX-License-Identifier: GPL-3.0-or-later
"""Every difference between Blender's versions, from 4.2 on, in one place."""

from __future__ import annotations

from typing import Any

import bpy

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
"""the id of the EEVEE engine: 4.2 to 4.5 call the new one BLENDER_EEVEE_NEXT"""


def set_modifier_input(modifier: bpy.types.NodesModifier, identifier: str, value: Any) -> None:
    """The value of a geometry-nodes modifier's input; `identifier` is the socket's, such as "Socket_1"."""
    if bpy.app.version >= (5, 2, 0):
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value


def modifier_input(modifier: bpy.types.NodesModifier, identifier: str) -> Any:
    """What `set_modifier_input` set."""
    if bpy.app.version >= (5, 2, 0):
        return getattr(modifier.properties.inputs, identifier).value
    return modifier[identifier]


def modifier_input_path(identifier: str) -> str:
    """The data path of a modifier's input, relative to the modifier, for drivers and keyframes."""
    return f"properties.inputs.{identifier}.value" if bpy.app.version >= (5, 2, 0) else f'["{identifier}"]'
