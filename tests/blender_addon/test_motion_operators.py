"""The operators of motions, expressions and gaze, called as scripts and buttons call them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import read_avatar, write_avatar
from headsmith.motion import PRESETS, talk, write_motion
from headsmith_blender.avatars import avatars
from headsmith_blender.controls import sliders
from headsmith_blender.eye_target import eye_target
from headsmith_blender.motion_reading import read_back
from motion.recordings import Take, csv_of

pytestmark = pytest.mark.usefixtures("light")
FRAMES = tuple(range(120))


def keyed(collection: Any) -> list[Any]:
    blocks = (collection.headsmith.rig, collection.headsmith.head.data.shape_keys)
    return [block.animation_data.action for block in blocks if block.animation_data]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    wave = 0.5 - 0.5 * np.cos(np.array(FRAMES) / 20)
    path = tmp_path / "MySlate_1_iPhone.csv"
    path.write_text(csv_of(Take(FRAMES, values={"JawOpen": wave, "HeadYaw": 0.4 * wave, "LeftEyePitch": 0.2 * wave})))
    return path


def test_a_live_link_face_recording_from_file_to_face(light: Any, scene: Any, recording: Path) -> None:
    scene.render.fps, scene.render.fps_base, scene.frame_end = 30, 1.0, 20
    assert bpy.ops.headsmith.load_motion(filepath=str(recording), start_frame=5) == {"FINISHED"}
    assert keyed(light)[0].name == "portrait MySlate_1_iPhone"
    assert scene.frame_end == 64
    found = read_back(light, scene, 5, 64)
    wave = 0.5 - 0.5 * np.cos(np.array(FRAMES[::2]) / 20)
    np.testing.assert_allclose(found.weights[:, found.blendshape_names.index("jawOpen")], wave, atol=1e-5)
    neck = found.joint_rotations_wxyz[:, found.joint_names.index("neck")]
    np.testing.assert_allclose(neck[:, 2], np.sin(-0.2 * wave), atol=1e-5)
    assert np.abs(found.joint_rotations_wxyz[:, found.joint_names.index("left_eye"), 1:]).max() < 1e-6


def test_the_options_of_a_recording(light: Any, scene: Any, recording: Path) -> None:
    scene.render.fps, scene.render.fps_base, scene.frame_end = 30, 1.0, 20
    bpy.ops.headsmith.load_motion(filepath=str(recording), eyes="bones", fps=30.0, extend_scene=False)
    assert scene.frame_end == 20
    found = read_back(light, scene, 120, 120)
    down = found.joint_rotations_wxyz[0, found.joint_names.index("left_eye"), 1]
    assert down == pytest.approx(np.sin(0.1 * (0.5 - 0.5 * np.cos(119 / 20))), abs=1e-5)


def test_other_motion_files_load_too(light: Any, tmp_path: Path) -> None:
    for suffix in (".npz", ".json"):
        write_motion(talk(0.5), tmp_path / f"talk{suffix}")
        assert bpy.ops.headsmith.load_motion(filepath=str(tmp_path / f"talk{suffix}")) == {"FINISHED"}
    assert len({action.name for action in bpy.data.actions}) >= 2
    assert keyed(light)


@pytest.mark.parametrize("name", ["missing.csv", "bad.csv", "bad.npz", "bad.json", "bad.fbx"])
def test_a_bad_file_is_one_sentence(light: Any, tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
    before = len(bpy.data.actions)
    with pytest.raises(RuntimeError, match=rf"^Error: {name}.*: found .*, expected .*; .*\.\n?$"):
        bpy.ops.headsmith.load_motion(filepath=str(tmp_path / name))
    assert len(bpy.data.actions) == before
    assert not keyed(light)


def test_a_motion_of_the_bundle(scene: Any, light_avatar: Path, tmp_path: Path) -> None:
    write_avatar(replace(read_avatar(light_avatar), motions={"talk": talk(1.0)}), tmp_path / "ada.avatar")
    bpy.ops.headsmith.import_avatar(filepath=str(tmp_path / "ada.avatar"))
    ada = next(c for c in scene.collection.children_recursive if c.name == "ada")
    bpy.context.view_layer.objects.active = ada.headsmith.head
    assert bpy.ops.headsmith.apply_motion(motion="talk", start_frame=3) == {"FINISHED"}
    assert keyed(ada)[0].frame_range[0] == 3
    with pytest.raises(RuntimeError, match="motion 'dance': found no motion of that name in ada, expected talk; "):
        bpy.ops.headsmith.apply_motion(motion="dance")


def test_every_preset_can_be_applied(light: Any) -> None:
    keys = sliders(light)
    keys["cheekPuff"].value = 0.9
    for name, weights in PRESETS.items():
        assert bpy.ops.headsmith.apply_expression(preset=name, strength=0.5) == {"FINISHED"}
        set_to = {shape: key.value for shape, key in keys.items() if key.value}
        assert set_to == pytest.approx({shape: weight / 2 for shape, weight in weights.items()}, abs=1e-6)


def test_reset_and_key_all(light: Any, scene: Any) -> None:
    bpy.ops.headsmith.apply_expression(preset="smile")
    bone = light.headsmith.rig.pose.bones["jaw"]
    bone.rotation_quaternion = (0.98, 0.2, 0, 0)
    scene.frame_set(10)
    assert bpy.ops.headsmith.key_all() == {"FINISHED"}
    scene.frame_set(20)
    bpy.ops.headsmith.reset_expression(bones=False)
    assert sliders(light)["mouthSmileLeft"].value == 0
    assert bone.rotation_quaternion[1] > 0.1
    bpy.ops.headsmith.reset_expression()
    assert tuple(bone.rotation_quaternion) == (1, 0, 0, 0)
    bpy.ops.headsmith.key_all()
    scene.frame_set(10)
    assert sliders(light)["mouthSmileLeft"].value == pytest.approx(0.6)
    assert bone.rotation_quaternion[1] == pytest.approx(0.2, abs=0.01)
    scene.frame_set(20)
    assert sliders(light)["mouthSmileLeft"].value == 0


def test_the_eye_target_comes_and_goes(light: Any) -> None:
    assert bpy.ops.headsmith.add_eye_target() == {"FINISHED"}
    assert eye_target(light) is not None
    assert bpy.ops.headsmith.remove_eye_target() == {"FINISHED"}
    assert eye_target(light) is None


def test_they_are_greyed_out_without_an_avatar(light: Any) -> None:
    bpy.data.collections.remove(light)
    for name in ("load_motion", "apply_motion", "key_all", "reset_expression", "apply_expression", "add_eye_target"):
        assert not getattr(bpy.ops.headsmith, name).poll()


def state() -> tuple[Any, ...]:
    """What the operators change, of the scene's avatar as it is now: undo makes new datablocks."""
    (collection,) = avatars(bpy.context.scene)
    keys = collection.headsmith.head.data.shape_keys
    playing = collection.headsmith.rig.animation_data and collection.headsmith.rig.animation_data.action
    return (
        {key.name: round(key.value, 5) for key in keys.key_blocks},
        {bone.name: tuple(bone.rotation_quaternion) for bone in collection.headsmith.rig.pose.bones},
        sorted(collection.objects.keys()),
        playing.name if playing else None,
        bpy.context.scene.frame_end,
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("load_motion", {}),
        ("apply_expression", {"preset": "anger"}),
        ("reset_expression", {}),
        ("key_all", {}),
        ("add_eye_target", {}),
    ],
)
def test_what_they_do_is_undone(light: Any, recording: Path, name: str, options: dict[str, Any]) -> None:
    light.headsmith.rig.pose.bones["jaw"].rotation_quaternion = (0.98, 0.2, 0, 0)
    bpy.context.scene.frame_end = 20
    bpy.ops.ed.undo_push(message="before")
    before = state()
    if name == "load_motion":
        options = {"filepath": str(recording)}
    assert getattr(bpy.ops.headsmith, name)("EXEC_DEFAULT", True, **options) == {"FINISHED"}
    assert state() != before
    bpy.ops.ed.undo()
    assert state() == before
