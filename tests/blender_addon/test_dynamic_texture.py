"""The head's picture follows sliders, bones and camera; the .blend keeps the network; renders and bakes show it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image, ImageFilter

from asset.networks import glow_network, texture_network
from headsmith.asset import (
    Avatar,
    DynamicTexture,
    TextureBlend,
    TextureNetwork,
    pose_from,
    pose_parameters,
    read_avatar,
    write_avatar,
)
from headsmith.errors import InputError
from headsmith_blender.importing import import_avatar
from headsmith_blender.scene import quaternions_to_blender
from headsmith_blender.texture_baking import BakeRange, bake

INPUTS = ("jawOpen", "mouthSmileLeft", "jaw.x", "neck.y", "left_eye.z", "view.x", "view.z")


@pytest.fixture(scope="module")
def avatar(sample_avatar: Path) -> Avatar:
    """The sample with a network of random weights."""
    sample = read_avatar(sample_avatar)
    network = DynamicTexture(texture_network(len(INPUTS), (8, 8, 4), 16), INPUTS)
    return replace(sample, dynamic_texture=network)


@pytest.fixture(scope="module")
def bundle(avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "ada.avatar"
    write_avatar(avatar, path)
    return path


@pytest.fixture(scope="module")
def blend(addon: Any, bundle: Path) -> Path:  # noqa: ARG001 (it has to be registered first)
    """A file with the avatar in it, which opens faster than an import takes."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    import_avatar(bundle, bpy.context.scene).headsmith.show = "MESH"
    path = bundle.with_name("ada.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def collection(blend: Path) -> Any:
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    return bpy.data.collections["ada"]


def shown(image: Any) -> np.ndarray:
    """[H, W, 3] sRGB uint8, row 0 on top."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return (pixels.reshape(image.size[1], image.size[0], 4)[::-1, :, :3] * 255 + 0.5).astype(np.uint8)


def expected(avatar: Avatar, weights: dict[str, float], joints: dict[str, Any], view: Any = (0, 0, 1)) -> np.ndarray:
    """What the core makes of the same pose."""
    assert avatar.dynamic_texture is not None
    network = TextureNetwork(avatar.dynamic_texture)
    blend = TextureBlend(avatar.material, (network.height_px, network.width_px))
    parameters = pose_parameters(avatar, pose_from(avatar, weights, joints), view)
    return (blend.shown(network.texture(parameters)) * 255 + 0.5).astype(np.uint8)


def assert_shows(image: Any, wanted: np.ndarray) -> None:
    assert np.abs(shown(image).astype(int) - wanted).max() <= 1


def slide(collection: Any, **weights: float) -> None:
    for name, weight in weights.items():
        collection.headsmith.head.data.shape_keys.key_blocks[name].value = weight


def turn(collection: Any, joint: str, axis_angle: tuple[float, float, float]) -> None:
    angle = math.hypot(*axis_angle)
    quat = np.array([math.cos(angle / 2), *(np.array(axis_angle) / angle * math.sin(angle / 2))])
    collection.headsmith.rig.pose.bones[joint].rotation_quaternion = quaternions_to_blender(quat)


def test_the_picture_follows_sliders_and_bones(collection: Any, avatar: Avatar) -> None:
    image = collection.headsmith.albedo
    assert_shows(image, expected(avatar, {}, {}))
    slide(collection, jawOpen=0.8, mouthSmileLeft=0.3)
    bpy.context.view_layer.update()
    opened = expected(avatar, {"jawOpen": 0.8, "mouthSmileLeft": 0.3}, {})
    assert np.abs(opened.astype(int) - expected(avatar, {}, {})).max() > 10
    assert_shows(image, opened)
    for joint, angles in (("jaw", (0.3, 0, 0)), ("neck", (0.2, -0.5, 0.1)), ("left_eye", (0, 0.1, 0.4))):
        turn(collection, joint, angles)
    bpy.context.view_layer.update()
    joints = {"jaw": (0.3, 0, 0), "neck": (0.2, -0.5, 0.1), "left_eye": (0, 0.1, 0.4)}
    assert_shows(image, expected(avatar, {"jawOpen": 0.8, "mouthSmileLeft": 0.3}, joints))


def test_outside_of_the_mask_the_static_texture_stays(collection: Any, avatar: Avatar) -> None:
    slide(collection, jawOpen=1)
    bpy.context.view_layer.update()
    static = avatar.material.static_texture
    mask = Image.fromarray(avatar.material.dynamic_mask)
    size, nearest = static.shape[1::-1], Image.Resampling.NEAREST
    # linear sampling reaches one pixel of the mask further than the mask itself
    away = np.array(mask.filter(ImageFilter.MaxFilter(3)).resize(size, nearest)) == 0
    under = np.array(mask.filter(ImageFilter.MinFilter(3)).resize(size, nearest)) == 255
    assert away.mean() > 0.5
    now = shown(collection.headsmith.albedo)
    np.testing.assert_array_equal(now[away], static[away])
    assert (now[under] != static[under]).any(axis=1).mean() > 0.95


def test_drivers_and_constraints_count(collection: Any, avatar: Avatar) -> None:
    curve = collection.headsmith.head.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    curve.driver.expression = "0.25 * 2"
    limit = collection.headsmith.rig.pose.bones["jaw"].constraints.new("LIMIT_ROTATION")
    limit.use_limit_x, limit.max_x, limit.owner_space = True, 0.1, "LOCAL"
    turn(collection, "jaw", (0.3, 0, 0))
    bpy.context.view_layer.update()
    assert_shows(collection.headsmith.albedo, expected(avatar, {"jawOpen": 0.5}, {"jaw": (0.1, 0, 0)}))


def test_the_camera_gives_the_view(collection: Any, avatar: Avatar) -> None:
    scene = bpy.context.scene
    collection.headsmith.rig.location = (1, 2, 3)
    collection.headsmith.rig.rotation_euler.z = math.radians(30)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    # in front (Blender's -Y), turned with the head, and half as far to the subject's left (+X)
    x, y = 0.4, -0.8
    cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
    scene.camera.location = (1 + cos * x - sin * y, 2 + sin * x + cos * y, 3)
    bpy.context.view_layer.update()
    view = np.array([0.4, 0, 0.8]) / math.hypot(0.4, 0.8)
    assert_shows(collection.headsmith.albedo, expected(avatar, {}, {}, view))


def test_nothing_is_computed_for_what_does_not_change_the_expression(collection: Any) -> None:
    image = collection.headsmith.albedo
    image.pixels.foreach_set(np.zeros(len(image.pixels), np.float32))
    collection.headsmith.rig.location.x = 1
    slide(collection, browInnerUp=0.5)
    bpy.context.view_layer.update()
    bpy.context.scene.frame_set(7)
    assert not shown(image).any()


def test_nothing_is_computed_for_a_hidden_head(collection: Any, avatar: Avatar) -> None:
    collection.headsmith.show = "SPLATS"
    slide(collection, jawOpen=1)
    bpy.context.view_layer.update()
    assert_shows(collection.headsmith.albedo, expected(avatar, {}, {}))
    collection.headsmith.show = "BOTH"
    bpy.context.view_layer.update()
    assert_shows(collection.headsmith.albedo, expected(avatar, {"jawOpen": 1}, {}))


def test_a_head_without_shape_keys(collection: Any, avatar: Avatar, capfd: Any) -> None:
    collection.headsmith.head.shape_key_clear()
    turn(collection, "jaw", (0.3, 0, 0))
    bpy.context.view_layer.update()
    assert_shows(collection.headsmith.albedo, expected(avatar, {}, {"jaw": (0.3, 0, 0)}))
    assert "Traceback" not in capfd.readouterr().err


def test_turns_written_the_long_way_round(collection: Any, avatar: Avatar) -> None:
    turn(collection, "jaw", (0.3 - 2 * math.pi, 0, 0))
    collection.headsmith.rig.pose.bones["neck"].scale = (0, 0, 0)
    bpy.context.view_layer.update()
    collection.headsmith.rig.pose.bones["neck"].scale = (1, 1, 1)
    bpy.context.view_layer.update()
    assert_shows(collection.headsmith.albedo, expected(avatar, {}, {"jaw": (0.3, 0, 0)}))


def test_renders_lock_the_interface_where_pictures_change_in_them(collection: Any) -> None:
    assert bpy.context.scene.render.use_lock_interface
    bpy.context.scene.render.use_lock_interface = False
    collection.headsmith.texture_mode = "STATIC"
    assert not bpy.context.scene.render.use_lock_interface
    collection.headsmith.texture_mode = "LIVE"
    assert bpy.context.scene.render.use_lock_interface


def test_undo_and_redo(collection: Any, avatar: Avatar) -> None:
    states = (0.0, 0.4, 0.8)
    for weight in states:
        slide(collection, jawOpen=weight)
        bpy.context.view_layer.update()
        bpy.ops.ed.undo_push(message=f"jawOpen {weight}")
    for step, weight in ((bpy.ops.ed.undo, 0.4), (bpy.ops.ed.undo, 0.0), (bpy.ops.ed.redo, 0.4)):
        step()
        again = bpy.data.collections["ada"]
        assert again.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(weight)
        assert_shows(again.headsmith.albedo, expected(avatar, {"jawOpen": weight}, {}))


def test_a_saved_file_works_again(collection: Any, avatar: Avatar, tmp_path: Path) -> None:
    slide(collection, jawOpen=0.6)
    bpy.context.view_layer.update()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    again = bpy.data.collections["ada"]
    assert_shows(again.headsmith.albedo, expected(avatar, {"jawOpen": 0.6}, {}))
    slide(again, jawOpen=0.1)
    bpy.context.view_layer.update()
    assert_shows(again.headsmith.albedo, expected(avatar, {"jawOpen": 0.1}, {}))


def test_without_the_addon_the_static_texture_is_there(
    addon: Any, collection: Any, avatar: Avatar, tmp_path: Path
) -> None:
    slide(collection, jawOpen=0.6)
    bpy.context.view_layer.update()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    addon.unregister()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
        np.testing.assert_array_equal(shown(bpy.data.images["ada Albedo"]), avatar.material.static_texture)
    finally:
        addon.register()


def test_static_and_back(collection: Any, avatar: Avatar) -> None:
    settings = collection.headsmith
    slide(collection, jawOpen=1)
    bpy.context.view_layer.update()
    for mode in ("STATIC", "BAKED"):
        settings.texture_mode = mode
        np.testing.assert_array_equal(shown(settings.albedo), avatar.material.static_texture)
        assert not settings.albedo.is_dirty
        slide(collection, jawOpen=0.5)
        bpy.context.view_layer.update()
        np.testing.assert_array_equal(shown(settings.albedo), avatar.material.static_texture)
    settings.texture_mode = "LIVE"
    assert_shows(settings.albedo, expected(avatar, {"jawOpen": 0.5}, {}))


def test_an_avatar_without_a_network(imported: Any, sample_avatar: Path) -> None:
    settings = imported.headsmith
    static = read_avatar(sample_avatar).material.static_texture
    slide(imported, jawOpen=1)
    bpy.context.view_layer.update()
    for mode in ("STATIC", "BAKED", "LIVE"):
        settings.texture_mode = mode
        np.testing.assert_array_equal(shown(settings.albedo), static)
    assert not bpy.context.scene.render.use_lock_interface
    assert not bpy.ops.headsmith.bake_dynamic_texture.poll()
    with pytest.raises(InputError, match="no dynamic texture"):
        bake(imported, bpy.context.scene, BakeRange(Path("nowhere"), 1, 2))


def test_a_network_damaged_in_the_file_is_told_once(
    collection: Any, avatar: Avatar, tmp_path: Path, capfd: Any
) -> None:
    image = collection.headsmith.albedo
    image["headsmith_dynamic_texture"]["onnx"] = b"no network"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    again = bpy.data.collections["ada"]
    slide(again, jawOpen=1)
    bpy.context.view_layer.update()
    np.testing.assert_array_equal(shown(again.headsmith.albedo), avatar.material.static_texture)
    assert capfd.readouterr().err.count("picture 'ada Albedo': found") == 1


def test_importing_a_new_network_over_the_old_one(collection: Any, avatar: Avatar, bundle: Path) -> None:
    slide(collection, jawOpen=1)
    bpy.context.view_layer.update()
    other = replace(avatar, dynamic_texture=glow_network(("jawOpen",)))
    write_avatar(other, bundle, force=True)
    try:
        assert import_avatar(bundle, bpy.context.scene) == collection
        assert_shows(collection.headsmith.albedo, expected(other, {"jawOpen": 1}, {}))
    finally:
        write_avatar(avatar, bundle, force=True)
