"""Eyes that follow a target, and joints that turn no further than they can: Blender's evaluation, measured."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler

from headsmith.errors import InputError
from headsmith_blender.builders.limits import CONSTRAINT, LIMITS
from headsmith_blender.eye_target import EYES, add_eye_target, eye_target, remove_eye_target
from headsmith_blender.motion_reading import read_back


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
def test_the_gaze_hits_the_target(imported: Any, yaw: float, pitch: float) -> None:
    add_eye_target(imported)
    aim(imported, yaw, pitch)
    for eye in EYES:
        assert missed_by_deg(imported, eye) < 0.05


def test_it_hits_whatever_the_head_does(imported: Any) -> None:
    add_eye_target(imported)
    rig = imported.headsmith.rig
    rig.location, rig.rotation_euler = (1, 2, 3), (0.3, -0.2, 2.0)
    rig.pose.bones["neck"].rotation_quaternion = Euler((0.2, 0.1, -0.3)).to_quaternion()
    for eye in EYES:
        assert missed_by_deg(imported, eye) < 0.05


def test_at_half_a_metre_the_eyes_converge(imported: Any) -> None:
    target = add_eye_target(imported)
    assert target == add_eye_target(imported)
    assert target.name in imported.objects
    left, right = (gaze(imported, eye)[1] for eye in EYES)
    assert left[0] < 0 < right[0]
    assert np.degrees(np.arccos(left @ right)) == pytest.approx(np.degrees(2 * np.arctan(0.0307 / 0.5)), abs=0.2)


@pytest.mark.parametrize(("yaw", "pitch", "most"), [(80, 0, 35), (-80, 0, 35), (0, 60, 25), (0, -60, 30)])
def test_eyes_stop_where_eyes_stop(imported: Any, yaw: float, pitch: float, most: float) -> None:
    add_eye_target(imported)
    aim(imported, yaw, pitch, distance_m=50.0)
    for eye in EYES:
        direction = gaze(imported, eye)[1]
        assert np.degrees(np.arccos(-direction[1])) == pytest.approx(most, abs=0.5)


def test_influence_and_removal(imported: Any) -> None:
    target = add_eye_target(imported)
    aim(imported, 30, 0)
    full = gaze(imported, "left_eye")[1]
    target["influence"] = 0.5
    target.update_tag()
    half = gaze(imported, "left_eye")[1]
    assert np.degrees(np.arccos(half @ full)) == pytest.approx(14.6, abs=1)
    objects = set(imported.objects.keys())
    remove_eye_target(imported)
    assert eye_target(imported) is None
    assert set(imported.objects.keys()) == objects - {"portrait Gaze"}
    np.testing.assert_allclose(gaze(imported, "left_eye")[1], (0, -1, 0), atol=1e-6)
    assert not imported.headsmith.rig.animation_data.drivers
    remove_eye_target(imported)


def test_a_deleted_target_can_be_made_anew(imported: Any) -> None:
    bpy.data.objects.remove(add_eye_target(imported))
    assert eye_target(imported) is None
    add_eye_target(imported)
    assert len(imported.headsmith.rig.pose.bones["left_eye"].constraints) == 2
    aim(imported, 10, 5)
    assert missed_by_deg(imported, "left_eye") < 0.05


def test_a_rig_without_eyes_is_refused(imported: Any) -> None:
    for name in EYES:
        imported.headsmith.rig.data.bones[name].name = f"{name}_renamed"
    with pytest.raises(InputError, match="no bone for an eye"):
        add_eye_target(imported)


def inside(name: str, rng: np.random.Generator) -> Any:
    limits = LIMITS[name]
    ends = np.radians([limits.x, limits.y or (-5, 5), limits.z])
    return Euler(rng.uniform(ends[:, 0], ends[:, 1])).to_quaternion()


def test_poses_inside_the_limits_stay(imported: Any, scene: Any) -> None:
    rng, bones = np.random.default_rng(0), imported.headsmith.rig.pose.bones
    for _ in range(20):
        for name in LIMITS:
            bones[name].rotation_quaternion = inside(name, rng)
        limited = read_back(imported, scene, 1, 1)
        for name in LIMITS:
            bones[name].constraints[CONSTRAINT].mute = True
        free = read_back(imported, scene, 1, 1)
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
    imported: Any, scene: Any, name: str, turn: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    imported.headsmith.rig.pose.bones[name].rotation_quaternion = Euler(np.radians(turn)).to_quaternion()
    found = read_back(imported, scene, 1, 1)
    wanted = np.array(Euler(np.radians(expected)).to_quaternion())[[0, 1, 3, 2]] * (1, 1, 1, -1)
    np.testing.assert_allclose(found.joint_rotations_wxyz[0, found.joint_names.index(name)], wanted, atol=1e-5)
