"""What the user finds after the add-on's work: the selection, mode, frame and settings of before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import bpy
import pytest

from headsmith_blender.state import kept_frame, kept_render_settings, kept_selection, kept_state


class Interrupted(Exception):
    pass


def cube(name: str) -> Any:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


@pytest.fixture
def three(scene: Any) -> tuple[Any, Any, Any]:  # noqa: ARG001 (the scene is where they go)
    """Three objects: the first active and selected, the second selected."""
    made = (cube("a"), cube("b"), cube("c"))
    for obj in made[:2]:
        obj.select_set(True)
    bpy.context.view_layer.objects.active = made[0]
    return made


def selection() -> tuple[str | None, set[str], str]:
    layer = bpy.context.view_layer
    active = layer.objects.active
    return (active.name if active else None, {o.name for o in layer.objects.selected}, active.mode if active else "")


def disturb_selection(three: tuple[Any, ...]) -> None:
    if bpy.context.object.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = three[2]
    three[0].select_set(False)
    three[2].select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT", "SCULPT", "WEIGHT_PAINT"])
@pytest.mark.parametrize("fails", [False, True])
def test_selection_and_mode_come_back(three: Any, scene: Any, mode: str, fails: bool) -> None:
    bpy.ops.object.mode_set(mode=mode)
    before = selection()
    assert before == ("a", {"a", "b"}, mode)
    try:
        with kept_selection(scene):
            disturb_selection(three)
            assert selection() == ("c", {"b", "c"}, "EDIT")
            if fails:
                raise Interrupted
    except Interrupted:
        assert fails
    assert selection() == before
    assert three[2].mode == "OBJECT"


def test_what_was_deleted_meanwhile_is_left_out(three: Any, scene: Any) -> None:
    with kept_selection(scene):
        bpy.data.objects.remove(three[0])
    assert {o.name for o in bpy.context.view_layer.objects.selected} == {"b"}
    with kept_selection(scene):
        added = cube("new")
        added.select_set(True)
    assert not added.select_get()


def test_no_active_object_stays_none(three: Any, scene: Any) -> None:
    bpy.context.view_layer.objects.active = None
    with kept_selection(scene):
        bpy.context.view_layer.objects.active = three[1]
    assert bpy.context.view_layer.objects.active is None


def test_every_view_layer_keeps_its_own_selection(three: Any, scene: Any) -> None:
    other = scene.view_layers.new("other")
    three[2].select_set(True, view_layer=other)
    with kept_selection(scene):
        three[2].select_set(False, view_layer=other)
        three[2].select_set(True)
    assert three[2].select_get(view_layer=other)
    assert not three[2].select_get()


@pytest.mark.parametrize("frame", [(1, 0.0), (17, 0.25)])
def test_the_frame_comes_back(scene: Any, frame: tuple[int, float]) -> None:
    scene.frame_set(frame[0], subframe=frame[1])
    with suppress(Interrupted), kept_frame(scene):
        scene.frame_set(99)
        raise Interrupted
    assert (scene.frame_current, scene.frame_subframe) == frame


def use_stills(scene: Any) -> None:
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"


def to_jpeg(scene: Any) -> None:
    use_stills(scene)
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.color_mode = "BW"
    scene.render.image_settings.quality = 11


def to_exr(scene: Any) -> None:
    use_stills(scene)
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"


def to_film(scene: Any) -> None:
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "WEBM"
    scene.render.ffmpeg.codec = "WEBM"
    settings.color_mode = "RGBA"


def to_cycles(scene: Any) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 3
    scene.cycles.transparent_max_bounces = 99


def to_small_film(scene: Any) -> None:
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 32, 7
    scene.render.film_transparent = True
    scene.render.filepath = "//elsewhere/"
    scene.eevee.taa_render_samples = 1
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.exposure = 2.0
    scene.frame_start, scene.frame_end = 5, 6


def to_other_camera(scene: Any) -> None:
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("other")


def to_own_view_layer(scene: Any) -> None:
    layer = scene.view_layers[0]
    layer.use = False
    layer.use_pass_z = True
    layer.samples = 4
    layer.material_override = bpy.data.materials.new("clay")
    layer.layer_collection.children["extra"].exclude = True
    layer.layer_collection.children["extra"].holdout = True
    scene.view_layers.new("splats")
    scene.objects["a"].hide_render = True


def settings_of(scene: Any) -> dict[str, Any]:
    render, image, layer = scene.render, scene.render.image_settings, scene.view_layers[0]
    extra = layer.layer_collection.children["extra"]
    return {
        "render": (render.engine, render.resolution_x, render.resolution_y, render.resolution_percentage),
        "film": (render.film_transparent, render.filepath, render.ffmpeg.format, render.ffmpeg.codec),
        "image": (image.file_format, image.color_mode, image.color_depth, image.quality),
        "samples": (scene.cycles.samples, scene.eevee.taa_render_samples, scene.cycles.transparent_max_bounces),
        "view": (scene.view_settings.view_transform, scene.view_settings.exposure),
        "scene": (scene.camera, scene.world, scene.frame_start, scene.frame_end),
        "layer": (layer.use, layer.use_pass_z, layer.samples, layer.material_override, extra.exclude, extra.holdout),
        "object": scene.objects["a"].hide_render,
    }


DISTURBANCES = [to_jpeg, to_exr, to_film, to_cycles, to_small_film, to_other_camera, to_own_view_layer]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("first", [None, to_jpeg, to_exr, to_film], ids=lambda f: f.__name__ if f else "factory")
@pytest.mark.parametrize("disturb", DISTURBANCES)
def test_render_settings_come_back(
    scene: Any, first: Callable[[Any], None] | None, disturb: Callable[[Any], None]
) -> None:
    scene.collection.children.link(bpy.data.collections.new("extra"))
    if first:
        first(scene)
    before = settings_of(scene)
    with suppress(Interrupted), kept_render_settings(scene):
        disturb(scene)
        assert settings_of(scene) != before or first is disturb
        raise Interrupted
    assert settings_of(scene) == before


def test_all_of_it_at_once(three: Any, scene: Any) -> None:
    scene.collection.children.link(bpy.data.collections.new("extra"))
    bpy.ops.object.mode_set(mode="EDIT")
    before = (selection(), settings_of(scene), scene.frame_current)
    with suppress(Interrupted), kept_state(scene):
        disturb_selection(three)
        to_cycles(scene)
        to_own_view_layer(scene)
        bpy.data.collections.remove(bpy.data.collections.new("brief"))
        scene.frame_set(7)
        raise Interrupted
    assert (selection(), settings_of(scene), scene.frame_current) == before
