"""Bundles: what is written is read again, equal avatars give equal bytes, and no half bundle is ever seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asset.networks import glow_network
from headsmith.asset import (
    Avatar,
    deform,
    describe,
    posed_vertices,
    read_avatar,
    validate_avatar,
    write_avatar,
)
from headsmith.asset.bundle import bundle_files
from headsmith.asset.quaternions import matrices_from_quaternions
from headsmith.errors import InputError
from synthetic import make_avatar

TESTS = Path(__file__).parents[1]
CHILD_ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "core")])}
BOTH = pytest.mark.parametrize("name", ["ada.avatar", "ada.avatar.zip"])


def full_avatar(seed: int = 0) -> Avatar:
    """With a dynamic texture, odd names and direction-dependent colour."""
    avatar = make_avatar(seed, splats=500)
    rest = np.random.default_rng(seed).normal(size=(500, 8, 3)).astype(np.float32)
    return replace(
        avatar,
        splats=replace(avatar.splats, splats=replace(avatar.splats.splats, shN=rest)),
        dynamic_texture=glow_network(("jawOpen", "jaw.x", "view.z")),
        provenance=replace(avatar.provenance, inputs=(("Ada – selfie.jpg", "a" * 64),), consent="yes, Ada"),
    )


def assert_same(before: Any, after: Any, place: str = "avatar") -> None:
    """Equal field by field; arrays within what the format rounds away (a micrometre, a ten-thousandth)."""
    if is_dataclass(before):
        for field in fields(before):
            assert_same(getattr(before, field.name), getattr(after, field.name), f"{place}.{field.name}")
    elif isinstance(before, dict):
        assert sorted(before) == sorted(after), place
        for key in before:
            assert_same(before[key], after[key], f"{place}.{key}")
    elif isinstance(before, np.ndarray):
        rounded = {"deltas": 0.51e-6, "offset": 5e-3, "barycentric": 5e-3, "rotation_wxyz": 5e-3, "log_scale": 5e-3}
        tolerance = rounded.get(place.rsplit(".", 1)[-1], 0 if before.dtype.kind in "iu" else 1e-6)
        np.testing.assert_allclose(after, before, rtol=1e-6, atol=tolerance, err_msg=place)
        assert after.dtype == before.dtype, place
    else:
        assert before == after, place


@BOTH
def test_round_trip(tmp_path: Path, name: str) -> None:
    avatar = full_avatar()
    write_avatar(avatar, tmp_path / name, extra_files={"report.html": b"<p>fine"})
    again = read_avatar(tmp_path / name)
    assert_same(avatar, again)
    assert validate_avatar(tmp_path / name) == []
    assert os.listdir(tmp_path) == [name]


def test_float64_arrays_are_written_as_float32(tmp_path: Path) -> None:
    avatar = make_avatar(splats=10)
    head = replace(avatar.head, vertices=avatar.head.vertices.astype(np.float64))
    write_avatar(replace(avatar, head=head), tmp_path / "a.avatar")
    assert read_avatar(tmp_path / "a.avatar").head.vertices.dtype == np.float32


def test_rounding_moves_splats_by_less_than_a_micrometre(tmp_path: Path) -> None:
    avatar = make_avatar(vertices=1500, splats=4000)
    write_avatar(avatar, tmp_path / "a.avatar")
    again = read_avatar(tmp_path / "a.avatar")
    np.testing.assert_allclose(again.splats.binding.barycentric.sum(1), 1, atol=1e-7)
    mesh = posed_vertices(avatar, avatar.capture_pose)
    before = deform(avatar.splats.binding, avatar.splats.splats, mesh, avatar.head.faces)
    after = deform(again.splats.binding, again.splats.splats, mesh, avatar.head.faces)
    assert np.linalg.norm(after.means - before.means, axis=1).max() < 1e-6

    def covariance_roots(splats: Any) -> np.ndarray:
        return matrices_from_quaternions(splats.quats.astype(np.float64)) * splats.scales[:, None]

    assert np.abs(covariance_roots(after) - covariance_roots(before)).max() < 1e-6


@BOTH
def test_two_writes_are_identical(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_avatar(full_avatar(), tmp_path / folder / name)
    one, two = (sorted(p for p in (tmp_path / folder).rglob("*") if p.is_file()) for folder in ("one", "two"))
    assert [p.name for p in one] == [p.name for p in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))


def test_a_zip_of_the_folder_is_the_same_avatar(tmp_path: Path) -> None:
    write_avatar(full_avatar(), tmp_path / "ada.avatar")
    (tmp_path / "ada.avatar" / ".DS_Store").write_bytes(b"left by a file manager")
    assert validate_avatar(tmp_path / "ada.avatar") == []
    with zipfile.ZipFile(tmp_path / "by_hand.zip", "w") as archive:
        archive.mkdir("ada.avatar")
        for file in (tmp_path / "ada.avatar").rglob("*"):
            archive.write(file, file.relative_to(tmp_path))
        archive.writestr("__MACOSX/ada.avatar/._head.npz", b"left by a file manager")
    assert validate_avatar(tmp_path / "by_hand.zip") == []
    assert_same(read_avatar(tmp_path / "ada.avatar"), read_avatar(tmp_path / "by_hand.zip"))


def test_description_and_manifest(tmp_path: Path) -> None:
    avatar = full_avatar()
    write_avatar(avatar, tmp_path / "ada.avatar", extra_files={"report.html": b"<p>fine"})
    described = json.loads(json.dumps(describe(tmp_path / "ada.avatar"), allow_nan=False))
    assert described["splats"] == 500
    assert described["provenance"]["consent"] == "yes, Ada"
    assert described["report"]["metrics"] == {"psnr_db": 31.5}
    assert described["bytes"] == sum(p.stat().st_size for p in (tmp_path / "ada.avatar").rglob("*") if p.is_file())
    manifest = json.loads((tmp_path / "ada.avatar" / "avatar.json").read_text())
    assert manifest["format_version"] == 1
    assert manifest["dynamic_texture"]["inputs"][0] == {"name": "jawOpen", "minimum": 0, "maximum": 1, "unit": "weight"}
    assert "report.html" in manifest["files"]


def test_the_parameter_vector_is_listed_without_a_network() -> None:
    manifest = json.loads(bundle_files(make_avatar(splats=1), {})["avatar.json"])
    names = [entry["name"] for entry in manifest["dynamic_texture"]["inputs"]]
    assert names[0] == "eyeBlinkLeft"
    assert names[51:54] == ["tongueOut", "root.x", "root.y"]
    assert len(names) == 52 + 15


def test_a_bundle_of_usual_size_fits_the_budget() -> None:
    avatar = make_avatar(vertices=6200, splats=45000)
    sizes = {name: len(data) for name, data in bundle_files(avatar, {}).items()}
    assert len(avatar.head.vertices) > 5000
    assert sum(sizes.values()) - sizes["static_texture.png"] < 5_500_000, sizes


@BOTH
def test_an_existing_output_is_kept_without_force(tmp_path: Path, name: str) -> None:
    write_avatar(make_avatar(1, splats=10), tmp_path / name)
    with pytest.raises(InputError, match="--force"):
        write_avatar(make_avatar(2, splats=10), tmp_path / name)
    assert_same(read_avatar(tmp_path / name), make_avatar(1, splats=10))
    write_avatar(make_avatar(2, splats=10), tmp_path / name, force=True)
    assert_same(read_avatar(tmp_path / name), make_avatar(2, splats=10))
    assert os.listdir(tmp_path) == [name]


def test_force_never_replaces_what_is_not_an_avatar(tmp_path: Path) -> None:
    holiday = tmp_path / "holiday.avatar"
    holiday.mkdir()
    (holiday / "photo.jpg").write_bytes(b"dear")
    with pytest.raises(InputError, match="not an avatar"):
        write_avatar(make_avatar(splats=10), holiday, force=True)
    assert (holiday / "photo.jpg").read_bytes() == b"dear"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ada", "NAME.avatar"),
        ("ada.zip", "NAME.avatar"),
        (".avatar", "NAME.avatar"),
        ("missing/ada.avatar", "cannot be written"),
        ("missing/ada.avatar.zip", "cannot be written"),
        ("a_file/ada.avatar", "cannot be written"),
    ],
)
def test_bad_outputs_leave_nothing(tmp_path: Path, output: str, words: str) -> None:
    (tmp_path / "a_file").write_bytes(b"")
    with pytest.raises(InputError, match=words):
        write_avatar(make_avatar(splats=10), tmp_path / output)
    assert os.listdir(tmp_path) == ["a_file"]


def test_an_avatar_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    avatar = make_avatar(splats=10)
    weights = avatar.rig.weights * 0.9
    broken = {
        "skin_weights": replace(avatar, rig=replace(avatar.rig, weights=weights)),
        "triangle": replace(
            avatar, splats=replace(avatar.splats, binding=replace(avatar.splats.binding, triangle=np.full(10, 99999)))
        ),
        "psnr": replace(avatar, report=replace(avatar.report, metrics={"psnr_db": float("nan")})),
        "motion": replace(avatar, motions={"../nod": avatar.motions["nod"]}),
    }
    for words, wrong in broken.items():
        with pytest.raises(ValueError, match=words):
            write_avatar(wrong, tmp_path / "a.avatar")
    for name in ("../x", "head.npz", "avatar.json", "/etc/x", "a\\b", ""):
        with pytest.raises(ValueError, match="extra file"):
            write_avatar(avatar, tmp_path / "a.avatar", extra_files={name: b""})
    assert os.listdir(tmp_path) == []


CHILD = """
import os, sys
from pathlib import Path
from headsmith.asset import write_avatar
from synthetic import make_avatar
left = int(sys.argv[2])
def watch(event, arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left == 0:
            os._exit(9)  # as kill -9: nothing is cleaned up
sys.addaudithook(watch)
write_avatar(make_avatar(2, splats=10), Path(sys.argv[1]), force=True)
"""


@pytest.mark.parametrize(("name", "rename"), [("ada.avatar", 1), ("ada.avatar", 2), ("ada.avatar.zip", 1)])
def test_killed_before_the_rename_leaves_the_old_bundle_whole(tmp_path: Path, name: str, rename: int) -> None:
    old, new = make_avatar(1, splats=10), make_avatar(2, splats=10)
    write_avatar(old, tmp_path / name)
    child = [sys.executable, "-c", CHILD, str(tmp_path / name), str(rename)]
    assert subprocess.run(child, env=CHILD_ENV, check=False).returncode == 9
    assert_same(read_avatar(tmp_path / name), old)
    with pytest.raises(InputError, match="--force"):
        write_avatar(new, tmp_path / name)
    for leftover in tmp_path.glob(".*.partial-*"):
        os.utime(leftover, (0, 0))
    write_avatar(new, tmp_path / name, force=True)
    assert_same(read_avatar(tmp_path / name), new)
    assert os.listdir(tmp_path) == [name]


FULL_DISK = """
import resource, sys
from pathlib import Path
from headsmith.asset import write_avatar
from headsmith.errors import InputError
from synthetic import make_avatar
avatar = make_avatar(2, splats=2000)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_avatar(avatar, Path(sys.argv[1]), force=True)
except InputError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
@BOTH
def test_a_full_disk_leaves_the_old_bundle_and_nothing_else(tmp_path: Path, name: str) -> None:
    write_avatar(make_avatar(1, splats=10), tmp_path / name)
    child = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path / name)], text=True, capture_output=True,
                           env=CHILD_ENV, check=False)  # fmt: skip
    assert "cannot be written" in child.stderr
    assert_same(read_avatar(tmp_path / name), make_avatar(1, splats=10))
    assert os.listdir(tmp_path) == [name]


def test_importing_is_light() -> None:
    code = (
        "import sys, headsmith.asset; "
        "print(sorted({'torch', 'mediapipe', 'cv2', 'gsplat', 'bpy', 'scipy', 'numba'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True, env=CHILD_ENV)
    assert child.stdout.strip() == "[]"
