"""What an avatar's look makes of a render: EEVEE and Cycles against splats drawn by numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import Avatar, Driver, neutral_pose, pose_from, read_avatar
from headsmith.types import F32
from splat_reference import psnr, splat_picture
from splat_scenes import EEVEE, look_from, picture, put_in_pose, set_input

SMILE = {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "jawOpen": 0.6}


@pytest.fixture
def avatar(sample_avatar: Path) -> Avatar:
    return read_avatar(sample_avatar)


@pytest.fixture
def exact(imported: Any, scene: Any) -> Any:
    """The sample, in display colours, over nothing."""
    return made_exact(imported, scene)


@pytest.fixture
def light_exact(light: Any, scene: Any) -> Any:
    """The same of few splats, for what does not need many."""
    return made_exact(light, scene)


@pytest.fixture
def few(light_avatar: Path) -> Avatar:
    return read_avatar(light_avatar)


def made_exact(collection: Any, scene: Any) -> Any:
    scene.view_settings.view_transform = "Standard"
    scene.render.film_transparent = True
    collection.headsmith.colour_mode = "EXACT"
    return collection


def premultiplied(rgba: F32) -> F32:
    return np.dstack([rgba[..., :3] * rgba[..., 3:], rgba[..., 3]])


@pytest.mark.parametrize("engine", [EEVEE, "CYCLES"])
def test_exact_renders_are_the_cores(exact: Any, avatar: Avatar, tmp_path: Path, engine: str) -> None:
    pose = pose_from(avatar, SMILE, {"neck": (0.1, 0.2, 0.0)})
    put_in_pose(exact, avatar, pose)
    camera = look_from(avatar, yaw_deg=30)
    wanted = splat_picture(Driver(avatar).splats(pose), camera)
    found = premultiplied(picture(tmp_path, engine))
    assert psnr(found, wanted) > 40
    neutral = splat_picture(Driver(avatar).splats(neutral_pose(avatar)), camera)
    assert psnr(found, neutral) < psnr(found, wanted) - 10


def test_the_order_of_the_splats_matters(exact: Any, avatar: Avatar, tmp_path: Path) -> None:
    camera = look_from(avatar)
    wanted = splat_picture(Driver(avatar).splats(neutral_pose(avatar)), camera)
    group = exact.headsmith.splats_exact.modifiers[0].node_group
    next(node for node in group.nodes if node.bl_idname == "GeometryNodeSortElements").mute = True
    assert psnr(premultiplied(picture(tmp_path, EEVEE)), wanted) < 30


@pytest.mark.usefixtures("light_exact")
@pytest.mark.parametrize(("transform", "exposure"), [("Standard", 0.0), ("AgX", 0.7)])
def test_exact_colours_stay_under_any_view_transform_and_over_the_world(
    scene: Any, few: Avatar, tmp_path: Path, transform: str, exposure: float
) -> None:
    from headsmith_blender.exact import show_world

    scene.world = bpy.data.worlds.new("Grey")
    # a new world is grey already, the same in all versions: what it shows is told by a corner
    scene.view_settings.view_transform, scene.view_settings.exposure = transform, exposure
    show_world(scene, True)
    camera = look_from(few)
    wanted = splat_picture(Driver(few).splats(neutral_pose(few)), camera)
    found = picture(tmp_path, EEVEE)
    assert (found[..., 3] == 1).all()
    assert 0.05 < found[0, 0, 0] < 0.6
    assert psnr(found[..., :3], wanted[..., :3] + (1 - wanted[..., 3:]) * found[0, 0, :3]) > 40


def test_linear_colours_are_near_on_opaque_skin(imported: Any, scene: Any, avatar: Avatar, tmp_path: Path) -> None:
    scene.view_settings.view_transform = "Standard"
    scene.render.film_transparent = True
    assert imported.headsmith.colour_mode == "LINEAR"
    camera = look_from(avatar)
    wanted = splat_picture(Driver(avatar).splats(neutral_pose(avatar)), camera)
    found = premultiplied(picture(tmp_path, EEVEE))
    assert 25 < psnr(found, wanted) < 45
    assert psnr(found[..., 3], wanted[..., 3]) > 45


@pytest.mark.usefixtures("exact")
def test_objects_in_front_and_inside_hide_splats(scene: Any, avatar: Avatar, tmp_path: Path) -> None:
    """A white plate beside and behind the face, added after the look was chosen, with and without a collection."""
    camera = look_from(avatar)
    plain = picture(tmp_path, EEVEE)
    plate = bpy.data.meshes.new("plate")
    plate.from_pydata([(0, -1, -1), (1, -1, -1), (1, -1, 1), (0, -1, 1)], [], [(0, 1, 2, 3)])
    plate.materials.append(white())
    obj = bpy.data.objects.new("plate", plate)
    for collection in (scene.collection, bpy.data.collections.new("props")):
        if collection != scene.collection:
            scene.collection.objects.unlink(obj)
            scene.collection.children.link(collection)
        collection.objects.link(obj)
        found = picture(tmp_path, EEVEE)
        width = camera.size_px[0]
        np.testing.assert_allclose(found[:, : width // 2 - 1], plain[:, : width // 2 - 1], atol=2e-3)
        np.testing.assert_allclose(found[:, width // 2 + 1 :], 1.0, atol=2e-3)
    # now behind the face, in front of the back of the head: the face hides it
    obj.location.y = 1.0
    found = picture(tmp_path, EEVEE)
    middle = slice(camera.size_px[1] // 2 - 5, camera.size_px[1] // 2 + 5)
    np.testing.assert_allclose(
        found[middle, width // 2 + 3 : width // 2 + 12], plain[middle, width // 2 + 3 : width // 2 + 12], atol=0.1
    )


def white() -> Any:
    """A material that shines white."""
    from headsmith_blender.compat import shader_tree

    material = bpy.data.materials.new("white")
    tree = shader_tree(material)
    tree.nodes.clear()
    light, out = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(light.outputs[0], out.inputs["Surface"])
    return material


def test_mesh_splats_and_both(imported: Any, scene: Any, avatar: Avatar, tmp_path: Path) -> None:
    settings = imported.headsmith
    # plain materials: skin takes long to compile
    settings.head.data.materials.clear()
    look_from(avatar)
    settings.show = "MESH"
    assert not settings.head.hide_render
    assert settings.splats.hide_render
    settings.show = "BOTH"
    assert not settings.head.hide_render
    assert not settings.splats.hide_render
    scene.render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    both = picture(tmp_path, EEVEE)
    settings.show = "SPLATS"
    assert settings.head.hide_render
    splats = picture(tmp_path, EEVEE)
    # nobody lights the head: where it came through, it would be black
    solid = splats[..., 3] > 0.98
    assert psnr(both[solid], splats[solid]) > 30


def test_quality_leaves_the_least_visible_splats_out(exact: Any, avatar: Avatar, tmp_path: Path) -> None:
    camera = look_from(avatar)
    wanted = splat_picture(Driver(avatar).splats(neutral_pose(avatar)), camera)
    found = []
    for percent in (25, 75, 100):
        exact.headsmith.quality_percent = percent
        found.append(psnr(premultiplied(picture(tmp_path, EEVEE)), wanted))
    assert found[0] < found[1] < found[2]
    assert found[0] > 20
    assert found[1] > 32


@pytest.mark.usefixtures("exact")
def test_a_hologram_has_no_world_behind_it(scene: Any, avatar: Avatar, tmp_path: Path) -> None:
    from headsmith_blender.exact import show_world
    from headsmith_blender.hologram import HologramOptions, remove_hologram, setup_hologram

    scene.world = bpy.data.worlds.new("Grey")
    show_world(scene, True)
    look_from(avatar, size_px=48)
    setup_hologram(scene, HologramOptions(preset="CLEAN"))
    alpha = picture(tmp_path, EEVEE)[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[24, 24] > 0.98
    remove_hologram(scene)
    assert (picture(tmp_path, EEVEE)[..., 3] == 1).all()


def test_importing_again_keeps_the_look(light_exact: Any, scene: Any, light_avatar: Path) -> None:
    from headsmith_blender.importing import import_avatar
    from headsmith_blender.scene import set_attribute

    settings = light_exact.headsmith
    objects = (settings.splats, settings.splats_exact)
    hidden = np.linspace(0, 1, len(settings.splats.data.vertices), dtype=np.float32)
    set_attribute(settings.splats.data, "headsmith_hidden", "FLOAT", hidden)
    import_avatar(light_avatar, scene)
    assert (settings.splats, settings.splats_exact) == objects
    assert settings.splats.data == settings.splats_exact.data
    assert settings.splats.hide_render
    assert len(settings.splats.data.vertices) == len(hidden)
    assert len(settings.splats.animation_data.drivers) == 3
    assert settings.splats.data.attributes["headsmith_hidden"].data[len(hidden) // 2].value == pytest.approx(
        0.5, abs=0.01
    )


def test_exact_comes_and_goes_without_a_trace(light: Any, scene: Any) -> None:
    from headsmith_blender.compat import compositor_in_use

    def state() -> Any:
        layers = [layer.name for layer in scene.view_layers]
        return layers, len(bpy.data.objects), len(bpy.data.collections), scene.render.film_transparent

    before, in_use = state(), compositor_in_use(scene)
    light.headsmith.colour_mode = "EXACT"
    assert state() != before
    light.headsmith.colour_mode = "LINEAR"
    assert state() == before
    assert compositor_in_use(scene) == in_use


def test_an_artists_own_nodes_get_the_picture_with_the_splats(light: Any, scene: Any) -> None:
    from headsmith_blender import compat
    from headsmith_blender.exact import exact_picture

    tree = compat.new_compositor_tree(scene)
    layers, flip = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeFlip")
    tree.links.new(layers.outputs["Image"], flip.inputs[0])
    tree.links.new(flip.outputs[0], compat.compositor_output(tree).inputs[0])
    assert exact_picture(scene) is None
    light.headsmith.colour_mode = "EXACT"
    assert flip.inputs[0].links[0].from_socket == exact_picture(scene)
    light.headsmith.colour_mode = "LINEAR"
    assert flip.inputs[0].links[0].from_socket == layers.outputs["Image"]
    assert len(tree.nodes) == 3
    # nodes that show no render layer at all
    tree.nodes.remove(layers)
    still = tree.nodes.new("CompositorNodeImage")
    tree.links.new(still.outputs[0], flip.inputs[0])
    light.headsmith.colour_mode = "EXACT"
    assert compat.compositor_output(tree).inputs[0].links[0].from_socket == exact_picture(scene)


def test_what_a_script_or_artist_deleted_comes_back(light_exact: Any, scene: Any) -> None:
    from headsmith_blender import compat
    from headsmith_blender.exact import sync_exact

    scene.view_layers.remove(scene.view_layers[0])
    compat.compositor_tree(scene).nodes.clear()
    sync_exact(scene)
    assert len(scene.view_layers) == 2
    assert compat.compositor_output(compat.compositor_tree(scene)).inputs[0].is_linked
    # and an avatar that is gone takes its part of the scene along
    for obj in list(light_exact.objects):
        bpy.data.objects.remove(obj)
    sync_exact(scene)
    assert [layer.name for layer in scene.view_layers] == ["ViewLayer"]


def test_cycles_is_given_enough_transparent_bounces(scene: Any) -> None:
    from headsmith_blender.look import TRANSPARENT_BOUNCES, prepare_scene

    scene.cycles.transparent_max_bounces = 8
    scene.cycles.min_transparent_bounces = 700
    changes = prepare_scene(scene)
    assert scene.cycles.transparent_max_bounces == TRANSPARENT_BOUNCES
    assert scene.cycles.min_transparent_bounces == 700
    assert len(changes) == 1
    assert "8" in changes[0]
    assert prepare_scene(scene) == []


@pytest.mark.usefixtures("light_exact")
def test_an_unregistered_add_on_renders_the_same(few: Avatar, tmp_path: Path) -> None:
    import headsmith_blender

    look_from(few)
    before = picture(tmp_path, EEVEE)
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    headsmith_blender.unregister()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path))
        keys = next(o.data.shape_keys for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
        np.testing.assert_allclose(picture(tmp_path, EEVEE), before, atol=1e-3)
        keys.key_blocks["jawOpen"].value = 1.0
        assert psnr(picture(tmp_path, EEVEE), before) < 40
    finally:
        headsmith_blender.register()


@pytest.mark.usefixtures("light_exact")
def test_an_orthographic_camera_sees_splats_of_the_same_size(scene: Any, few: Avatar, tmp_path: Path) -> None:
    """From afar, through a long lens, perspective is orthographic."""
    camera = look_from(few)
    data, obj = scene.camera.data, scene.camera
    away = obj.matrix_world.col[2].to_3d()
    distance = 200.0
    focus = camera.focal_px
    near = float(np.linalg.norm(obj.location))
    obj.location = obj.location + away * distance
    data.lens *= (near + distance) / near
    data.clip_end = 1000
    perspective = picture(tmp_path, EEVEE)
    data.type, data.ortho_scale = "ORTHO", camera.size_px[0] / focus * near
    assert psnr(premultiplied(picture(tmp_path, EEVEE)), premultiplied(perspective)) > 35


def test_pixels_follow_the_resolution(light_exact: Any, scene: Any, few: Avatar, tmp_path: Path) -> None:
    """The low-pass filter is one of pixels: at half resolution it is twice as wide on the face."""
    camera = look_from(few, size_px=192)
    scene.render.resolution_percentage = 50
    half = type(camera)(camera.focal_px / 2, (48.0, 48.0), (96, 96), camera.T_camera_world)
    wanted = splat_picture(Driver(few).splats(neutral_pose(few)), half)
    assert psnr(premultiplied(picture(tmp_path, EEVEE)), wanted) > 40
    set_input(light_exact.headsmith.splats_exact, "Low Pass", 0.0)
    assert psnr(premultiplied(picture(tmp_path, EEVEE)), wanted) < 38


def test_exact_in_two_scenes_shows_each_its_own_picture(light: Any, scene: Any) -> None:
    from headsmith_blender import compat

    other = bpy.data.scenes.new("Other")
    other.collection.children.link(light)
    bpy.context.window.scene = other
    light.headsmith.colour_mode = "EXACT"
    for one in (scene, other):
        layers = [n for n in compat.compositor_tree(one).nodes if n.bl_idname == "CompositorNodeRLayers"]
        assert len(layers) == 2
        assert {node.scene for node in layers} == {one}
