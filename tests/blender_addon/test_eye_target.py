"""Eyes that follow a target, and joints that turn no further than they can: Blender's evaluation, measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler

from headsmith.asset import read_avatar
from headsmith.errors import InputError
from headsmith_blender.builders.limits import CONSTRAINT, LIMITS
from headsmith_blender.controls import sliders
from headsmith_blender.eye_target import EYES, add_eye_target, eye_target, remove_eye_target
from headsmith_blender.gaze_lids import PREFIX
from headsmith_blender.importing import update_avatar
from headsmith_blender.motion_reading import read_back
from headsmith_blender.scene import evaluated_vertices


def gaze(collection: Any, eye: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the evaluated eye is and where it looks, in the world."""
    bpy.context.view_layer.update()
    rig = collection.headsmith.rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    matrix = np.array(rig.matrix_world @ rig.pose.bones[eye].matrix)
    return matrix[:3, 3], -matrix[:3, 1]


def missed_by_deg(collection: Any, eye: str) -> float:
    place, direction = gaze(collection, eye)
    wanted = np.array(eye_target(collection).matrix_world.translation) - place
    return float(np.degrees(np.arccos(np.clip(direction @ wanted / np.linalg.norm(wanted), -1, 1))))


def aim(collection: Any, yaw_deg: float, pitch_deg: float, distance_m: float = 2.0) -> None:
    """Puts the target to the subject's left by `yaw_deg` and up by `pitch_deg`, seen from between the eyes."""
    yaw, pitch = np.radians((yaw_deg, pitch_deg))
    away = distance_m * np.array([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    eyes = [np.array(collection.headsmith.rig.pose.bones[eye].bone.head_local) for eye in EYES]
    eye_target(collection).location = np.mean(eyes, axis=0) + away


@pytest.mark.parametrize("yaw", [-30, 0, 30])
@pytest.mark.parametrize("pitch", [-22, 0, 20])
def test_the_gaze_hits_the_target(light: Any, yaw: float, pitch: float) -> None:
    add_eye_target(light)
    aim(light, yaw, pitch)
    for eye in EYES:
        assert missed_by_deg(light, eye) < 0.05


def test_it_hits_whatever_the_head_does(light: Any) -> None:
    add_eye_target(light)
    rig = light.headsmith.rig
    rig.location, rig.rotation_euler = (1, 2, 3), (0.3, -0.2, 2.0)
    rig.pose.bones["neck"].rotation_quaternion = Euler((0.2, 0.1, -0.3)).to_quaternion()
    for eye in EYES:
        assert missed_by_deg(light, eye) < 0.05


def test_at_half_a_metre_the_eyes_converge(light: Any) -> None:
    target = add_eye_target(light)
    assert target == add_eye_target(light)
    assert target.name in light.objects
    left, right = (gaze(light, eye)[1] for eye in EYES)
    assert left[0] < 0 < right[0]
    assert np.degrees(np.arccos(left @ right)) == pytest.approx(np.degrees(2 * np.arctan(0.0307 / 0.5)), abs=0.2)


@pytest.mark.parametrize(("yaw", "pitch", "most"), [(80, 0, 35), (-80, 0, 35), (0, 60, 25), (0, -60, 30)])
def test_eyes_stop_where_eyes_stop(light: Any, yaw: float, pitch: float, most: float) -> None:
    add_eye_target(light)
    aim(light, yaw, pitch, distance_m=50.0)
    for eye in EYES:
        direction = gaze(light, eye)[1]
        assert np.degrees(np.arccos(-direction[1])) == pytest.approx(most, abs=0.5)


def test_influence_and_removal(light: Any) -> None:
    target = add_eye_target(light)
    aim(light, 30, 0)
    full = gaze(light, "left_eye")[1]
    target["influence"] = 0.5
    target.update_tag()
    half = gaze(light, "left_eye")[1]
    assert np.degrees(np.arccos(half @ full)) == pytest.approx(14.6, abs=1)
    objects = set(light.objects.keys())
    remove_eye_target(light)
    assert eye_target(light) is None
    assert set(light.objects.keys()) == objects - {"portrait Gaze"}
    np.testing.assert_allclose(gaze(light, "left_eye")[1], (0, -1, 0), atol=1e-6)
    assert not light.headsmith.rig.animation_data.drivers
    remove_eye_target(light)


def lid_moves(collection: Any, eye: str) -> tuple[np.ndarray, np.ndarray]:
    """[n, 3] how far the evaluated vertices of the eyeball and all others moved from where joints alone put them."""
    head, keys = collection.headsmith.head, collection.headsmith.head.data.shape_keys
    bpy.context.view_layer.update()
    moved = evaluated_vertices(head, bpy.context.evaluated_depsgraph_get()).copy()
    lids = [key for key in keys.key_blocks if key.name.startswith(PREFIX)]
    for key in lids:
        key.mute = True
    bpy.context.view_layer.update()
    moved -= evaluated_vertices(head, bpy.context.evaluated_depsgraph_get())
    for key in lids:
        key.mute = False
    group = head.vertex_groups[eye].index
    ball = np.array([any(g.group == group and g.weight > 0.5 for g in v.groups) for v in head.data.vertices])
    return moved[ball], moved[~ball]


@pytest.mark.parametrize(("pitch", "axis_up"), [(18, 1), (-18, -1)])
def test_lids_follow_and_eyeballs_turn_once(light: Any, pitch: float, axis_up: int) -> None:
    add_eye_target(light)
    aim(light, 0, pitch)
    ball, rest = lid_moves(light, "left_eye")
    assert np.abs(ball).max() < 1e-7
    shape = f"eyeLook{'Up' if pitch > 0 else 'Down'}Left"
    key = sliders(light)[shape]
    assert key.value == 0
    assert 0.0015 < np.abs(rest).max() < 0.005
    assert np.sign(rest[np.abs(rest).max(1).argmax(), 2]) == axis_up
    assert missed_by_deg(light, "left_eye") < 0.05


def test_lids_are_no_sliders(light: Any) -> None:
    before, keys = set(sliders(light)), light.headsmith.head.data.shape_keys.key_blocks
    count = len(keys)
    add_eye_target(light)
    assert set(sliders(light)) == before
    assert len(keys) == count + 4
    # computed without Python, so that files work where scripts may not run
    assert all(d.driver.is_simple_expression for d in light.headsmith.head.data.shape_keys.animation_data.drivers)
    remove_eye_target(light)
    assert len(keys) == count
    assert not light.headsmith.head.data.shape_keys.animation_data.drivers


def test_an_import_of_another_head_renews_the_lids(light: Any, scene: Any, light_avatar: Path) -> None:
    add_eye_target(light)
    avatar = read_avatar(light_avatar)
    other = replace(avatar, head=replace(avatar.head, faces=avatar.head.faces[:, [1, 2, 0]].copy(),
                                         uv_faces=avatar.head.uv_faces[:, [1, 2, 0]].copy()))  # fmt: skip
    update_avatar(light, other, light_avatar, scene)
    aim(light, 0, -18)
    ball, rest = lid_moves(light, "left_eye")
    assert np.abs(ball).max() < 1e-7
    assert 0.0015 < np.abs(rest).max() < 0.005
    assert len(light.headsmith.head.data.shape_keys.animation_data.drivers) == 4


def test_a_deleted_target_can_be_made_anew(light: Any) -> None:
    bpy.data.objects.remove(add_eye_target(light))
    assert eye_target(light) is None
    add_eye_target(light)
    assert len(light.headsmith.rig.pose.bones["left_eye"].constraints) == 2
    aim(light, 10, 5)
    assert missed_by_deg(light, "left_eye") < 0.05


def test_a_rig_without_eyes_is_refused(light: Any) -> None:
    for name in EYES:
        light.headsmith.rig.data.bones[name].name = f"{name}_renamed"
    with pytest.raises(InputError, match="no bone for an eye"):
        add_eye_target(light)


def inside(name: str, rng: np.random.Generator) -> Any:
    limits = LIMITS[name]
    ends = np.radians([limits.x, limits.y or (-5, 5), limits.z])
    return Euler(rng.uniform(ends[:, 0], ends[:, 1])).to_quaternion()


def test_poses_inside_the_limits_stay(light: Any, scene: Any) -> None:
    rng, bones = np.random.default_rng(0), light.headsmith.rig.pose.bones
    for _ in range(20):
        for name in LIMITS:
            bones[name].rotation_quaternion = inside(name, rng)
        limited = read_back(light, scene, 1, 1)
        for name in LIMITS:
            bones[name].constraints[CONSTRAINT].mute = True
        free = read_back(light, scene, 1, 1)
        for name in LIMITS:
            bones[name].constraints[CONSTRAINT].mute = False
        np.testing.assert_allclose(limited.joint_rotations_wxyz, free.joint_rotations_wxyz, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "turn", "expected"),
    [
        ("jaw", (60, 0, 0), (40, 0, 0)),
        ("jaw", (-20, 0, 30), (-5, 0, 10)),
        ("neck", (-90, 0, 0), (-75, 0, 0)),
        ("neck", (0, 70, 0), (0, 45, 0)),
        ("left_eye", (0, 0, 60), (0, 0, 35)),
        ("right_eye", (50, 0, -60), (30, 0, -35)),
    ],
)
def test_poses_outside_are_held_at_the_limits(
    light: Any, scene: Any, name: str, turn: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    light.headsmith.rig.pose.bones[name].rotation_quaternion = Euler(np.radians(turn)).to_quaternion()
    found = read_back(light, scene, 1, 1)
    wanted = np.array(Euler(np.radians(expected)).to_quaternion())[[0, 1, 3, 2]] * (1, 1, 1, -1)
    np.testing.assert_allclose(found.joint_rotations_wxyz[0, found.joint_names.index(name)], wanted, atol=1e-5)
