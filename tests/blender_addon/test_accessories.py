"""Accessories in Blender: they follow the skull and nothing else, fit any head, and hair goes under hats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Quaternion

from headsmith.accessories import KINDS, anchors, default_params, fit_accessory
from headsmith.accessories.geometry import Surface, nearest
from headsmith.asset import read_avatar
from headsmith.errors import InputError
from headsmith_blender import accessories
from headsmith_blender.attaching import surface_bound
from headsmith_blender.hair_cover import ATTRIBUTE, hide_hair_under, show_hair
from headsmith_blender.importing import import_avatar
from headsmith_blender.measuring import measured, rest_splats
from headsmith_blender.scene import from_blender, get_values, to_blender


def world_vertices(obj: Any) -> np.ndarray:
    bpy.context.view_layer.update()
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    local = get_values(evaluated.data.vertices, "co", (len(evaluated.data.vertices), 3))
    matrix = np.array(evaluated.matrix_world)
    return local @ matrix[:3, :3].T + matrix[:3, 3]


def turned_about(points: np.ndarray, matrix: Matrix) -> np.ndarray:
    full = np.array(matrix)
    return points @ full[:3, :3].T + full[:3, 3]


def turn_neck(collection: Any, amount: float = 0.5) -> Matrix:
    """Turns the neck; returns what that does to everything rigid on it, in the world."""
    bone = collection.headsmith.rig.pose.bones["neck"]
    bone.rotation_quaternion = Quaternion((0.3, 0.2, 0.9), amount)
    bpy.context.view_layer.update()
    return bone.matrix @ bone.bone.matrix_local.inverted()


def cube(name: str = "Hat", size: tuple[float, float, float] = (2.0, 2.0, 1.0)) -> Any:
    x, y, z = (s / 2 for s in size)
    corners = [(i, j, k) for i in (-x, x) for j in (-y, y) for k in (-z, z)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], faces)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.update()
    return obj


def test_the_scene_measures_as_the_bundle(imported: Any, sample_avatar: Path) -> None:
    here, there = measured(imported), anchors(read_avatar(sample_avatar))
    assert here.joint == there.joint == "neck"
    for name, anchor in there.points.items():
        assert np.allclose(here.at(name).position_m, anchor.position_m, atol=1e-5)
    assert here.hair_m == pytest.approx(there.hair_m, abs=1e-4)


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_accessory_stands_where_the_core_puts_it_and_follows_the_skull(
    imported: Any, sample_avatar: Path, kind: str
) -> None:
    obj = accessories.add_accessory(imported, kind)
    expected = to_blender(fit_accessory(anchors(read_avatar(sample_avatar)), kind).vertices)
    at_rest = world_vertices(obj)
    assert np.allclose(at_rest, expected, atol=2e-5)
    motion = turn_neck(imported)
    assert np.abs(world_vertices(obj) - turned_about(at_rest, motion)).max() < 1e-5
    assert obj.name in imported.objects


def test_jaw_and_smile_do_not_move_glasses(imported: Any) -> None:
    obj = accessories.add_accessory(imported, "glasses")
    before = world_vertices(obj)
    imported.headsmith.rig.pose.bones["jaw"].rotation_quaternion = Quaternion((1, 0, 0), 0.4)
    imported.headsmith.head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 1.0
    assert np.array_equal(world_vertices(obj), before)


def test_an_accessory_added_in_a_pose_sits_as_one_added_at_rest(imported: Any) -> None:
    before = accessories.add_accessory(imported, "glasses")
    turn_neck(imported)
    imported.headsmith.rig.location = (0.3, 0.1, 1.0)
    after = accessories.add_accessory(imported, "glasses")
    assert np.allclose(world_vertices(before), world_vertices(after), atol=1e-6)


def test_earrings_follow_the_skin_where_that_is_asked(imported: Any) -> None:
    imported.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value = 0.7
    turn_neck(imported, 0.3)
    obj = accessories.add_accessory(imported, "earrings", follow="SURFACE")
    assert surface_bound(obj)
    assert imported.headsmith.rig.data.pose_position == "POSE"
    assert not imported.headsmith.head.show_only_shape_key
    imported.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value = 0.0
    rigid = accessories.add_accessory(imported, "earrings")
    assert np.abs(world_vertices(obj) - world_vertices(rigid)).max() < 5e-4
    # the ears are stiff, so a key that moves them is made up
    key = imported.headsmith.head.shape_key_add(name="lifted", from_mix=False)
    count = len(key.data)
    key.data.foreach_set("co", (get_values(key.data, "co", (count, 3)) + np.float32([0, 0, 0.01])).ravel())
    still, key.value = world_vertices(rigid), 1.0
    assert np.array_equal(world_vertices(rigid), still)
    assert np.linalg.norm(world_vertices(obj) - still, axis=1).mean() == pytest.approx(0.01, abs=1e-3)


def test_only_a_mesh_follows_the_skin(imported: Any) -> None:
    empty = bpy.data.objects.new("Empty", None)
    bpy.context.scene.collection.objects.link(empty)
    with pytest.raises(InputError, match="let it follow the bone"):
        accessories.fit_to_head(imported, empty, "crown", scale_to_width=False, follow="SURFACE")


def test_any_object_is_fitted_and_let_go(imported: Any) -> None:
    obj = cube()
    head = measured(imported)
    accessories.fit_to_head(imported, obj, "crown")
    points = from_blender(world_vertices(obj))
    width = np.ptp(points[:, 0])
    skull = 2 * np.linalg.norm(head.scalp.points(np.array([1.0, 0, 0]), 0.0, 0.0) - head.scalp.centre_m)
    front, back = (head.scalp.radius(np.array([0, 0, way]), 0.0) for way in (1.0, -1.0))
    # as deep as it is wide, and so as long as the head
    assert skull < front + back < width < front + back + 0.05
    assert abs(points[:, 0].mean() - head.scalp.centre_m[0]) < 1e-4
    assert points[:, 1].max() > head.at("crown").position_m[1]
    motion = turn_neck(imported)
    assert np.abs(world_vertices(obj) - turned_about(to_blender(points), motion)).max() < 1e-5
    where = world_vertices(obj)
    accessories.detach(obj)
    assert obj.parent is None
    assert np.allclose(world_vertices(obj), where, atol=1e-6)
    turn_neck(imported, 1.0)
    assert np.allclose(world_vertices(obj), where, atol=1e-6)


def test_fitting_again_gives_the_same_and_keeps_the_objects_own_turn(imported: Any) -> None:
    upright, lying = cube("Upright", (2.0, 1.0, 0.5)), cube("Lying", (2.0, 0.5, 1.0))
    lying.rotation_euler = (np.pi / 2, 0, 0)
    lying.scale = (0.2, 0.2, 0.2)
    bpy.context.view_layer.update()
    for obj in (upright, lying):
        for _ in range(2):
            accessories.fit_to_head(imported, obj, "crown")
    first, second = world_vertices(upright), world_vertices(lying)
    assert np.allclose(first.min(0), second.min(0), atol=1e-5)
    assert np.allclose(first.max(0), second.max(0), atol=1e-5)


def test_an_object_keeps_its_size_where_that_is_asked(imported: Any) -> None:
    obj = cube(size=(0.02, 0.02, 0.02))
    accessories.fit_to_head(imported, obj, "lobe_left", scale_to_width=False)
    points = world_vertices(obj)
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(0.02, abs=1e-6)
    assert np.linalg.norm(points.mean(0) - to_blender(measured(imported).at("lobe_left").position_m)) < 0.02


def test_other_sizes_remake_the_mesh(imported: Any) -> None:
    obj = accessories.add_accessory(imported, "glasses")
    material = obj.data.materials["portrait Glasses Frame"]
    wide = np.ptp(world_vertices(obj)[:, 0])
    sizes = obj.headsmith_accessory.glasses
    sizes.rim_width_m = 0.008
    sizes.frame_color = (0.5, 0.1, 0.1)
    assert np.ptp(world_vertices(obj)[:, 0]) >= wide - 1e-4
    assert material.name in obj.data.materials
    shader = next(n for n in material.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    assert tuple(shader.inputs["Base Color"].default_value) == pytest.approx((0.5, 0.1, 0.1, 1))
    before = len(obj.data.vertices)
    sizes.shape = "aviator"
    assert len(obj.data.vertices) > before, "a second bar"
    assert sizes.rim_width_m < 0.003, "a style brings its sizes"
    sizes.lens_width_m = 0.01
    assert len(obj.data.vertices) > before, "below the range stands for the head's own measure"


def test_the_artists_material_stays(imported: Any) -> None:
    obj = accessories.add_accessory(imported, "headband")
    own = bpy.data.materials.new("Velvet")
    obj.data.materials[0] = own
    obj.headsmith_accessory.headband.width_m = 0.03
    assert list(obj.data.materials) == [own]


def test_gltf_gets_the_materials(imported: Any, tmp_path: Path) -> None:
    worn = [accessories.add_accessory(imported, kind) for kind in ("glasses", "cap")]
    for obj in bpy.context.scene.objects:
        obj.select_set(obj in worn)
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "worn.gltf"), use_selection=True, export_format="GLTF_SEPARATE")
    found = {m["name"]: m for m in json.loads((tmp_path / "worn.gltf").read_text())["materials"]}
    lens = found["portrait Glasses Lens"]
    assert lens["alphaMode"] == "BLEND"
    assert lens["pbrMetallicRoughness"]["baseColorFactor"][3] == pytest.approx(0.05)
    crown = found["portrait Cap Crown"]
    assert crown["extensions"]["KHR_materials_sheen"]["sheenColorFactor"] == pytest.approx([0.15] * 3)
    assert not any(material.get("doubleSided") for material in found.values())


def test_refitting_follows_a_sculpted_head(imported: Any) -> None:
    obj = accessories.add_accessory(imported, "glasses")
    basis = imported.headsmith.head.data.shape_keys.reference_key
    count = len(basis.data)
    basis.data.foreach_set("co", (get_values(basis.data, "co", (count, 3)) + np.float32([0, -0.01, 0])).ravel())
    before = world_vertices(obj)
    accessories.refit(imported)
    front = before[:, 1] < 0
    assert (world_vertices(obj) - before)[front][:, 1].mean() == pytest.approx(-0.01, abs=0.003)


def test_what_the_artist_moved_stays_moved(imported: Any) -> None:
    glasses, hat = accessories.add_accessory(imported, "glasses"), cube()
    accessories.fit_to_head(imported, hat, "crown", scale_to_width=False)
    nudge = np.float32([0.001, -0.004, 0.002])
    seated = []
    for obj in (glasses, hat):
        seated.append(world_vertices(obj))
        obj.matrix_basis = Matrix.Translation(nudge.tolist()) @ obj.matrix_basis
    turn_neck(imported, 0.0)
    glasses.headsmith_accessory.glasses.frame_roughness = 0.9
    accessories.refit(imported)
    for obj, before in zip((glasses, hat), seated, strict=True):
        assert np.allclose(world_vertices(obj), before + nudge, atol=1e-5)
    accessories.update_accessory(glasses, reset=True)
    assert np.allclose(world_vertices(glasses), seated[0], atol=1e-5)


def test_adding_and_fitting_are_undone(imported: Any) -> None:
    cube("Hat").location.x = 2.0
    bpy.context.view_layer.objects.active = imported.headsmith.head
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.headsmith.add_accessory(kind="glasses")
    bpy.ops.ed.undo_push(message="glasses")
    bpy.context.view_layer.objects.active = bpy.data.objects["Hat"]
    bpy.ops.headsmith.fit_to_head(anchor="crown")
    bpy.ops.ed.undo_push(message="hat")
    assert bpy.data.objects["Hat"].parent is not None
    bpy.ops.ed.undo()
    assert bpy.data.objects["Hat"].parent is None
    assert bpy.data.objects["Hat"].location.x == 2.0
    assert "portrait Glasses" in bpy.data.objects
    bpy.ops.ed.undo()
    assert "portrait Glasses" not in bpy.data.objects


def test_importing_again_fits_again(imported: Any, sample_avatar: Path) -> None:
    obj = accessories.add_accessory(imported, "cap")
    count = int((hidden(imported) > 0.5).sum())
    assert count > 100
    import_avatar(sample_avatar, bpy.context.scene)
    assert obj.parent == imported.headsmith.rig
    assert int((hidden(imported) > 0.5).sum()) == count


def hidden(collection: Any) -> np.ndarray:
    data = collection.headsmith.splats.data.attributes[ATTRIBUTE].data
    return get_values(data, "value", (len(data),))


def test_hair_goes_under_the_cap_and_nothing_else_does(imported: Any) -> None:
    cap = accessories.add_accessory(imported, "cap")
    head = measured(imported)
    means, _ = rest_splats(imported.headsmith.splats)
    mask = hidden(imported)
    local = (means - head.scalp.centre_m) @ head.scalp.axes
    cap.data.calc_loop_triangles()
    faces = np.array([t.vertices[:] for t in cap.data.loop_triangles if t.material_index == 0], np.int32)
    crown = Surface(from_blender(world_vertices(cap)), faces, np.arange(len(faces), dtype=np.int32))
    above = np.flatnonzero(local[:, 1] > 0.012)
    on = nearest(crown, means[above])
    further = np.linalg.norm(means[above] - head.scalp.centre_m, axis=1) > np.linalg.norm(
        on.points_m - head.scalp.centre_m, axis=1
    )
    assert further.sum() > 200, "without the mask hair would stick through"
    assert mask[above][further].min() == 1
    face = (means[:, 1] < head.pupils_m[:, 1].mean() + 0.02) & (means[:, 2] > 0)
    assert face.sum() > 1000
    assert mask[face].max() == 0
    assert mask[means[:, 1] < -0.03].max() == 0
    show_hair(imported, cap)
    assert hidden(imported).max() == 0
    assert hide_hair_under(imported, cap, 0.004) == int((mask > 0.5).sum())
    accessories.remove_accessory(cap)
    assert hidden(imported).max() == 0


def test_removing_leaves_nothing_behind(imported: Any) -> None:
    before = {block.name for block in bpy.data.user_map()}
    for kind in KINDS:
        accessories.remove_accessory(accessories.add_accessory(imported, kind))
    assert {block.name for block in bpy.data.user_map()} == before


def test_an_avatar_without_splats_wears_hats_too(imported: Any) -> None:
    bpy.data.objects.remove(imported.headsmith.splats)
    cap = accessories.add_accessory(imported, "cap")
    assert len(cap.data.vertices) > 1000
    with pytest.raises(InputError, match="no splats"):
        hide_hair_under(imported, cap)


def test_operators_do_the_same(imported: Any) -> None:
    bpy.context.view_layer.objects.active = imported.headsmith.head
    assert bpy.ops.headsmith.add_accessory(kind="earrings", style="hoop") == {"FINISHED"}
    hoop = bpy.context.object
    assert hoop.headsmith_accessory.earrings.style == "hoop"
    assert bpy.ops.headsmith.update_accessory() == {"FINISHED"}
    assert bpy.ops.headsmith.remove_accessory() == {"FINISHED"}
    assert not accessories.accessories_of(imported)
    bpy.context.view_layer.objects.active = cube()
    assert bpy.ops.headsmith.fit_to_head(anchor="crown") == {"FINISHED"}
    assert bpy.ops.headsmith.hide_hair(hide=True, margin_m=0.01) == {"FINISHED"}
    assert hidden(imported).max() == 1
    assert bpy.ops.headsmith.hide_hair(hide=False) == {"FINISHED"}
    assert bpy.ops.headsmith.remove_accessory() == {"FINISHED"}
    assert bpy.context.object.parent is None
    bpy.context.view_layer.objects.active = imported.headsmith.head
    with pytest.raises(RuntimeError, match="a part of the avatar"):
        bpy.ops.headsmith.fit_to_head(anchor="crown")


def test_a_library_of_assets_is_adopted_by_another_scene(imported: Any, tmp_path: Path) -> None:
    path = tmp_path / "accessories.blend"
    before = {block.name for block in bpy.data.user_map()}
    assert bpy.ops.headsmith.write_accessory_library(filepath=str(path)) == {"FINISHED"}
    assert {block.name for block in bpy.data.user_map()} == before
    catalogs = (tmp_path / "blender_assets.cats.txt").read_text()
    assert "VERSION 1" in catalogs
    bpy.ops.headsmith.write_accessory_library(filepath=str(path))
    assert (tmp_path / "blender_assets.cats.txt").read_text() == catalogs
    with bpy.data.libraries.load(str(path)) as (found, wanted):
        assert len(found.objects) == sum(len(entry.styles) for entry in KINDS.values())
        wanted.objects = ["Aviator Glasses"]
    glasses = wanted.objects[0]
    assert glasses.asset_data.catalog_id in catalogs
    bpy.context.scene.collection.objects.link(glasses)
    accessories.update_accessory(glasses)
    expected = accessories.add_accessory(imported, "glasses", default_params("glasses", "aviator"))
    assert np.allclose(world_vertices(glasses), world_vertices(expected), atol=1e-5)
    assert glasses.name in imported.objects
    with pytest.raises(RuntimeError, match="no such folder"):
        bpy.ops.headsmith.write_accessory_library(filepath=str(tmp_path / "missing" / "a.blend"))
