"""A real build of the portrait: what the first issue of quality is, measured on the bundle that users get."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import PORTRAIT, Build, run_headsmith
from headsmith.asset import Avatar, pose_from, posed_vertices, read_avatar
from headsmith.head_model.raster import rasterize
from headsmith.preview import orbit_camera

pytestmark = pytest.mark.slow
STAGES = ("photos", "fit", "texture", "dynamic texture", "hair", "views", "splats", "report")


def test_the_bundle_is_whole(draft_build: Build) -> None:
    done = run_headsmith("validate", draft_build.path, "--json")
    assert done.returncode == 0, done.stdout
    names = {p.name for p in draft_build.path.iterdir()}
    assert {"avatar.json", "head.npz", "static_texture.png", "splats.ply", "binding.npz", "preview.png",
            "dynamic_texture.onnx", "report.html"} <= names  # fmt: skip
    assert sum(p.stat().st_size for p in draft_build.path.iterdir()) < 10e6


def test_nothing_is_left_beside_the_bundle(draft_build: Build) -> None:
    assert [p.name for p in draft_build.path.parent.iterdir()] == [draft_build.path.name]


def test_splats_and_mesh_show_the_photo(draft_build: Build) -> None:
    metrics = draft_build.result["metrics"]
    assert metrics["splats_psnr_db"] >= 29
    assert metrics["splats_ssim"] >= 0.9
    assert metrics["mesh_psnr_db"] >= 24
    assert metrics["alpha_inside"] > 0.98
    assert metrics["alpha_outside"] < 0.02


def test_faces_are_found_where_they_should_be(draft_build: Build) -> None:
    metrics = draft_build.result["metrics"]
    assert metrics["splats_landmark_error"] < 0.02
    for name in ("splats", "mesh"):
        for yaw in ("-30", "+30"):
            assert metrics[f"{name}_yaw{yaw}_face_found"] == 1


def visible_pixels(avatar: Avatar, weights: dict[str, float]) -> dict[str, int]:
    """How many pixels of each part are seen from the front; the cavity behind the lips counts as `mouth`."""
    head = avatar.head
    buffers = rasterize(posed_vertices(avatar, pose_from(avatar, weights, {})), head.faces, orbit_camera(avatar))
    seen = buffers.triangle[buffers.triangle >= 0]
    counts = dict(zip(head.part_names, np.bincount(head.face_part[seen], minlength=len(head.part_names)), strict=True))
    cavity = (head.regions["inner_mouth"] > 0.5)[head.faces].all(1)
    return counts | {"mouth": int(cavity[seen].sum())}


def test_mouth_opens_and_eyes_close(draft_build: Build) -> None:
    avatar = read_avatar(draft_build.path)
    rest, opened = visible_pixels(avatar, {}), visible_pixels(avatar, {"jawOpen": 1.0})
    closed = visible_pixels(avatar, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    for eye in ("eye_left", "eye_right"):
        assert rest[eye] > 50
        assert closed[eye] <= 0.03 * rest[eye]
    assert rest["teeth_upper"] + rest["teeth_lower"] + rest["tongue"] < 10
    assert opened["teeth_lower"] > 20
    assert opened["teeth_upper"] > 5
    assert opened["teeth_upper"] + opened["teeth_lower"] + opened["tongue"] + opened["mouth"] > 300


def test_report_needs_nothing_from_outside(draft_build: Build) -> None:
    page = (draft_build.path / "report.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<img") >= 4


def kill_in_stage(command: list[str], stage: str) -> None:
    """Starts a build and kills it, without warning, once `stage` has begun."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        for line in process.stderr:
            if json.loads(line).get("stage") == stage:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.stderr.read()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_build_killed_in_every_stage_resumes_to_the_same_bundle(draft_build: Build, tmp_path: Path) -> None:
    output = tmp_path / "portrait.avatar"
    arguments = ["build", str(PORTRAIT), "-o", str(output), "--quality", "draft", "--resume", "--progress", "json"]
    for stage in STAGES:
        kill_in_stage([sys.executable, "-m", "headsmith.cli", *arguments], stage)
        assert not output.exists()
    done = run_headsmith(*arguments)
    assert done.returncode == 0, done.stderr
    assert_same_bundle(output, draft_build.path)
    assert [p.name for p in tmp_path.iterdir()] == ["portrait.avatar"]


def assert_same_bundle(a: Path, b: Path) -> None:
    """Byte for byte, but for times: the report page and those fields of avatar.json that hold any."""
    assert sorted(p.name for p in a.iterdir()) == sorted(p.name for p in b.iterdir())
    for file in a.iterdir():
        if file.name not in ("avatar.json", "report.html"):
            assert file.read_bytes() == (b / file.name).read_bytes(), file.name
    assert timeless(a) == timeless(b)


def timeless(bundle: Path) -> dict:
    manifest = json.loads((bundle / "avatar.json").read_text())
    manifest["provenance"].pop("created")
    manifest["report"].pop("seconds")
    manifest["files"].pop("report.html")
    return manifest
