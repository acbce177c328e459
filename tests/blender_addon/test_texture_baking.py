"""Dynamic textures in renders, and baked to files that render alike without the add-on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image

from asset.networks import glow_network
from headsmith.asset import read_avatar, write_avatar
from headsmith.errors import InputError
from headsmith_blender import compat
from headsmith_blender.importing import import_avatar
from headsmith_blender.pictures import decode_png, encode_png
from headsmith_blender.texture_baking import BakeRange, bake, bake_steps

FRAMES = {3: 128, 4: 208, 5: 243}
"""frame -> red of the top half (0.5, sigmoid(1.5), sigmoid(3)); all else is 128"""


@pytest.fixture(scope="module")
def bundle(sample_avatar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An avatar whose texture is all dynamic: grey, and red in the top half as the mouth opens."""
    sample = read_avatar(sample_avatar)
    all_over = np.full_like(sample.material.dynamic_mask, 255)
    small = np.ascontiguousarray(sample.material.static_texture[::4, ::4])
    material = replace(sample.material, dynamic_mask=all_over, static_texture=small)
    path = tmp_path_factory.mktemp("bundle") / "ada.avatar"
    write_avatar(replace(sample, material=material, dynamic_texture=glow_network(("jawOpen",))), path)
    return path


@pytest.fixture(scope="module")
def blend(addon: Any, bundle: Path) -> Path:  # noqa: ARG001 (it has to be registered first)
    """jawOpen goes from 0 at frame 3 to 1 at frame 5; a card beside the head shows the texture as it is."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    collection = import_avatar(bundle, scene)
    collection.headsmith.show = "MESH"
    key = collection.headsmith.head.data.shape_keys.key_blocks["jawOpen"]
    for frame, weight in ((3, 0.0), (5, 1.0)):
        key.value = weight
        key.keyframe_insert("value", frame=frame)
    for curve in compat.all_curves(collection.headsmith.head.data.shape_keys.animation_data.action):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    scene.frame_start, scene.frame_end = 3, 5
    scene.frame_set(3)
    show_on_a_card(collection, scene)
    path = bundle.with_name("ada.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def collection(blend: Path) -> Any:
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    return bpy.data.collections["ada"]


@pytest.fixture
def scene(collection: Any) -> Any:  # noqa: ARG001 (its file has to be open first)
    return bpy.context.scene


def show_on_a_card(collection: Any, scene: Any) -> None:
    """A camera that sees nothing but a card in the colours of the texture; the head's materials are like it."""
    head = collection.headsmith.head
    material = bpy.data.materials.new("Card")
    tree = compat.shader_tree(material)
    tree.nodes.clear()
    texture, glow, out = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "Emission", "OutputMaterial"))
    texture.image = collection.headsmith.albedo
    tree.links.new(texture.outputs[0], glow.inputs[0])
    tree.links.new(glow.outputs[0], out.inputs[0])
    for slot in head.material_slots:
        slot.material = material
    mesh = bpy.data.meshes.new("Card")
    mesh.from_pydata([(-1, 0, -1), (1, 0, -1), (1, 0, 1), (-1, 0, 1)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32))
    mesh.materials.append(material)
    card = bpy.data.objects.new("Card", mesh)
    card.location = (9, 0, 0)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.camera.location, scene.camera.rotation_euler.x = (9, -4, 0), np.pi / 2
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 1.9
    for obj in (card, scene.camera):
        scene.collection.objects.link(obj)
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.image_settings.file_format = "PNG"
    scene.render.dither_intensity = 0
    scene.cycles.samples = scene.eevee.taa_render_samples = 1


def rendered(folder: Path, scene: Any, engine: str) -> dict[int, np.ndarray]:
    """Frame -> [16, 16, 3] uint8, of an animation render."""
    scene.render.engine = engine
    scene.render.filepath = str(folder / engine) + "_"
    bpy.ops.render.render(animation=True)
    files = {frame: folder / f"{engine}_{frame:04d}.png" for frame in range(scene.frame_start, scene.frame_end + 1)}
    return {frame: np.array(Image.open(file).convert("RGB")) for frame, file in files.items()}


def assert_red(picture: np.ndarray, red: int) -> None:
    """The colours of a frame, away from the line between the halves."""
    half = len(picture) * 3 // 8
    assert np.abs(np.median(picture[:half], axis=(0, 1)) - (red, 128, 128)).max() <= 2
    assert np.abs(np.median(picture[-half:], axis=(0, 1)) - 128).max() <= 2


@pytest.mark.parametrize("engine", [compat.EEVEE, "CYCLES"])
def test_animation_renders_show_each_frames_texture(collection: Any, scene: Any, tmp_path: Path, engine: str) -> None:
    assert collection.headsmith.texture_mode == "LIVE"
    for frame, picture in rendered(tmp_path, scene, engine).items():
        assert_red(picture, FRAMES[frame])


def test_a_still_shows_a_slider_moved_just_before(collection: Any, scene: Any, tmp_path: Path) -> None:
    keys = collection.headsmith.head.data.shape_keys
    keys.animation_data_clear()
    for weight, red in ((1, 243), (0, 128)):
        keys.key_blocks["jawOpen"].value = weight
        scene.render.engine, scene.render.filepath = "CYCLES", str(tmp_path / "still.png")
        bpy.ops.render.render(write_still=True)
        assert_red(np.array(Image.open(tmp_path / "still.png").convert("RGB")), red)


@pytest.fixture
def baked(collection: Any, scene: Any, tmp_path: Path) -> Iterator[Any]:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    done: list[float] = []
    bake(collection, scene, BakeRange(tmp_path / "textures", 3, 5), done.append)
    assert done == [pytest.approx(share) for share in (1 / 3, 2 / 3, 1)]
    return collection


def test_the_files_are_the_live_textures(baked: Any, tmp_path: Path) -> None:
    for frame, red in FRAMES.items():
        picture = np.array(Image.open(tmp_path / "textures" / f"ada_{frame:04d}.png"))
        assert picture.shape == (256, 256, 3)
        assert_red(picture, red)
    settings = baked.headsmith
    assert settings.texture_mode == "BAKED"
    assert settings.baked_albedo.filepath == "//textures/ada_0003.png"
    assert not settings.albedo.is_dirty


def test_baked_textures_render_without_the_addon(addon: Any, baked: Any, tmp_path: Path) -> None:
    assert baked.headsmith.texture_mode == "BAKED"
    bpy.ops.wm.save_mainfile()
    addon.unregister()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
        for engine in (compat.EEVEE, "CYCLES"):
            for frame, picture in rendered(tmp_path, bpy.context.scene, engine).items():
                assert_red(picture, FRAMES[frame])
    finally:
        addon.register()


def test_frames_outside_of_the_range_show_its_ends(baked: Any, scene: Any, tmp_path: Path) -> None:
    scene.frame_start, scene.frame_end = 1, 8
    pictures = rendered(tmp_path, scene, "CYCLES")
    assert baked.headsmith.texture_mode == "BAKED"
    for frame in (1, 2):
        assert_red(pictures[frame], FRAMES[3])
    for frame in (6, 8):
        assert_red(pictures[frame], FRAMES[5])


def test_live_again_after_baking(baked: Any, scene: Any, tmp_path: Path) -> None:
    baked.headsmith.texture_mode = "LIVE"
    baked.headsmith.head.data.shape_keys.animation_data_clear()
    baked.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value = 1
    for picture in rendered(tmp_path, scene, "CYCLES").values():
        assert_red(picture, 243)


def test_a_second_bake_writes_only_what_changed(baked: Any, scene: Any, tmp_path: Path) -> None:
    folder = tmp_path / "textures"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    (folder / "ada_0004.png").unlink()
    key = baked.headsmith.head.data.shape_keys.animation_data.action
    for curve in compat.all_curves(key):
        curve.keyframe_points[-1].co.y = 0.5
        curve.update()
    frame = scene.frame_current
    bake(baked, scene, BakeRange(folder, 3, 5))
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    assert before["ada_0003.png"] == after["ada_0003.png"]
    assert before["ada_0005.png"] != after["ada_0005.png"]
    assert_red(np.array(Image.open(folder / "ada_0005.png")), FRAMES[4])
    assert sorted(path.name for path in folder.iterdir()) == ["ada.json", *(f"ada_000{k}.png" for k in (2, 3, 4, 5))]
    assert scene.frame_current == frame
    assert len([image for image in bpy.data.images if image.source == "SEQUENCE"]) == 1


def test_a_bake_that_is_stopped_goes_on(collection: Any, scene: Any, tmp_path: Path) -> None:
    steps = bake_steps(collection, scene, BakeRange(tmp_path, 3, 5))
    next(steps)
    steps.close()
    assert scene.frame_current == 3
    assert collection.headsmith.texture_mode == "LIVE"
    written = (tmp_path / "ada_0003.png").stat().st_mtime_ns
    assert not (tmp_path / "ada_0004.png").exists()
    # notes that were damaged meanwhile only cost time
    bake(collection, scene, BakeRange(tmp_path, 3, 4))
    assert (tmp_path / "ada_0003.png").stat().st_mtime_ns == written
    (tmp_path / "ada.json").write_text("[")
    bake(collection, scene, BakeRange(tmp_path, 3, 4))
    assert_red(np.array(Image.open(tmp_path / "ada_0003.png")), FRAMES[3])


def test_importing_again_keeps_the_baked_sequence(baked: Any, bundle: Path, scene: Any, tmp_path: Path) -> None:
    assert import_avatar(bundle, scene) == baked
    assert baked.headsmith.baked_albedo.source == "SEQUENCE"
    assert baked.headsmith.albedo.source != "SEQUENCE"
    for frame, picture in rendered(tmp_path, scene, "CYCLES").items():
        assert_red(picture, FRAMES[frame])


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 4)])
def test_frames_that_cannot_be_baked(collection: Any, scene: Any, tmp_path: Path, first: int, last: int) -> None:
    with pytest.raises(InputError, match="the frames to bake"):
        bake(collection, scene, BakeRange(tmp_path, first, last))


def test_an_avatar_that_is_not_in_the_layer(collection: Any, scene: Any, tmp_path: Path) -> None:
    scene.view_layers[0].layer_collection.children[collection.name].exclude = True
    with pytest.raises(InputError, match="left out of the scene's view layer"):
        bake(collection, scene, BakeRange(tmp_path, 3, 5))


def test_a_folder_that_cannot_be_written(collection: Any, scene: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="a folder that can be written to"):
        bake(collection, scene, BakeRange(tmp_path / "file", 3, 5))
    assert collection.headsmith.texture_mode == "LIVE"
    assert scene.frame_current == 3


def test_the_operator(collection: Any, tmp_path: Path) -> None:
    assert bpy.ops.headsmith.bake_dynamic_texture(folder=str(tmp_path), frame_start=4) == {"FINISHED"}
    assert [path.name for path in sorted(tmp_path.glob("*.png"))] == [f"ada_000{k}.png" for k in (3, 4, 5)]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ada.blend"))
    assert bpy.ops.headsmith.bake_dynamic_texture() == {"FINISHED"}
    assert len(list((tmp_path / "textures").glob("ada_*.png"))) == 4
    assert collection.headsmith.texture_mode == "BAKED"


def test_a_folder_beside_a_file_that_has_no_place_yet(addon: Any, bundle: Path) -> None:  # noqa: ARG001 (as above)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    import_avatar(bundle, bpy.context.scene)
    with pytest.raises(RuntimeError, match=r"a \.blend that has not been saved yet"):
        bpy.ops.headsmith.bake_dynamic_texture()


@pytest.mark.usefixtures("addon")
def test_png_pictures_are_written_and_read() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    np.testing.assert_array_equal(decode_png(encode_png(picture), "a.png", "RGB"), picture)
