"""Motions written and read again, other rates, and other avatars' names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headsmith.asset import ARKIT_52, Motion, read_avatar, write_avatar
from headsmith.asset.skinning import rotation_matrices
from headsmith.cli import main
from headsmith.errors import InputError
from headsmith.motion import read_motion, resample, talk, to_avatar, write_motion
from synthetic import make_avatar


@pytest.fixture
def motion() -> Motion:
    return talk(2.0, 30.0, seed=3)


def assert_same(a: Motion, b: Motion) -> None:
    assert (a.fps, a.blendshape_names, a.joint_names) == (b.fps, b.blendshape_names, b.joint_names)
    np.testing.assert_array_equal(a.weights, b.weights)
    np.testing.assert_allclose(a.joint_rotations_wxyz, b.joint_rotations_wxyz, atol=2e-7)
    np.testing.assert_array_equal(a.head_translation_m, b.head_translation_m)
    assert a.source == b.source


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_round_trip(motion: Motion, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"talk{suffix}"
    write_motion(motion, path)
    assert_same(read_motion(path), motion)
    assert read_motion(path, fps=24.0).fps == 24
    with pytest.raises(InputError, match="existing file"):
        write_motion(motion, path)
    before = path.read_bytes()
    write_motion(motion, path, force=True)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_npz_holds_what_a_bundle_holds(motion: Motion, tmp_path: Path) -> None:
    write_motion(motion, tmp_path / "talk.npz")
    write_avatar(replace(make_avatar(), motions={"talk": motion}), tmp_path / "a.avatar")
    alone, bundled = np.load(tmp_path / "talk.npz"), np.load(tmp_path / "a.avatar/motions/talk.npz")
    assert set(alone) == {*bundled, "about"}
    for name in bundled:
        np.testing.assert_array_equal(alone[name], bundled[name])
    assert json.loads(alone["about"].tobytes())["blendshapes"] == list(motion.blendshape_names)
    assert_same(read_avatar(tmp_path / "a.avatar").motions["talk"], motion)


def test_json_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "hand.json"
    path.write_text('{"fps": 25, "frames": [{"jawOpen": 0.4}, {"mouthSmileLeft": 1, "jawOpen": 0.5}, {}]}')
    motion = read_motion(path)
    assert motion.blendshape_names == ("jawOpen", "mouthSmileLeft")
    np.testing.assert_allclose(motion.weights, [[0.4, 0], [0.5, 1], [0, 0]])
    assert motion.joint_rotations_wxyz.shape == (3, 0, 4)


@pytest.mark.parametrize("fps", [24.0, 60.0, 30.0, 59.94])
def test_resampling_keeps_straight_lines_and_steady_turns(fps: float) -> None:
    times = np.arange(61) / 30
    turn = np.zeros((61, 1, 4), np.float32)
    turn[:, 0, 0], turn[:, 0, 2] = np.cos(times), np.sin(times)
    turn[7:20] *= -1
    motion = Motion(30.0, ("jawOpen",), times[:, None].astype("f4"), ("neck",), turn,
                    np.outer(times, (0.1, 0.2, 0.3)).astype("f4"), "ramp")  # fmt: skip
    out = resample(motion, fps)
    assert len(out.weights) == int(2 * fps + 1e-6) + 1
    expected = np.arange(len(out.weights)) / fps
    np.testing.assert_allclose(out.weights[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(out.head_translation_m[:, 2], 0.3 * expected, atol=1e-6)
    quats = out.joint_rotations_wxyz[:, 0]
    np.testing.assert_allclose(np.abs(quats[:, 0] * np.cos(expected) + quats[:, 2] * np.sin(expected)), 1, atol=1e-6)


def test_resampling_turns_as_far_as_asked() -> None:
    """Half way between two poses of a joint lies half the angle, to the accuracy of float32."""
    half = np.radians(70) / 2
    turns = np.array([[[1, 0, 0, 0]], [[np.cos(half), np.sin(half), 0, 0]]], np.float32)
    motion = Motion(1.0, (), np.zeros((2, 0), "f4"), ("jaw",), turns, np.zeros((2, 3), "f4"), "")
    middle = resample(motion, 2.0).joint_rotations_wxyz[1, 0]
    assert 2 * np.arctan2(middle[1], middle[0]) == pytest.approx(half, abs=1e-6)
    assert np.trace(rotation_matrices(np.array([half, 0, 0]))) == pytest.approx(1 + 2 * np.cos(half))


def test_senseless_rates_are_refused(motion: Motion) -> None:
    for fps in (0.0, -3.0, float("nan"), 1e6):
        with pytest.raises(InputError):
            resample(motion, fps)


def test_names_of_another_avatar(motion: Motion) -> None:
    motion = replace(motion, blendshape_names=tuple(n.upper() for n in motion.blendshape_names),
                     joint_names=("Neck", "LeftEye", "tail"), weights=motion.weights * 3 - 1)  # fmt: skip
    motion = replace(motion, blendshape_names=("nose_job", *motion.blendshape_names[1:]))
    fitted, warnings = to_avatar(motion, ARKIT_52, ("root", "neck", "jaw", "left_eye", "right_eye"))
    assert set(fitted.blendshape_names) <= set(ARKIT_52)
    assert fitted.joint_names == ("neck", "left_eye")
    assert warnings == ("blendshape 'nose_job' is not in this avatar and was left out",
                        "joint 'tail' is not in this avatar and was left out")  # fmt: skip
    np.testing.assert_array_equal(fitted.weights, motion.weights[:, 1:])
    np.testing.assert_array_equal(fitted.joint_rotations_wxyz, motion.joint_rotations_wxyz[:, :2])


def test_a_name_in_two_spellings_comes_once() -> None:
    motion = Motion(30.0, ("jawOpen", "jaw_open"), np.array([[0.2, 0.7]], "f4"), (), np.zeros((1, 0, 4), "f4"),
                    np.zeros((1, 3), "f4"), "")  # fmt: skip
    fitted, warnings = to_avatar(motion, ARKIT_52, ())
    np.testing.assert_allclose(fitted.weights, [[0.2]])
    assert warnings == ("blendshape 'jaw_open' comes twice, as another spelling of 'jawOpen' and was left out",)


def test_info_describes_motion_files(motion: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_motion(motion, tmp_path / "talk.npz")
    assert main(["info", str(tmp_path / "talk.npz"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["fps"], told["seconds"]) == (61, 30.0, 2.0)
    assert told["joints"] == ["neck", "left_eye", "right_eye"]
    (tmp_path / "bad.csv").write_text("no recording")
    assert main(["info", str(tmp_path / "bad.csv")]) == 2
    assert "bad.csv: line 1: found the columns 'no recording'" in capsys.readouterr().err
