"""Accessories and splats in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.accessories import default_params, fit_accessory
from headsmith_blender import accessories
from headsmith_blender.compat import EEVEE, shader_tree
from headsmith_blender.measuring import measured


@pytest.fixture
def studio(imported: Any) -> Any:
    """The avatar's splats, lit from all sides, before a camera that looks at the eyes from the front."""
    scene = bpy.context.scene
    imported.headsmith.head.hide_render = True
    scene.world = bpy.data.worlds.new("World")
    shader_tree(scene.world)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.data.lens = 80
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = 128
    scene.render.engine = EEVEE
    scene.render.image_settings.file_format = "PNG"
    scene.eevee.taa_render_samples, scene.eevee.use_shadows, scene.eevee.use_raytracing = 1, False, False
    return imported


def render(path: Path, azimuth_deg: float) -> np.ndarray:
    """[128, 128, 3] 0..1, row 0 at the bottom; from the front at 0, from the back at 180."""
    scene = bpy.context.scene
    angle = np.radians(azimuth_deg)
    scene.camera.location = (0.6 * np.sin(angle), -0.6 * np.cos(angle), 0.0)
    scene.camera.rotation_euler = (np.pi / 2, 0, angle)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.empty(128 * 128 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(128, 128, 4)[..., :3]


def seen_at(points_m: np.ndarray) -> np.ndarray:
    """[N, 2] row and column of head-space points in the picture from the front."""
    depth = 0.6 - points_m[:, 2]
    focal = 128 * 80 / 36
    return np.round(np.stack([points_m[:, 1], points_m[:, 0]], 1) / depth[:, None] * focal + 63.5).astype(int)


def test_splats_and_glasses_hide_each_other(studio: Any, tmp_path: Path) -> None:
    before = {angle: render(tmp_path / f"{angle}.png", angle) for angle in (0, 180)}
    params = default_params("glasses", frame_color=(0.0, 0.0, 0.0), frame_roughness=1.0)
    accessories.add_accessory(studio, "glasses", params)
    after = {angle: render(tmp_path / f"{angle} worn.png", angle) for angle in (0, 180)}
    made = fit_accessory(measured(studio), "glasses", params)
    frame, lens = (np.unique(made.faces[made.face_part == [p.name for p in made.parts].index(name)])[1:]
                   for name in ("frame", "lens"))  # fmt: skip
    rim = made.vertices[frame]
    rim = rim[(rim[:, 2] > 0.022) & (np.abs(rim[:, 0]) < 0.06)]
    row, column = seen_at(rim).T
    assert after[0][row, column].max(-1).mean() < 0.3 * before[0][row, column].max(-1).mean(), "the rims hide the face"
    row, column = seen_at(measured(studio).pupils_m).T
    assert np.abs(after[0][row, column] - before[0][row, column]).max() < 0.2, "the eyes are seen through the lenses"
    assert len(lens) > 100
    changed = np.abs(after[0] - before[0]).max(-1) > 0.05
    rows, columns = np.nonzero(changed)
    low, high = seen_at(made.vertices).min(0) - 2, seen_at(made.vertices).max(0) + 2
    assert rows.min() >= low[0]
    assert rows.max() <= high[0]
    assert columns.min() >= low[1]
    assert columns.max() <= high[1]
    assert np.abs(after[180] - before[180])[40:90, 50:78].max() < 0.05, "the head hides them from behind"
