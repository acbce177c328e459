"""Motions in Blender: what is keyed comes back frame by frame, on whatever action system the version has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import Motion, read_avatar, write_avatar
from headsmith.errors import InputError
from headsmith.motion import each_shape, idle, resample, talk, to_avatar
from headsmith_blender.controls import joint_bones, sliders
from headsmith_blender.importing import import_avatar, update_avatar
from headsmith_blender.motion import apply_motion, play_own
from headsmith_blender.motion_reading import read_back


@pytest.fixture
def collection(light: Any, scene: Any) -> Any:
    """Without what makes every frame slow: only controls are looked at here."""
    scene.render.fps, scene.render.fps_base = 30, 1.0
    for obj in light.objects:
        for modifier in obj.modifiers:
            modifier.show_viewport = False
    return light


def whole(motion: Motion, collection: Any) -> Motion:
    """`motion` with every control of the avatar in it, at rest where it moves none."""
    shapes, joints = tuple(sliders(collection)), tuple(bone.name for bone in joint_bones(collection))
    weights = np.zeros((len(motion.weights), len(shapes)), np.float32)
    weights[:, [shapes.index(name) for name in motion.blendshape_names]] = motion.weights
    turns = np.zeros((len(motion.weights), len(joints), 4), np.float32)
    turns[..., 0] = 1
    turns[:, [joints.index(name) for name in motion.joint_names]] = motion.joint_rotations_wxyz
    return replace(motion, blendshape_names=shapes, weights=weights, joint_names=joints, joint_rotations_wxyz=turns)


def assert_like(found: Motion, wanted: Motion, atol: float = 1e-5) -> None:
    assert found.blendshape_names == wanted.blendshape_names
    assert found.joint_names == wanted.joint_names
    assert found.fps == pytest.approx(wanted.fps)
    np.testing.assert_allclose(found.weights, wanted.weights, atol=atol)
    cosines = np.abs((found.joint_rotations_wxyz * wanted.joint_rotations_wxyz).sum(-1))
    np.testing.assert_allclose(cosines, 1, atol=1e-6)
    signs = np.sign((found.joint_rotations_wxyz * wanted.joint_rotations_wxyz).sum(-1, keepdims=True))
    np.testing.assert_allclose(found.joint_rotations_wxyz * signs, wanted.joint_rotations_wxyz, atol=atol)
    np.testing.assert_allclose(found.head_translation_m, wanted.head_translation_m, atol=atol)


def test_a_hundred_frames_come_back(collection: Any, scene: Any) -> None:
    motion = talk(99 / 30, 30.0, seed=2)
    scene.frame_set(7)
    actions, warnings = apply_motion(collection, motion, scene, 11, "portrait talk")
    assert warnings == ()
    assert actions[0].name == "portrait talk"
    assert scene.frame_current == 7
    found = read_back(collection, scene, 11, 110)
    assert scene.frame_current == 7
    assert len(found.weights) == 100
    assert found.weights.max() > 0.5
    assert_like(found, whole(motion, collection))


def test_it_runs_at_the_scenes_frame_rate(collection: Any, scene: Any) -> None:
    scene.render.fps, scene.render.fps_base = 24, 1.0
    motion = talk(2.0, 60.0, seed=4)
    apply_motion(collection, motion, scene, 1, "slow")
    wanted = resample(motion, 24.0)
    assert len(wanted.weights) == 49
    assert_like(read_back(collection, scene, 1, 49), whole(wanted, collection))


def test_between_frames_it_is_linear(collection: Any, scene: Any) -> None:
    motion = each_shape(("jawOpen",), 30.0, 0.2)
    apply_motion(collection, motion, scene, 1, "jaw")
    scene.frame_set(2, subframe=0.5)
    assert sliders(collection)["jawOpen"].value == pytest.approx(motion.weights[1:3].mean(), abs=1e-5)


def test_values_outside_0_to_1_are_kept(collection: Any, scene: Any) -> None:
    motion = each_shape(("jawOpen", "mouthLeft"), 30.0, 0.2)
    motion = replace(motion, weights=motion.weights * np.float32([1.6, -0.7]))
    apply_motion(collection, motion, scene, 1, "far")
    assert_like(read_back(collection, scene, 1, len(motion.weights)), whole(motion, collection))


def test_what_it_does_not_move_goes_to_rest(collection: Any, scene: Any) -> None:
    sliders(collection)["cheekPuff"].value = 0.7
    collection.headsmith.rig.pose.bones["jaw"].rotation_quaternion = (0.9, 0.1, 0, 0)
    collection.headsmith.head.shape_key_add(name="by hand", from_mix=False).value = 0.4
    apply_motion(collection, each_shape(("jawOpen",), 30.0, 0.2), scene, 1, "jaw")
    scene.frame_set(4)
    assert sliders(collection)["cheekPuff"].value == 0
    assert sliders(collection)["by hand"].value == pytest.approx(0.4)
    assert tuple(collection.headsmith.rig.pose.bones["jaw"].rotation_quaternion) == (1, 0, 0, 0)


def test_names_that_the_avatar_lacks_are_told(collection: Any, scene: Any) -> None:
    motion = each_shape(("earWiggle", "JAW_OPEN"), 30.0, 0.2)
    _, warnings = apply_motion(collection, motion, scene, 1, "ears")
    assert warnings == ("blendshape 'earWiggle' is not in this avatar and was left out",)


def avatar_with(light_avatar: Path, **motions: Motion) -> Any:
    return replace(read_avatar(light_avatar), motions=motions)


@pytest.fixture
def with_motions(scene: Any, light_avatar: Path, tmp_path: Path) -> Any:
    scene.render.fps, scene.render.fps_base = 30, 1.0
    write_avatar(avatar_with(light_avatar, idle=idle(2.0), talk=talk(2.0)), tmp_path / "ada.avatar")
    return import_avatar(tmp_path / "ada.avatar", scene)


def test_the_bundles_motions_are_in_the_file(with_motions: Any, scene: Any, light_avatar: Path) -> None:
    motions = with_motions.headsmith.motions
    assert set(motions.keys()) == {"idle", "talk"}
    assert motions["talk"].bones.name == "ada talk"
    assert all(action.use_fake_user for motion in motions for action in (motion.bones, motion.sliders))
    assert with_motions.headsmith.rig.animation_data is None
    count, kept = len(bpy.data.actions), motions["talk"].bones
    again = avatar_with(light_avatar, idle=idle(2.0), nod=idle(1.0, seed=1))
    update_avatar(with_motions, again, Path("ada.avatar"), scene)
    assert set(motions.keys()) == {"idle", "talk", "nod"}
    assert motions["talk"].bones == kept
    assert len(bpy.data.actions) == count + len({motions["nod"].bones, motions["nod"].sliders})


def test_own_motions_play_from_any_frame_at_any_rate(with_motions: Any, scene: Any) -> None:
    motion, _ = to_avatar(talk(2.0), tuple(sliders(with_motions)), ("root", "neck", "jaw", "left_eye", "right_eye"))
    play_own(with_motions, "talk", scene, 1)
    assert with_motions.headsmith.rig.animation_data.action == with_motions.headsmith.motions["talk"].bones
    assert_like(read_back(with_motions, scene, 1, 3), replace_frames(whole(motion, with_motions), slice(0, 3)))
    scene.render.fps = 60
    play_own(with_motions, "talk", scene, 21)
    found = read_back(with_motions, scene, 21, 25)
    wanted = resample(whole(motion, with_motions), 60.0)
    assert_like(found, replace_frames(wanted, slice(0, 5)), atol=1e-4)
    assert len(with_motions.headsmith.motions) == 2
    with pytest.raises(InputError, match="expected idle, talk"):
        play_own(with_motions, "dance", scene, 1)


def replace_frames(motion: Motion, rows: slice) -> Motion:
    return replace(
        motion, weights=motion.weights[rows], joint_rotations_wxyz=motion.joint_rotations_wxyz[rows],
        head_translation_m=motion.head_translation_m[rows],
    )  # fmt: skip
