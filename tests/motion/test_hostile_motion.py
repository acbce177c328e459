"""Motion files that are damaged or made to harm: one sentence that names file and line, in little memory."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headsmith.asset.arrays import encode_npz
from headsmith.errors import InputError
from headsmith.motion import read_motion, talk, write_motion
from motion.recordings import HEADER, Take, csv_of

FUZZ = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SENTENCE = re.compile(r"[^\n]+: found [^\n]+, expected [^\n]+; [^\n]+\.")
changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)


@cache
def sound(suffix: str) -> bytes:
    if suffix == ".csv":
        return csv_of(Take((0, 1, 2, 59, 60, 61))).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"sound{suffix}"
        write_motion(talk(0.3), path)
        return path.read_bytes()


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_motion(path)
    text = str(caught.value)
    assert SENTENCE.fullmatch(text)
    assert path.name in text
    assert len(text) < 600
    return text


def outcome(path: Path, data: bytes) -> None:
    """A usable motion or one sentence; anything else fails."""
    path.write_bytes(data)
    said = None
    try:
        motion = read_motion(path)
    except InputError as error:
        said = str(error)
    if said is not None:
        assert SENTENCE.fullmatch(said)
        return
    for array in (motion.weights, motion.joint_rotations_wxyz, motion.head_translation_m):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
@FUZZ
@given(changes=changes)
def test_corrupted_bytes(tmp_path: Path, suffix: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(sound(suffix))
    for place, byte in changes:
        data[int(place * len(data))] = byte
    outcome(tmp_path / f"take{suffix}", bytes(data))


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
@FUZZ
@given(end=st.floats(0, 1))
def test_files_cut_short(tmp_path: Path, suffix: str, end: float) -> None:
    outcome(tmp_path / f"take{suffix}", sound(suffix)[: int(end * len(sound(suffix)))])


@FUZZ
@given(text=st.text(max_size=300))
def test_any_text(tmp_path: Path, text: str) -> None:
    for suffix in (".csv", ".json"):
        outcome(tmp_path / f"take{suffix}", text.encode("utf-8", "surrogatepass"))
    outcome(tmp_path / "take.csv", (HEADER + "\n" + text).encode("utf-8", "surrogatepass"))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@FUZZ
@given(key=st.sampled_from(["fps", "frames", "joints", "head_translation_m", "source", "other"]), value=values)
def test_any_value_in_json(tmp_path: Path, key: str, value: Any) -> None:
    outcome(tmp_path / "take.json", json.dumps({**json.loads(sound(".json")), key: value}).encode())


def line(number: int, cell: int, value: str) -> bytes:
    rows = [row.split(",") for row in sound(".csv").decode().splitlines()]
    rows[number - 1][cell] = value
    return "\n".join(",".join(row) for row in rows).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (line(3, 5, "nan"), "line 3: found 'nan'"),
        (line(4, 5, "inf"), "line 4: found 'inf'"),
        (line(4, 60, "1e30"), "line 4: found '1e30'"),
        (line(2, 7, "=SUM(A1)"), "line 2: found '=SUM"),
        (line(5, 0, "14:58:72:01.000"), "line 5: found the timecode"),
        (line(6, 0, "14:58:01:01.000"), "line 6: found a timecode that is before the one above it"),
        (line(3, 5, "0,0"), "line 3: found 64 values, expected the 63"),
        (line(1, 0, "Time"), "line 1: found the columns"),
        (line(1, 3, "EyeBlinkLeft"), "line 1: found the column 'eyeblinkleft' twice"),
        (line(1, 55, "HeadNod"), "line 1: found no column 'headpitch'"),
        (line(7, 0, "23:58:01:01.000"), "frames between the first timecode and the last, expected at most 500000"),
        (HEADER.encode(), "found no row with a face"),
        (b"Timecode,BlendShapeCount,a,b\n00:00:00:00,2,0,0\n", "none of them one of ARKit's blendshapes"),
        (b"", "found the columns"),
        (b"\xff\xfe\x00", "bytes that are not text"),
        (HEADER.encode() + b'\n"' + b"x" * 200_000, "text that is not CSV"),
    ],
)
def test_wrong_recordings_are_named_by_line(tmp_path: Path, data: bytes, found: str) -> None:
    assert found in refusal(tmp_path / "take.csv", data)


def test_no_file_folder_or_other_suffix(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path / "take.fbx", tmp_path):
        with pytest.raises(InputError):
            read_motion(path)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_motion(tmp_path / "folder.npz")


def npz(**arrays: np.ndarray) -> bytes:
    about = {"format": "headsmith-motion", "format_version": 1, "fps": 30.0, "blendshapes": ["jawOpen"], "joints": [],
             "source": ""}  # fmt: skip
    base = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "weights": np.zeros((2, 1), np.float32),
        "joint_rotations_wxyz": np.zeros((2, 0, 4), np.float32),
        "head_translation_m": np.zeros((2, 3), np.float32),
    }
    return encode_npz(base | arrays)


def about(**changes: Any) -> np.ndarray:
    with np.load(io.BytesIO(npz())) as arrays:
        return np.frombuffer(json.dumps({**json.loads(arrays["about"].tobytes()), **changes}).encode(), np.uint8)


NO_FRAMES = {
    "weights": np.zeros((0, 1), np.float32),
    "joint_rotations_wxyz": np.zeros((0, 0, 4), np.float32),
    "head_translation_m": np.zeros((0, 3), np.float32),
}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (npz(weights=np.full((2, 1), np.nan, np.float32)), "not finite"),
        (npz(weights=np.zeros((2, 2), np.float32)), "weights of shape [2, 2]"),
        (npz(weights=np.zeros((3, 1), np.float32)), "of shape"),
        (npz(weights=np.zeros((2, 1))), "of type <f8"),
        (npz(extra=np.zeros(1)), "other arrays"),
        (npz(about=about(format="other")), "another kind of .npz file"),
        (npz(about=about(format_version=2)), "format version 2"),
        (npz(about=about(fps=0)), "as 'fps'"),
        (npz(about=about(joints=["neck"])), "joint_rotations_wxyz of shape"),
        (npz(about=about(blendshapes=["a", "a"])), "'blendshapes'"),
        (npz(joint_rotations_wxyz=np.zeros((2, 1, 4), np.float32), about=about(joints=["neck"])), "not unit"),
        (npz(**NO_FRAMES), "found no frames"),
        (pickle.dumps({"weights": 1}), "cannot be decoded"),
        (b"", "cannot be decoded"),
    ],
)
def test_wrong_npz_files(tmp_path: Path, data: bytes, found: str) -> None:
    text = refusal(tmp_path / "take.npz", data)
    assert found in text
    assert "avatar again" not in text


def test_pickled_arrays_are_not_unpickled(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.savez(out, weights=np.array([{"a": 1}], object))
    refusal(tmp_path / "take.npz", out.getvalue())


def test_small_files_that_unpack_to_much(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", bytes(100 << 20))
    assert "unpack" in refusal(tmp_path / "take.npz", out.getvalue())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "not JSON"),
        ('{"fps": 30}', "no 'frames'"),
        ('{"fps": 30, "frames": [{"jawOpen": "wide"}]}', "as 'frames[0].jawOpen'"),
        ('{"fps": 30, "frames": [{"jawOpen": NaN}]}', "not JSON"),
        ('{"fps": 30, "frames": [{"jawOpen": 0.1, "jawOpen": 0.2}]}', "a key twice"),
        ('{"fps": -1, "frames": [{}]}', "as 'fps'"),
        ('{"fps": 30, "frames": []}', "no frames"),
        ('{"fps": 30, "frames": [{}], "joints": {"neck": [[1, 0, 0]]}}', "joints.neck[0]"),
        ('{"fps": 30, "frames": [{}], "joints": {"neck": [[2, 0, 0, 0]]}}', "not unit"),
        ('{"fps": 30, "frames": [{}], "frame": 1}', "the key 'frame'"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_wrong_json_files(tmp_path: Path, text: str, found: str) -> None:
    assert found in refusal(tmp_path / "take.json", text.encode())
