"""Recordings of Epic's app: clocks, gaps, and what the angles mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headsmith.asset import ARKIT_52, Motion
from headsmith.asset.quaternions import matrices_from_quaternions
from headsmith.motion import read_motion
from motion.recordings import HEADER, Take, csv_of

RAMP = tuple(range(130))
OUT_OF_THE_FACE, UP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str, **options) -> Motion:
        path = tmp_path / "take.csv"
        path.write_text(text)
        return read_motion(path, **options)

    return read


def turned(motion: Motion, joint: str, direction: np.ndarray) -> np.ndarray:
    quat = motion.joint_rotations_wxyz[0, motion.joint_names.index(joint)]
    return matrices_from_quaternions(quat) @ direction


def test_every_value_of_an_even_recording_comes_through(read) -> None:
    rng = np.random.default_rng(1)
    values = {name[0].upper() + name[1:]: rng.uniform(0, 1, len(RAMP)) for name in ARKIT_52}
    motion = read(csv_of(Take(RAMP, values=values)))
    assert motion.fps == 60
    assert motion.blendshape_names == ARKIT_52
    assert motion.joint_names == ("neck",)
    expected = np.array([values[name[0].upper() + name[1:]] for name in ARKIT_52]).T
    np.testing.assert_allclose(motion.weights, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("fps", "frames_a_second"), [(60.0, 60), (60000 / 1001, 60), (30.0, 30), (30.0, 60), (24.0, 24), (25.0, 25)]
)
def test_the_rate_follows_from_the_timecodes(read, fps: float, frames_a_second: int) -> None:
    motion = read(csv_of(Take(RAMP, fps=fps, frames_a_second=frames_a_second)))
    assert motion.fps == pytest.approx(fps, rel=1e-6)
    assert len(motion.weights) == len(RAMP)


def test_a_camera_a_little_slower_than_its_clock(read) -> None:
    """What iPhones record: steps of 1.0016 frames of a clock that has 60."""
    motion = read(csv_of(Take(RAMP, fps=60 / 1.0016)))
    assert motion.fps == pytest.approx(60000 / 1001)
    assert len(motion.weights) == len(RAMP)


def test_dropped_frames_are_filled_in_between(read) -> None:
    frames = tuple(f for f in RAMP if f not in (10, 11, 12, 61))
    motion = read(csv_of(Take(frames, values={"JawOpen": np.array(frames) / 1000, "HeadYaw": np.array(frames) / 1000})))
    assert len(motion.weights) == len(RAMP)
    jaw = motion.weights[:, motion.blendshape_names.index("jawOpen")]
    np.testing.assert_allclose(jaw, np.array(RAMP) / 1000, atol=1e-6)
    yaw = 2 * np.arcsin(-motion.joint_rotations_wxyz[:, 0, 2])
    np.testing.assert_allclose(yaw, np.array(RAMP) / 1000, atol=1e-6)


def test_frames_without_a_face_are_filled_in_too(read) -> None:
    motion = read(csv_of(Take(RAMP, values={"JawOpen": np.array(RAMP) / 1000}, lost=frozenset((0, 5, 60)))))
    jaw = motion.weights[:, motion.blendshape_names.index("jawOpen")]
    np.testing.assert_allclose(jaw, np.array(RAMP[1:]) / 1000, atol=1e-6)


def test_a_recording_may_pass_midnight_and_repeat_a_row(read) -> None:
    text = csv_of(Take(RAMP, start_s=24 * 3600 - 1, values={"JawOpen": np.array(RAMP) / 1000}))
    lines = text.splitlines()
    motion = read("\n".join([*lines[:40], lines[39], *lines[40:]]))
    assert len(motion.weights) == len(RAMP)


def test_the_rate_can_be_given(read) -> None:
    motion = read(csv_of(Take(RAMP, fps=60.0)), fps=50.0)
    assert motion.fps == 50
    assert len(motion.weights) == len(RAMP)


def test_other_spellings_and_columns(read) -> None:
    text = csv_of(Take((0, 1), values={"TongueOut": (0.5, 0.5)}))
    text = text.replace("BlendShapeCount", "BlendshapeCount").replace("TongueOut", "tongueout")
    motion = read("﻿" + text.replace("JawForward", "EarWiggle"))
    assert motion.weights[0, motion.blendshape_names.index("tongueOut")] == 0.5
    assert "EarWiggle" in motion.blendshape_names


@pytest.mark.parametrize(
    ("column", "joint", "direction", "expected"),
    [
        ("HeadYaw", "neck", OUT_OF_THE_FACE, (-1, 0, 0)),  # to the subject's right
        ("HeadPitch", "neck", OUT_OF_THE_FACE, (0, 1, 0)),  # up
        ("HeadRoll", "neck", UP, (-1, 0, 0)),  # tilts to the right
        ("LeftEyeYaw", "left_eye", OUT_OF_THE_FACE, (-1, 0, 0)),
        ("RightEyePitch", "right_eye", OUT_OF_THE_FACE, (0, -1, 0)),  # down, unlike the head's
    ],
)
def test_signs_and_units_of_angles(read, column: str, joint: str, direction: np.ndarray, expected: tuple) -> None:
    motion = read(csv_of(Take((0, 1), values={column: (0.3, 0.3)})), eyes="bones")
    wanted = direction * np.cos(0.3) + np.array(expected) * np.sin(0.3)
    np.testing.assert_allclose(turned(motion, joint, direction), wanted, atol=1e-6)


def test_yaw_is_the_last_turn(read) -> None:
    motion = read(csv_of(Take((0, 1), values={"HeadYaw": (0.4, 0.4), "HeadPitch": (0.3, 0.3), "HeadRoll": (0.2, 0.2)})))
    face = turned(motion, "neck", OUT_OF_THE_FACE)
    np.testing.assert_allclose(np.arcsin(face[1]), 0.3, atol=1e-6)
    np.testing.assert_allclose(np.arctan2(-face[0], face[2]), 0.4, atol=1e-6)


def test_the_gaze_comes_once(read) -> None:
    text = csv_of(Take((0, 1), values={"EyeLookDownLeft": (0.5, 0.5), "LeftEyePitch": (0.26, 0.26)}))
    as_shapes, as_bones = read(text), read(text, eyes="bones")
    assert as_shapes.joint_names == ("neck",)
    assert as_shapes.weights[0, as_shapes.blendshape_names.index("eyeLookDownLeft")] == 0.5
    assert as_bones.joint_names == ("neck", "left_eye", "right_eye")
    assert not [name for name in as_bones.blendshape_names if name.startswith("eyeLook")]
    assert len(as_bones.blendshape_names) == 44


def test_a_single_row_and_shapes_alone(read) -> None:
    lines = csv_of(Take((0,))).splitlines()
    short = "\n".join(",".join(line.split(",")[:54]) for line in lines)
    motion = read(short)
    assert motion.weights.shape == (1, 52)
    assert motion.joint_names == ()
    assert read(short, eyes="bones").blendshape_names == ARKIT_52
    assert HEADER.startswith("Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft")
