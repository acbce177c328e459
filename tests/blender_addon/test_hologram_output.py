"""Format and alpha of a hologram, changed in the panel."""

from __future__ import annotations

from typing import Any

import pytest

from headsmith_blender.hologram import HologramOptions, hologram_node, setup_hologram


def test_another_format_keeps_the_sliders(scene: Any) -> None:
    node = setup_hologram(scene, HologramOptions("BLUE", "PNG"))
    node.inputs["Rim"].default_value = 3.0
    node.inputs["Tint Color"].default_value = (0.5, 0.25, 0.125, 1.0)
    scene.headsmith_hologram.file_format = "OPEN_EXR"
    assert scene.render.image_settings.file_format == "OPEN_EXR"
    node = hologram_node(scene)
    assert node.inputs["Rim"].default_value == 3.0
    assert tuple(node.inputs["Tint Color"].default_value) == (0.5, 0.25, 0.125, 1.0)
    scene.headsmith_hologram.file_format = "WEBM"
    assert scene.render.ffmpeg.format == "WEBM"


def test_a_preset_brings_its_own_sliders(scene: Any) -> None:
    setup_hologram(scene, HologramOptions("BLUE", "PNG"))
    node = setup_hologram(scene, HologramOptions("NEON", "OPEN_EXR", "STRAIGHT"))
    assert node.inputs["Rim"].default_value == pytest.approx(1.2)
    settings = scene.headsmith_hologram
    assert (settings.preset, settings.file_format, settings.alpha) == ("NEON", "OPEN_EXR", "STRAIGHT")


def test_nothing_changes_without_a_hologram(scene: Any) -> None:
    before = scene.render.image_settings.file_format
    scene.headsmith_hologram.file_format = "OPEN_EXR"
    assert scene.render.image_settings.file_format == before
    assert hologram_node(scene) is None
