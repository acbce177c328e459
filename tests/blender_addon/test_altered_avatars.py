"""Avatars of which an artist has hidden, deleted, edited or linked parts: buttons are grey, or do their work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith_blender.importing import import_avatar

OPERATORS = ("apply_expression", "mirror_expression", "save_pose", "key_all", "add_eye_target", "add_accessory",
             "pose_bones", "export_gltf")  # fmt: skip


def exclude(collection: bpy.types.Collection) -> None:
    bpy.context.view_layer.layer_collection.children[collection.name].exclude = True


HIDINGS: dict[str, Callable[[bpy.types.Collection], None]] = {
    "eye": lambda collection: collection.headsmith.rig.hide_set(True),
    "viewport": lambda collection: setattr(collection.headsmith.rig, "hide_viewport", True),
    "collection": lambda collection: setattr(collection, "hide_viewport", True),
    "excluded": exclude,
}


@pytest.mark.parametrize("way", HIDINGS)
def test_a_hidden_avatar_is_reloaded_and_stays_hidden(light: Any, scene: Any, way: str) -> None:
    rig = light.headsmith.rig
    HIDINGS[way](light)
    scene.view_layers.update()
    switch = rig.hide_viewport
    bpy.ops.headsmith.reload_avatar()
    assert not rig.visible_get()
    assert rig.hide_viewport == switch
    assert list(rig.users_collection) == [light]
    assert rig.data.bones.keys() == ["root", "neck", "jaw", "left_eye", "right_eye"]


@pytest.mark.parametrize("way", ["eye", "viewport", "collection", "excluded"])
def test_bones_that_are_out_of_sight_cannot_be_posed(light: Any, scene: Any, way: str) -> None:
    HIDINGS[way](light)
    scene.view_layers.update()
    with pytest.raises(RuntimeError, match=r"found hidden.*show it first"):
        bpy.ops.headsmith.pose_bones()
    assert bpy.context.mode == "OBJECT"


@pytest.mark.parametrize("part", ["rig", "head", "splats"])
def test_a_part_deleted_from_the_scene_comes_back(light: Any, scene: Any, part: str) -> None:
    obj = getattr(light.headsmith, part)
    light.objects.unlink(obj)
    polls = [getattr(bpy.ops.headsmith, name).poll() for name in OPERATORS]
    assert not any(polls) if part != "splats" else all(polls)
    bpy.ops.headsmith.reload_avatar()
    assert obj.name in scene.objects
    assert all(getattr(bpy.ops.headsmith, name).poll() for name in OPERATORS)


@pytest.mark.parametrize("part", ["rig", "splats", "keys"])
def test_a_part_deleted_from_the_file_comes_back(light: Any, scene: Any, part: str) -> None:
    settings = light.headsmith
    if part == "keys":
        settings.head.shape_key_clear()
    else:
        bpy.data.objects.remove(getattr(settings, part))
    assert part == "splats" or not any(getattr(bpy.ops.headsmith, name).poll() for name in OPERATORS)
    bpy.ops.headsmith.reload_avatar()
    assert all(obj.name in scene.objects for obj in (settings.rig, settings.head, settings.splats))
    assert "jawOpen" in settings.head.data.shape_keys.key_blocks


def test_the_mesh_can_be_shown_where_splats_were_deleted(light: Any) -> None:
    bpy.data.objects.remove(light.headsmith.splats)
    bpy.ops.headsmith.set_look(show="MESH")
    assert not light.headsmith.head.hide_render
    light.headsmith.show = "SPLATS"
    light.headsmith.show = "BOTH"
    assert not light.headsmith.head.hide_viewport


def test_splats_whose_modifier_was_deleted_get_it_again(light: Any) -> None:
    light.headsmith.colour_mode = "EXACT"
    for obj in (light.headsmith.splats, light.headsmith.splats_exact):
        obj.modifiers.clear()
    bpy.ops.headsmith.set_look(colour_mode="EXACT", quality_percent=40)
    bpy.ops.headsmith.reload_avatar()
    assert light.headsmith.splats.modifiers.keys() == light.headsmith.splats_exact.modifiers.keys()
    assert "Headsmith Splats" in light.headsmith.splats.modifiers


@pytest.mark.parametrize("part", ["head", "splats"])
def test_buttons_leave_edit_mode_where_they_have_to(light: Any, part: str) -> None:
    obj = getattr(light.headsmith, part)
    light.headsmith.show = "BOTH"
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    light.headsmith.quality_percent = 50
    assert bpy.ops.headsmith.add_accessory(kind="glasses") == {"FINISHED"}


@pytest.fixture
def linked(light: Any, tmp_path: Path) -> Any:
    """The avatar, linked from another .blend."""
    library = tmp_path / "bücherei.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    name = light.name
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = [name]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    bpy.context.view_layer.update()
    return wanted.collections[0]


def test_a_linked_avatar_is_left_to_its_own_file(linked: Any, light_avatar: Path) -> None:
    changing = [name for name in OPERATORS if not name.startswith("export")]
    assert not any(getattr(bpy.ops.headsmith, name).poll() for name in (*changing, "reload_avatar"))
    assert bpy.ops.headsmith.export_gltf.poll()
    own = import_avatar(light_avatar, bpy.context.scene)
    assert own != linked
    assert own.library is None
    bpy.ops.headsmith.select_avatar(name=own.name)
    assert bpy.ops.headsmith.reload_avatar() == {"FINISHED"}


def test_what_an_artist_puts_among_exact_splats_is_not_deleted(light: Any, scene: Any) -> None:
    light.headsmith.colour_mode = "EXACT"
    lamp = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    light.headsmith.splats_exact.users_collection[0].objects.link(lamp)
    light.headsmith.quality_percent = 50
    assert lamp.name in scene.collection.objects
    light.headsmith.colour_mode = "LINEAR"
    assert lamp.name in scene.collection.objects
    assert light.headsmith.splats_exact is None


def test_an_avatar_of_any_name_is_exact(light: Any, scene: Any) -> None:
    light.name = "Headsmith Exact"
    parts = {obj.name for obj in light.objects}
    for mode in ("EXACT", "LINEAR", "EXACT"):
        light.headsmith.colour_mode = mode
        assert {obj.name for obj in light.objects} == parts
    light.headsmith.colour_mode = "LINEAR"
    assert list(scene.collection.children) == [light]


def test_sliders_of_an_accessory_wait_for_a_deleted_rig(light: Any, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.headsmith.add_accessory(kind="glasses")
    glasses = bpy.context.object
    bpy.data.objects.remove(light.headsmith.rig)
    glasses.headsmith_accessory.glasses.lens_width_m = 0.05
    assert "Traceback" not in capfd.readouterr().err
