"""One pose moves mesh and splats; names that do not exist are explained."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset import neutral_pose, pose_from, posed_splats, posed_vertices
from headsmith.asset.skinning import rotation_matrices
from headsmith.errors import InputError
from synthetic import make_avatar

AVATAR = make_avatar()


def test_neutral_is_the_rest_head() -> None:
    np.testing.assert_allclose(posed_vertices(AVATAR, neutral_pose(AVATAR)), AVATAR.head.vertices, atol=1e-7)
    np.testing.assert_allclose(posed_splats(AVATAR, neutral_pose(AVATAR)).means, AVATAR.splats.splats.means, atol=1e-6)


def test_blendshapes_add_up() -> None:
    pose = pose_from(AVATAR, {"jawOpen": 0.5, "cheekPuff": 1.0}, {})
    deltas, names = AVATAR.blendshapes.deltas, AVATAR.blendshapes.names
    expected = AVATAR.head.vertices + 0.5 * deltas[names.index("jawOpen")] + deltas[names.index("cheekPuff")]
    np.testing.assert_allclose(posed_vertices(AVATAR, pose), expected, atol=1e-6)


def test_a_turned_root_turns_everything() -> None:
    angle = np.array([0.1, 0.8, -0.2], np.float32)
    pose = pose_from(AVATAR, {}, {"root": angle})
    turn, pivot = rotation_matrices(angle), AVATAR.rig.joints_m[0]
    np.testing.assert_allclose(posed_vertices(AVATAR, pose), (AVATAR.head.vertices - pivot) @ turn.T + pivot, atol=1e-6)
    np.testing.assert_allclose(
        posed_splats(AVATAR, pose).means, (AVATAR.splats.splats.means - pivot) @ turn.T + pivot, atol=2e-6
    )


def test_an_eye_turns_alone_and_takes_its_splats() -> None:
    pose = pose_from(AVATAR, {}, {"left_eye": (0, 0.5, 0)})
    rows = AVATAR.rig.weights[:, 3] == 1
    moved = np.linalg.norm(posed_vertices(AVATAR, pose) - AVATAR.head.vertices, axis=1)
    assert moved[rows].max() > 3e-3
    assert moved[~rows].max() < 1e-7
    on_eye = rows[AVATAR.head.faces[AVATAR.splats.binding.triangle]].all(axis=1)
    splats_moved = np.linalg.norm(posed_splats(AVATAR, pose).means - AVATAR.splats.splats.means, axis=1)
    assert splats_moved[on_eye].max() > 3e-3
    assert splats_moved[~on_eye].max() < 1e-6


@pytest.mark.parametrize(
    ("weights", "joints", "words"),
    [
        ({"jawopen": 1}, {}, "jawOpen"),
        ({"eyeBlink_L": 1}, {}, "eyeBlinkLeft"),
        ({"zzzzzz": 1}, {}, "headsmith info"),
        ({"jawOpen": float("nan")}, {}, "finite"),
        ({}, {"Jaw": (0, 0, 0)}, "jaw"),
        ({}, {"jaw": (0, 0)}, "three finite numbers"),
        ({}, {"jaw": (0, 0, float("inf"))}, "three finite numbers"),
    ],
)
def test_wrong_names_and_values_are_explained(weights: dict, joints: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pose_from(AVATAR, weights, joints)
