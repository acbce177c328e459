# SPDX-License-Identifier: GPL-3.0-or-later
"""Another format or alpha for a hologram that is there, from the panel: its sliders stay."""

from __future__ import annotations

import bpy

from .hologram import HologramOptions, hologram_node, setup_hologram

_running: list[bool] = []
"""not empty while the settings are written here, which calls back"""


def renew_output(scene: bpy.types.Scene) -> None:
    """Brings the render settings in line with the scene's hologram settings; nothing without a hologram."""
    node = hologram_node(scene)
    if node is None or _running:
        return
    settings = scene.headsmith_hologram
    sliders = {socket.name: _copied(socket.default_value) for socket in node.inputs[1:]}
    _running.append(True)
    try:
        node = setup_hologram(scene, HologramOptions(settings.preset, settings.file_format, settings.alpha))
    finally:
        _running.clear()
    for name, value in sliders.items():
        node.inputs[name].default_value = value


def _copied(value: object) -> object:
    return value if isinstance(value, (int, float)) else tuple(value)
