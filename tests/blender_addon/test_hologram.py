"""The hologram: what the files hold, and that the scene comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.errors import InputError
from hologram_stage import backgrounds, displayed, make_stage, opaque_world, over, rendered, set_up, to_cycles


@pytest.fixture
def stage(scene: Any) -> Any:
    """A lit ball and a thin blade before a camera; edges at every angle."""
    return make_stage(scene)


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


def test_format_and_alpha_take_effect_at_once(scene: Any) -> None:
    node = set_up(scene, "NEON", "OPEN_EXR", "STRAIGHT")
    node.inputs["Rim"].default_value = 3.0
    by_choice = settings_of(scene)
    settings = scene.headsmith_hologram
    settings.file_format, settings.alpha = "PNG", "PREMULTIPLIED"
    assert scene.render.image_settings.file_format == "PNG"
    assert settings_of(scene) != by_choice
    settings.alpha, settings.file_format = "STRAIGHT", "OPEN_EXR"
    by_setting = settings_of(scene)
    assert {**by_setting, "data": None} == {**by_choice, "data": None}
    assert node.inputs["Rim"].default_value == 3.0


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
