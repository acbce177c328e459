"""The edited avatar as glTF: read back by hand, by Khronos' validator and by engines, against the core's numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils.kdtree import KDTree

from gltf_parts import Parts
from gltf_readers.request import Request, Turn
from headsmith.asset import ARKIT_52, Avatar, Pose, posed_vertices, read_avatar
from headsmith.errors import InputError
from headsmith.motion import idle, resample, talk
from headsmith_blender.compat import shader_tree
from headsmith_blender.controls import sliders
from headsmith_blender.gltf.check import CheckReport, check, shapes_of
from headsmith_blender.gltf.document import read_document
from headsmith_blender.gltf.export import export_gltf
from headsmith_blender.gltf.options import PRESETS, preset_named
from headsmith_blender.importing import import_avatar
from headsmith_blender.motion import apply_motion, import_motions

TOLERANCE_M = 1e-5
JOINTS = ("Neck", "Head", "Jaw", "LeftEye", "RightEye")
"""as in the GLB that is written without Blender"""
JAW_TURN = (0.05, 0.2, 0.1)
"""axis-angle about all three axes of head space, radians"""


@pytest.fixture(scope="module")
def avatar(sample_avatar: Path) -> Avatar:
    return read_avatar(sample_avatar)


def add_accessories(collection: Any, scene: Any) -> None:
    """A box with a bevel on a bone, and a band that follows the face."""
    rig, head = collection.headsmith.rig, collection.headsmith.head
    bpy.ops.mesh.primitive_cube_add(size=0.05, location=(0, 0, 0.2))
    box = bpy.context.object
    box.name, box.parent, box.parent_type, box.parent_bone = "Box", rig, "BONE", "neck"
    box.matrix_parent_inverse = (rig.matrix_world @ rig.pose.bones["neck"].matrix).inverted()
    box.modifiers.new("Bevel", "BEVEL")
    bpy.ops.mesh.primitive_torus_add(major_segments=24, minor_segments=6, major_radius=0.09, minor_radius=0.004,
                                     location=(0, 0, 0.05))  # fmt: skip
    band = bpy.context.object
    band.name = "Band"
    follow = band.modifiers.new("Follow", "SURFACE_DEFORM")
    follow.target = head
    bpy.ops.object.surfacedeform_bind(modifier=follow.name)
    assert follow.is_bound
    for obj in (box, band):
        collection.objects.link(obj)
        scene.collection.objects.unlink(obj)


@pytest.fixture
def edited(imported: Any, scene: Any) -> Any:
    return edit(imported, scene)


def add_cloth() -> None:
    """The box gets a material with a weak sheen."""
    cloth = bpy.data.materials.new("Cloth")
    bsdf = next(n for n in shader_tree(cloth).nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    bsdf.inputs["Sheen Weight"].default_value = 0.25
    bpy.data.objects["Box"].data.materials.append(cloth)


def edit(collection: Any, scene: Any) -> Any:
    """The portrait, moved and turned, talking, with accessories and half a smile."""
    scene.render.fps = 30
    add_accessories(collection, scene)
    add_cloth()
    apply_motion(collection, talk(1.0), scene, 1, "talking")
    collection.headsmith.rig.location, collection.headsmith.rig.rotation_euler = (1, 2, 3), (0.1, 0, 0.7)
    sliders(collection)["mouthSmileLeft"].value = 0.5
    bpy.context.view_layer.update()
    return collection


@pytest.fixture(scope="module")
def exported(addon: Any, sample_avatar: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # noqa: ARG001
    """Path and report by preset, all of one edited scene."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene, folder = bpy.context.scene, tmp_path_factory.mktemp("gltf")
    collection = edit(import_avatar(sample_avatar, scene), scene)
    return {name: (folder / f"{name}.glb", export_gltf(collection, scene, folder / f"{name}.glb", options))
            for name, options in PRESETS.items()}  # fmt: skip


@pytest.fixture(scope="module")
def parts(exported: dict[str, Any]) -> Parts:
    return Parts(exported["engine"][0])


def head_primitives(parts: Parts) -> list[dict[str, Any]]:
    (node,) = [n for n in parts.json["nodes"] if n["name"] == "portrait Head"]
    mesh = parts.json["meshes"][node["mesh"]]
    assert tuple(mesh["extras"]["targetNames"]) == ARKIT_52
    assert mesh["weights"] == [0] * 52
    return mesh["primitives"]


def sources(points: np.ndarray, avatar: Avatar) -> np.ndarray:
    """The avatar's vertex that is nearest to each of `points`."""
    tree = KDTree(len(avatar.head.vertices))
    for i, vertex in enumerate(avatar.head.vertices):
        tree.insert(vertex, i)
    tree.balance()
    return np.array([tree.find(point)[1] for point in points])


def distance_to_moved(points: np.ndarray, rest: np.ndarray, moved: np.ndarray, avatar: Avatar) -> float:
    """The largest distance of a point [N, 3] from where its vertex goes; `moved` is [V, 3]."""
    return float(np.abs(points - moved[sources(rest, avatar)]).max())


@pytest.mark.parametrize("preset", PRESETS)
def test_head_rig_and_pictures_are_complete(exported: dict[str, Any], preset: str) -> None:
    path, report = exported[preset]
    assert report.problems == ()
    assert report.worst_displacement_m < TOLERANCE_M
    assert report.accessories == ("Box", "Band")
    assert report.joints == JOINTS
    assert "52 morph targets" in report.sentence()
    document = read_document(path)
    kinds = {image["mimeType"] for image in document.json["images"]}
    assert kinds == {"image/png" if preset == "master" else "image/jpeg"}
    assert not {"Headsmith Export", "Splats"} & {
        str(o.get("name")) for k in ("nodes", "scenes") for o in document.json[k]
    }


def test_sheen_is_as_strong_as_the_artist_made_it(parts: Parts) -> None:
    (cloth,) = [material for material in parts.json["materials"] if material["name"] == "Cloth"]
    assert cloth["extensions"]["KHR_materials_sheen"]["sheenColorFactor"] == pytest.approx([0.25] * 3)


def test_closed_parts_show_one_side(parts: Parts) -> None:
    sided = {m["name"].split()[-1]: m.get("doubleSided", False) for m in parts.json["materials"]}
    assert {kind: sided[kind] for kind in ("Skin", "Eyes", "Teeth", "Tongue", "Lashes")} == {
        "Skin": False, "Eyes": False, "Teeth": False, "Tongue": False, "Lashes": True}  # fmt: skip


def test_it_stands_and_moves_as_the_core_says(parts: Parts, avatar: Avatar) -> None:
    met = set()
    for primitive in head_primitives(parts):
        rest = parts.array(primitive["attributes"]["POSITION"])
        rows = sources(rest, avatar)
        met |= set(rows.tolist())
        np.testing.assert_allclose(rest, avatar.head.vertices[rows], atol=TOLERANCE_M)
        for target, deltas in zip(primitive["targets"], avatar.blendshapes.deltas, strict=True):
            np.testing.assert_allclose(parts.array(target["POSITION"]), deltas[rows], atol=1e-4)
    assert len(met) > 0.99 * len(avatar.head.vertices)


def test_joints_rest_as_in_the_glb_without_blender(parts: Parts, avatar: Avatar) -> None:
    """Each joint's own axes are those of head space, wherever the artist put the rig."""
    nodes = {node["name"]: node for node in parts.json["nodes"]}
    rig = avatar.rig
    for name, parent, place in zip(JOINTS, rig.parents, rig.joints_m, strict=True):
        expected = place - (rig.joints_m[parent] if parent >= 0 else 0)
        np.testing.assert_allclose(nodes[name]["translation"], expected, atol=TOLERANCE_M)
        assert "rotation" not in nodes[name]
    (skin,) = parts.json["skins"]
    assert not {"rotation", "translation"} & set(nodes["portrait Rig"])
    roots = {parts.json["nodes"][i]["name"] for i in parts.json["scenes"][0]["nodes"]}
    assert roots == {"portrait Rig", "portrait Head", "Band"}
    assert len(skin["joints"]) == 5


def test_the_animation_is_the_motion(parts: Parts) -> None:
    """Weights and rotations at each frame, the latter in the axes of head space."""
    motion = resample(talk(1.0), 30.0)
    (animation,) = parts.json["animations"]
    assert animation["name"] == "talking"
    names = [node["name"] for node in parts.json["nodes"]]
    moved = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        times, values = parts.array(sampler["input"])[:, 0], parts.array(sampler["output"])
        moved[names[channel["target"]["node"]], channel["target"]["path"]] = (times, values)
    times, weights = moved["portrait Head", "weights"]
    frames = np.rint(times * 30).astype(int)
    assert frames[-1] == len(motion.weights) - 1
    weights = weights.reshape(-1, 52)
    for name, expected in zip(motion.blendshape_names, motion.weights.T, strict=True):
        np.testing.assert_allclose(weights[:, ARKIT_52.index(name)], expected[frames], atol=1e-4)
    np.testing.assert_array_equal(moved["Band", "weights"][1].reshape(-1, 52), weights)
    times, turns = moved["Head", "rotation"]
    expected = motion.joint_rotations_wxyz[np.rint(times * 30).astype(int), motion.joint_names.index("neck")]
    expected = expected[:, [1, 2, 3, 0]]
    np.testing.assert_allclose(turns * np.sign((turns * expected).sum(1, keepdims=True)), expected, atol=1e-4)


def test_the_validator_finds_no_error(exported: dict[str, Any], readers: Any) -> None:
    for report in readers.run("validate.mjs", *(path for path, _ in exported.values())):
        issues = report["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"][:5]
        # the accessories have UVs without a picture
        assert {message["code"] for message in issues["messages"]} <= {"UNUSED_OBJECT"}
        assert report["info"]["animationCount"] == 1


@pytest.mark.parametrize("reader", ["three_reader.mjs", "babylon_reader.mjs"])
def test_engines_move_it_as_the_core_does(exported: dict[str, Any], readers: Any, avatar: Avatar, reader: str) -> None:
    turn = np.array(JAW_TURN)
    angle = float(np.linalg.norm(turn))
    quat = [*(turn / angle * np.sin(angle / 2)), np.cos(angle / 2)]
    seen = readers.look(reader, exported["engine"][0], Request(turn=Turn("Jaw", tuple(map(float, quat)))))
    rotations = np.zeros((5, 3), np.float32)
    rotations[avatar.rig.joint_names.index("jaw")] = turn
    posed = posed_vertices(avatar, Pose(np.zeros(52, np.float32), rotations))
    heads = [mesh for mesh in seen["meshes"] if mesh["hasTexture"]]
    assert len(heads) == len(avatar.head.part_names)
    for mesh in heads:
        assert tuple(mesh["targets"]) == ARKIT_52
        assert mesh["metallic"] == 0
        rest = readers.floats(mesh["positions"], -1, 3)
        assert distance_to_moved(rest, rest, avatar.head.vertices, avatar) < TOLERANCE_M
        assert distance_to_moved(readers.floats(mesh["posed"], -1, 3), rest, posed, avatar) < TOLERANCE_M
        moved = rest + readers.floats(mesh["displacements"], 52, -1, 3)
        for k, deltas in enumerate(avatar.blendshapes.deltas):
            assert distance_to_moved(moved[k], rest, avatar.head.vertices + deltas, avatar) < TOLERANCE_M
    for name, place in zip(JOINTS, avatar.rig.joints_m, strict=True):
        np.testing.assert_allclose(seen["joints"][name], place, atol=TOLERANCE_M)


def test_the_scene_is_as_it_was(edited: Any, scene: Any, tmp_path: Path) -> None:
    head, rig = edited.headsmith.head, edited.headsmith.rig
    sliders(edited)["jawOpen"].mute = True
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="POSE")
    scene.frame_set(7)

    def state() -> Any:
        kinds = ("objects", "meshes", "actions", "scenes", "materials", "images", "shape_keys")
        blocks = {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds}
        keys = head.data.shape_keys
        return (
            blocks, bpy.context.mode, scene.frame_current, bpy.context.window.scene.name,
            [tuple(r) for r in rig.matrix_world],
            sorted(o.name for o in bpy.context.selected_objects), [(k.name, k.value, k.mute) for k in keys.key_blocks],
            rig.animation_data.action.name, len(rig.animation_data.nla_tracks), keys.animation_data.action.name,
            [tuple(b.rotation_quaternion) for b in rig.pose.bones],
            [m.name for m in bpy.data.objects["Band"].modifiers],
        )  # fmt: skip

    bpy.context.view_layer.update()
    before = state()
    export_gltf(edited, scene, tmp_path / "ada.glb", preset_named("compact"))
    bpy.context.view_layer.update()
    after = state()
    for was, now in zip(before, after, strict=True):
        assert was == now


def test_every_motion_is_an_animation(imported: Any, scene: Any, tmp_path: Path, avatar: Avatar) -> None:
    """The bundle's, each with its length, and what plays now; another avatar's stay out."""
    scene.render.fps = 30
    import_motions(imported, replace(avatar, motions={"short": talk(0.5), "long": idle(1.0)}), scene)
    apply_motion(imported, talk(0.2), scene, 10, "mine")
    bpy.data.actions.new("Elsewhere").use_fake_user = True
    report = export_gltf(imported, scene, tmp_path / "ada.glb", preset_named("compact"))
    assert report.problems == ()
    lengths = {name: found["seconds"] for name, found in report.animations.items()}
    assert lengths == pytest.approx({"short": 0.5, "long": 1.0, "mine": 0.2}, abs=1e-3)
    assert all(found["weights"] == 1 and found["turned"] >= 1 for found in report.animations.values())


def test_a_gltf_has_its_files_beside_it(imported: Any, scene: Any, tmp_path: Path) -> None:
    report = export_gltf(imported, scene, tmp_path / "ada.gltf")
    assert report.problems == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ada.bin", "ada.gltf", "portrait Albedo.jpg"]
    assert report.bytes == sum(p.stat().st_size for p in tmp_path.iterdir())


def test_what_was_lost_is_said(imported: Any, scene: Any, tmp_path: Path) -> None:
    export_gltf(imported, scene, tmp_path / "ada.glb", preset_named("compact"))
    shapes, document = shapes_of(imported), read_document(tmp_path / "ada.glb")
    (mesh,) = document.json["meshes"]
    mesh["primitives"][0]["targets"][17] = dict(mesh["primitives"][0]["targets"][18])
    del document.json["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    document.json["skins"][0]["joints"].reverse()
    found = check(document, shapes, {"talking": True}, ("Hat",))
    said = "; ".join(found["problems"])
    for part in ("differently", "lost its picture", "joint Neck is missing or elsewhere", "accessory Hat is missing",
                 "animation talking is missing"):  # fmt: skip
        assert part in said
    mesh["extras"]["targetNames"].reverse()
    assert "in their order" in check(document, shapes, {}, ())["problems"][0]
    report = CheckReport(file="ada.glb", bytes=1, **found)
    assert report.sentence().startswith("ada.glb is incomplete: ")


def test_paths_that_cannot_be(imported: Any, scene: Any, tmp_path: Path) -> None:
    (tmp_path / "there.glb").write_bytes(b"mine")
    with pytest.raises(InputError, match="an existing file"):
        export_gltf(imported, scene, tmp_path / "there.glb")
    assert (tmp_path / "there.glb").read_bytes() == b"mine"
    with pytest.raises(InputError, match=r"\.glb or \.gltf"):
        export_gltf(imported, scene, tmp_path / "ada.fbx")
    with pytest.raises(InputError, match="no such folder"):
        export_gltf(imported, scene, tmp_path / "none" / "ada.glb")
    with pytest.raises(InputError, match="one of engine, compact, master"):
        preset_named("unity")
