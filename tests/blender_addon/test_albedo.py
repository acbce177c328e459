"""The picture of the head's materials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import Avatar, read_avatar
from headsmith_blender.builders.albedo import albedo_image


@pytest.fixture(scope="module")
def avatar(sample_avatar: Path) -> Avatar:
    return read_avatar(sample_avatar)


def shown(image: Any) -> np.ndarray:
    """[H, W, 3] sRGB uint8, row 0 on top."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return (pixels.reshape(image.size[1], image.size[0], 4)[::-1, :, :3] * 255 + 0.5).astype(np.uint8)


@pytest.mark.usefixtures("scene")
def test_it_holds_the_static_texture_also_after_saving(avatar: Avatar, tmp_path: Path) -> None:
    image = albedo_image(avatar, "Ada Albedo")
    image.use_fake_user = True
    assert image.colorspace_settings.name == "sRGB"
    np.testing.assert_array_equal(shown(image), avatar.material.static_texture)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    again = bpy.data.images["Ada Albedo"]
    assert again.packed_file
    np.testing.assert_array_equal(shown(again), avatar.material.static_texture)


@pytest.mark.usefixtures("scene")
def test_a_new_texture_takes_the_place_of_the_old_one(avatar: Avatar, tmp_path: Path) -> None:
    image = albedo_image(avatar, "Ada Albedo")
    image.use_fake_user = True
    smaller = replace(avatar.material, static_texture=np.ascontiguousarray(avatar.material.static_texture[::2, ::4]))
    assert albedo_image(replace(avatar, material=smaller), "Other", image) == image
    assert image.name == "Ada Albedo"
    np.testing.assert_array_equal(shown(image), smaller.static_texture)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    np.testing.assert_array_equal(shown(bpy.data.images["Ada Albedo"]), smaller.static_texture)
