"""An artist's own poses: saved, applied, mirrored, shared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mathutils import Quaternion

from headsmith.asset import ARKIT_52
from headsmith.errors import InputError
from headsmith_blender import poses
from headsmith_blender.pose_files import FacePose, mirrored, other_side, pose_from_json, pose_to_json, read_poses

TURN = Quaternion((0.2, 0.3, 0.4), 0.5)


def values(collection: Any) -> dict[str, float]:
    return poses.current_pose(collection, "now").weights


@pytest.fixture
def face(light: Any) -> Any:
    """The portrait, smiling to its left and looking aside."""
    keys = light.headsmith.head.data.shape_keys.key_blocks
    keys["mouthSmileLeft"].value = 0.8
    keys["jawOpen"].value = 0.25
    light.headsmith.rig.pose.bones["left_eye"].rotation_quaternion = TURN
    return light


def clear(collection: Any) -> None:
    poses.apply_pose(collection, FacePose("rest", {}, {}))
    assert values(collection) == {}


def test_a_saved_pose_comes_back(face: Any) -> None:
    bpy.ops.headsmith.save_pose(name="Smirk")
    clear(face)
    bpy.ops.headsmith.apply_pose(name="Smirk")
    assert values(face) == pytest.approx({"mouthSmileLeft": 0.8, "jawOpen": 0.25})
    turn = face.headsmith.rig.pose.bones["left_eye"].rotation_quaternion
    assert turn.rotation_difference(TURN).angle < 1e-3


def test_half_way(face: Any) -> None:
    pose = poses.current_pose(face, "p")
    clear(face)
    poses.apply_pose(face, pose, 0.5)
    assert values(face) == pytest.approx({"mouthSmileLeft": 0.4, "jawOpen": 0.125})
    turn = face.headsmith.rig.pose.bones["left_eye"].rotation_quaternion
    assert turn.angle == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "AXIS_ANGLE"])
def test_a_bone_keeps_its_rotation_mode(face: Any, mode: str) -> None:
    pose = poses.current_pose(face, "p")
    bone = face.headsmith.rig.pose.bones["left_eye"]
    clear(face)
    bone.rotation_mode = mode
    poses.apply_pose(face, pose)
    assert bone.rotation_mode == mode
    assert bone.matrix_basis.to_quaternion().rotation_difference(TURN).angle < 1e-3


def test_mirroring_swaps_the_sides(face: Any) -> None:
    bpy.ops.headsmith.mirror_expression()
    assert values(face) == pytest.approx({"mouthSmileRight": 0.8, "jawOpen": 0.25})
    bones = face.headsmith.rig.pose.bones
    # the turn about x stays, those about y and z go the other way
    expected = Quaternion((TURN.w, TURN.x, -TURN.y, -TURN.z))
    assert bones["right_eye"].rotation_quaternion.rotation_difference(expected).angle < 1e-3
    assert bones["left_eye"].rotation_quaternion.angle < 1e-6


def test_mirrored_turns_are_those_of_a_mirror() -> None:
    """Where one eye looks, mirrored at x = 0, is where the other looks."""
    forward = TURN @ Quaternion((1, 0, 0), 0).to_matrix().col[1]
    mirrored_turn = Quaternion((TURN.w, TURN.x, -TURN.y, -TURN.z))
    other = mirrored_turn @ Quaternion((1, 0, 0), 0).to_matrix().col[1]
    assert tuple(other) == pytest.approx((-forward.x, forward.y, forward.z))


def test_other_side_is_its_own_inverse() -> None:
    for name in (*ARKIT_52, "left_eye", "right_eye", "neck"):
        assert other_side(other_side(name)) == name
        assert other_side(name) in (*ARKIT_52, "left_eye", "right_eye", "neck")
    assert other_side("jawLeft") == "jawRight"


def test_poses_go_to_another_avatar(face: Any, scene: Any, light_avatar: Path, tmp_path: Path) -> None:
    from headsmith_blender.importing import ImportOptions, import_avatar

    for name in ("Smirk", "Smirk", "Other"):
        poses.save_pose(face, poses.current_pose(face, name))
    assert [pose.name for pose in poses.saved_poses(face)] == ["Smirk", "Other"]
    file = tmp_path / "poses.json"
    bpy.ops.headsmith.export_poses(filepath=str(file))
    other = import_avatar(light_avatar, scene, options=ImportOptions(as_copy=True))
    assert poses.import_poses(other, file) == 2
    assert poses.saved_poses(other) == poses.saved_poses(face)


def test_poses_stay_with_the_file(face: Any, tmp_path: Path) -> None:
    pose = poses.current_pose(face, "Smirk")
    poses.save_pose(face, pose)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    (collection,) = (c for c in bpy.data.collections if c.headsmith.is_avatar)
    assert poses.saved_poses(collection) == [pose]


def test_removing_a_pose(face: Any) -> None:
    for name in ("A", "B"):
        bpy.ops.headsmith.save_pose(name=name)
    bpy.ops.headsmith.remove_pose(name="B")
    assert [pose.name for pose in poses.saved_poses(face)] == ["A"]
    assert face.headsmith.active_pose == 0
    with pytest.raises(RuntimeError, match=r"pose 'B': found no such pose.*; save it first\."):
        bpy.ops.headsmith.remove_pose(name="B")


@pytest.mark.usefixtures("light")
def test_a_pose_needs_a_name() -> None:
    with pytest.raises(RuntimeError, match="found 0 characters"):
        bpy.ops.headsmith.save_pose(name="  ")


names = st.text(min_size=1, max_size=20)
numbers = st.floats(-2, 2, allow_nan=False, width=32)


@given(names, st.dictionaries(names, numbers))
def test_json_keeps_a_pose(name: str, weights: dict[str, float]) -> None:
    pose = FacePose(name, weights, {"neck": (0.6, 0.8, 0.0, 0.0)})
    assert pose_from_json(pose_to_json(pose), "it") == pose
    assert mirrored(mirrored(pose, "m"), name).rotations_wxyz == pose.rotations_wxyz


GOOD = {"name": "A", "weights": {"jawOpen": 0.5}, "rotations_wxyz": {"neck": [1.0, 0.0, 0.0, 0.0]}}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe not text",
        b"{",
        b"[]",
        b"[" * 100_000,
        {"format": "other", "version": 1, "poses": [GOOD]},
        {"format": "headsmith-poses", "version": 2, "poses": [GOOD]},
        {"format": "headsmith-poses", "version": 1, "poses": {}},
        {"format": "headsmith-poses", "version": 1, "poses": [None]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "name": ""}]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "name": 3}]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "weights": {"jawOpen": "much"}}]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "weights": {"jawOpen": float("nan")}}]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "rotations_wxyz": {"neck": [1, 0, 0]}}]},
        {"format": "headsmith-poses", "version": 1, "poses": [{**GOOD, "rotations_wxyz": {"neck": [2, 0, 0, 0]}}]},
    ],
    ids=range(14),
)
def test_bad_files_are_refused(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "poses.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError, match=r"poses\.json: found .*, expected .*; .*\."):
        read_poses(file)
    with pytest.raises(InputError, match="missing"):
        read_poses(tmp_path / "missing.json")
