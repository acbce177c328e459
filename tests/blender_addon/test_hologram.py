"""The hologram: what the files hold, and that the scene comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.errors import InputError

SIDE_PX = 96


@pytest.fixture
def stage(scene: Any) -> Any:
    """A lit ball and a thin blade before a camera; edges at every angle."""
    return make_stage(scene)


def make_stage(scene: Any) -> Any:
    import bpy

    from headsmith_blender import compat

    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4, radius=1)
    bpy.ops.object.shade_smooth()
    bpy.ops.mesh.primitive_cube_add(location=(0.9, 0, 0.9), rotation=(0, 0.5, 0.2), scale=(0.03, 0.03, 0.7))
    for obj in scene.objects:
        material = bpy.data.materials.new(obj.name)
        shader = compat.shader_tree(material).nodes["Principled BSDF"]
        shader.inputs["Base Color"].default_value = (0.8, 0.5, 0.3, 1)
        obj.data.materials.append(material)
    add(scene, bpy.data.cameras.new("camera"), (0, -5, 0), (np.pi / 2, 0, 0))
    scene.camera = scene.objects["camera"]
    lamp = bpy.data.lights.new("lamp", "SUN")
    lamp.energy = 3
    add(scene, lamp, (0, 0, 5), (0.7, 0.4, 0))
    small_renders(scene, SIDE_PX)
    return scene


def add(scene: Any, data: Any, location: tuple[float, ...], rotation: tuple[float, ...]) -> Any:
    import bpy

    obj = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(obj)
    obj.location, obj.rotation_euler = location, rotation
    return obj


def small_renders(scene: Any, side_px: int) -> None:
    from headsmith_blender import compat

    scene.render.engine = compat.EEVEE
    scene.eevee.taa_render_samples = 4
    scene.eevee.use_shadows = False
    scene.render.resolution_x = scene.render.resolution_y = side_px


def rendered(scene: Any, path: Path) -> np.ndarray:
    """[H, W, 4], row 0 on top: what the file holds, without any conversion."""
    import bpy

    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return stored(path)


def stored(path: Path) -> np.ndarray:
    import bpy

    image = bpy.data.images.load(str(path))
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(image.size[1], image.size[0], 4)[::-1]
    finally:
        bpy.data.images.remove(image)


def set_up(scene: Any, preset: str, file_format: str = "PNG", alpha: str = "AUTO") -> Any:
    from headsmith_blender.hologram import HologramOptions, setup_hologram

    return setup_hologram(scene, HologramOptions(preset, file_format, alpha))


def displayed(linear: np.ndarray) -> np.ndarray:
    """Display values of scene-linear ones (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def opaque_world(scene: Any, value: float) -> None:
    """A background of one grey that the camera sees and that lights nothing."""
    import bpy

    from headsmith_blender import compat

    scene.world = bpy.data.worlds.new("backdrop")
    tree = compat.shader_tree(scene.world)
    background = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeBackground")
    path = tree.nodes.new("ShaderNodeLightPath")
    scale = tree.nodes.new("ShaderNodeMath")
    scale.operation = "MULTIPLY"
    scale.inputs[1].default_value = value
    tree.links.new(path.outputs["Is Camera Ray"], scale.inputs[0])
    tree.links.new(scale.outputs[0], background.inputs["Strength"])
    background.inputs["Color"].default_value = (1, 1, 1, 1)


@pytest.mark.parametrize("preset", ["BLUE", "GHOST", "NEON"])
def test_effects_only_lower_alpha(stage: Any, preset: str, tmp_path: Path) -> None:
    set_up(stage, "CLEAN", "OPEN_EXR")
    clean = rendered(stage, tmp_path / "clean.exr")
    outside = clean[..., 3] == 0
    assert 0.4 < outside.mean() < 0.9
    set_up(stage, preset, "OPEN_EXR")
    picture = rendered(stage, tmp_path / "picture.exr")
    assert (picture[outside] == 0).all()
    assert (picture[..., 3] <= clean[..., 3] + 1e-6).all()
    assert np.abs(picture - clean).max() > 0.1


def test_clean_cut_out_is_the_render_itself(stage: Any, tmp_path: Path) -> None:
    set_up(stage, "CLEAN", "OPEN_EXR")
    stage.render.use_compositing = False
    plain = rendered(stage, tmp_path / "plain.exr")
    stage.render.use_compositing = True
    np.testing.assert_allclose(rendered(stage, tmp_path / "clean.exr"), plain, rtol=1e-5, atol=1e-6)


def test_display_values_over_any_background(stage: Any, tmp_path: Path) -> None:
    set_up(stage, "CLEAN", "OPEN_EXR")
    linear = rendered(stage, tmp_path / "linear.exr")
    set_up(stage, "CLEAN", "PNG")
    shown = rendered(stage, tmp_path / "shown.png")
    straight = displayed(linear[..., :3] / np.maximum(linear[..., 3:], 1e-9))
    for background in backgrounds():
        theory = straight * linear[..., 3:] + background * (1 - linear[..., 3:])
        assert np.abs(over(shown, background) - theory).max() <= 1.01 / 255


@pytest.mark.parametrize("engine", ["EEVEE", "CYCLES"])
def test_linear_values_over_any_background_are_what_blender_draws(stage: Any, engine: str, tmp_path: Path) -> None:
    if engine == "CYCLES":
        to_cycles(stage)
    set_up(stage, "CLEAN", "OPEN_EXR")
    linear = rendered(stage, tmp_path / "linear.exr")
    set_up(stage, "CLEAN", "PNG")
    shown = rendered(stage, tmp_path / "shown.png")
    set_up(stage, "CLEAN", "OPEN_EXR")
    stage.render.film_transparent = False
    # where all or nothing is covered, display values agree too; EEVEE calls 99.3 % all
    sure = (linear[..., 3:] == 0) | (linear[..., 3:] == 1) if engine == "CYCLES" else linear[..., 3:] == 0
    for value in (0.0, 1.0):
        opaque_world(stage, value)
        drawn = rendered(stage, tmp_path / "drawn.exr")[..., :3]
        assert np.abs(linear[..., :3] + value * (1 - linear[..., 3:]) - drawn).max() <= 2 / 255
        assert np.abs(np.where(sure, over(shown, value) - displayed(drawn), 0)).max() <= 1.01 / 255


def backgrounds() -> list[np.ndarray]:
    """Black, white, grey and a checker, in display values."""
    checker = np.indices((SIDE_PX, SIDE_PX)).sum(0) // 8 % 2
    return [np.full((SIDE_PX, SIDE_PX, 1), value) for value in (0.0, 1.0, 0.5)] + [checker[..., None].astype(float)]


def over(straight: np.ndarray, background: Any) -> np.ndarray:
    return straight[..., :3] * straight[..., 3:] + background * (1 - straight[..., 3:])


def to_cycles(scene: Any) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = 4, 1, False


def test_stored_alpha_as_chosen(stage: Any, tmp_path: Path) -> None:
    set_up(stage, "BLUE", "PNG")
    straight = rendered(stage, tmp_path / "straight.png")
    set_up(stage, "BLUE", "PNG", "PREMULTIPLIED")
    premultiplied = rendered(stage, tmp_path / "premultiplied.png")
    np.testing.assert_allclose(premultiplied[..., :3], straight[..., :3] * straight[..., 3:], atol=1.51 / 255)
    assert np.array_equal(premultiplied[..., 3], straight[..., 3])
    set_up(stage, "BLUE", "OPEN_EXR")
    premultiplied = rendered(stage, tmp_path / "premultiplied.exr")
    set_up(stage, "BLUE", "OPEN_EXR", "STRAIGHT")
    straight = rendered(stage, tmp_path / "straight.exr")
    np.testing.assert_allclose(premultiplied[..., :3], straight[..., :3] * straight[..., 3:], atol=1e-5)


def test_flicker_and_lines_move_with_the_frame(stage: Any, tmp_path: Path) -> None:
    set_up(stage, "BLUE", "OPEN_EXR")
    pictures = {}
    for take, frame in (("a", 1), ("b", 8), ("c", 1)):
        stage.frame_set(frame)
        pictures[take] = rendered(stage, tmp_path / f"{take}.exr")
    assert np.array_equal(pictures["a"], pictures["c"])
    assert np.abs(pictures["a"] - pictures["b"]).max() > 0.05


def settings_of(scene: Any) -> dict[str, Any]:
    import bpy

    image, video, view = scene.render.image_settings, scene.render.ffmpeg, scene.view_settings
    return {
        "image": [
            getattr(image, n, None) for n in ("media_type", "file_format", "color_mode", "color_depth", "exr_codec")
        ],
        "video": [video.format, video.codec, video.constant_rate_factor, video.audio_codec],
        "view": [view.view_transform, view.look, view.exposure, view.gamma],
        "render": [scene.render.film_transparent, scene.render.dither_intensity, scene.render.use_compositing],
        "data": [len(bpy.data.node_groups), len(bpy.data.textures), len(bpy.data.images), len(bpy.data.objects)],
        "before": scene.headsmith_hologram.before,
    } | nodes_of(scene)


def nodes_of(scene: Any) -> dict[str, Any]:
    from headsmith_blender import compat

    tree = compat.compositor_tree(scene)
    in_use = compat.compositor_in_use(scene)
    if tree is None or not tree.nodes:
        # up to 4.5 an empty tree that is not in use is what no tree is later
        return {"nodes": None, "in use": in_use}
    links = [
        (link.from_node.name, link.from_socket.name, link.to_node.name, link.to_socket.name) for link in tree.links
    ]
    return {"nodes": sorted(n.name for n in tree.nodes), "links": sorted(links), "in use": in_use}


def to_exr_with_agx(scene: Any) -> None:
    from headsmith_blender import compat

    compat.set_file_format(scene, "OPEN_EXR")
    scene.render.image_settings.color_depth, scene.render.image_settings.exr_codec = "16", "PIZ"
    scene.view_settings.look, scene.view_settings.exposure = "AgX - Punchy", 0.5


def to_video(scene: Any) -> None:
    from headsmith_blender import compat

    compat.set_file_format(scene, "FFMPEG")
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec, scene.render.ffmpeg.audio_codec = "MPEG4", "H264", "AAC"


def own_nodes(scene: Any) -> Any:
    """The user's own compositing: blurred."""
    from headsmith_blender import compositing

    tree = compositing.ensure_chain(scene)
    compositing.append_to_chain(tree, tree.nodes.new("CompositorNodeBlur"))
    return tree


def own_nodes_switched_off(scene: Any) -> None:
    own_nodes(scene)
    scene.render.use_compositing = False


@pytest.mark.parametrize("begin", [None, to_exr_with_agx, to_video, own_nodes, own_nodes_switched_off])
def test_removing_brings_everything_back(scene: Any, begin: Any) -> None:
    from headsmith_blender.hologram import hologram_node, remove_hologram

    if begin:
        begin(scene)
    before = settings_of(scene)
    for preset, file_format, alpha in (
        ("BLUE", "WEBM", "AUTO"),
        ("NEON", "PNG", "PREMULTIPLIED"),
        ("CLEAN", "OPEN_EXR", "AUTO"),
    ):
        node = set_up(scene, preset, file_format, alpha)
        assert node == hologram_node(scene)
    assert settings_of(scene) != before
    remove_hologram(scene)
    assert settings_of(scene) == before
    with pytest.raises(InputError, match="no hologram"):
        remove_hologram(scene)


def test_own_nodes_stay_in_the_chain(stage: Any, tmp_path: Path) -> None:
    tree = own_nodes(stage)
    set_up(stage, "CLEAN", "OPEN_EXR")
    blur = next(n for n in tree.nodes if n.bl_idname == "CompositorNodeBlur")
    assert blur.outputs[0].links[0].to_node.node_tree.name == "Headsmith Hologram"
    assert rendered(stage, tmp_path / "picture.exr")[..., 3].max() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("options", [("PINK", "PNG", "AUTO"), ("BLUE", "GIF", "AUTO"), ("BLUE", "PNG", "NONE")])
def test_unknown_choices_are_refused(scene: Any, options: tuple[str, str, str]) -> None:
    before = settings_of(scene)
    with pytest.raises(InputError, match="expected one of"):
        set_up(scene, *options)
    assert settings_of(scene) == before
