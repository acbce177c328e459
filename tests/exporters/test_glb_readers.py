"""GLB files as independent readers see them: numbers, not names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gltf_readers.request import Request, Turn
from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.normals import vertex_normals
from headsmith.asset.posing import posed_vertices
from headsmith_exporters.glb import GlbOptions
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.registry import export
from synthetic import make_avatar

TOLERANCE_M = 1e-5
JAW_ANGLE = 0.35


@pytest.fixture(scope="module", params=["avatar", "default_avatar", "built_avatar"])
def made(request: pytest.FixtureRequest) -> Avatar:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def glb(made: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("glb") / "ada.glb"
    export(made, path, "glb")
    return path


@pytest.fixture(scope="module", params=["three_reader.mjs", "babylon_reader.mjs"])
def seen(request: pytest.FixtureRequest, readers: Any, glb: Path) -> dict[str, Any]:
    """What a reader makes of the file, with the jaw turned about X."""
    half = JAW_ANGLE / 2
    turn = Turn("Jaw", (float(np.sin(half)), 0, 0, float(np.cos(half))))
    return readers.look(request.param, glb, Request(turn=turn))


def assert_clean(report: dict[str, Any]) -> None:
    issues = report["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"][:5]


def test_validator_finds_nothing(readers: Any, made: Avatar, glb: Path) -> None:
    (report,) = readers.run("validate.mjs", glb)
    assert report["issues"]["messages"] == []
    info = report["info"]
    assert (info["maxInfluences"], info["maxUVs"], info["animationCount"]) == (4, 1, len(made.motions))
    assert info["hasMorphTargets"]
    assert info["hasSkins"]
    assert "extensionsUsed" not in info


@pytest.mark.parametrize(("kind", "mime"), [("jpeg", "image/jpeg"), ("png", "image/png")])
def test_texture_is_embedded(readers: Any, avatar: Avatar, tmp_path: Path, kind: Any, mime: str) -> None:
    export(avatar, tmp_path / "a.glb", "glb", GlbOptions(texture=kind))
    (report,) = readers.run("validate.mjs", tmp_path / "a.glb")
    assert_clean(report)
    (image,) = [r for r in report["info"]["resources"] if "image" in r]
    assert (image["mimeType"], image["storage"]) == (mime, "buffer-view")
    assert (image["image"]["height"], image["image"]["width"]) == avatar.material.static_texture.shape[:2]


def test_meshes_and_targets(made: Avatar, seen: dict[str, Any]) -> None:
    names = [mesh["name"] for mesh in seen["meshes"]]
    assert names in (["head", "eyes", "teeth"], ["head", "eyes", "teeth", "tongue", "lashes"])
    for mesh, part in zip(seen["meshes"], split_mesh(made.head), strict=True):
        assert tuple(mesh["targets"]) == ARKIT_52
        assert mesh["hasTexture"]
        assert mesh["metallic"] == 0
        assert mesh["name"] == part.name
    assert [mesh["roughness"] for mesh in seen["meshes"]] == [0.55, 0.15, 0.3, 0.4, 0.8][: len(names)]


def test_displacements_equal_ours(made: Avatar, readers: Any, seen: dict[str, Any]) -> None:
    for mesh, part in zip(seen["meshes"], split_mesh(made.head), strict=True):
        rows, count = part.source_vertex, len(part.source_vertex)
        rest = readers.floats(mesh["positions"], count, 3)
        moved = readers.floats(mesh["displacements"], 52, count, 3)
        np.testing.assert_allclose(rest, made.head.vertices[rows], atol=TOLERANCE_M)
        np.testing.assert_allclose(moved, made.blendshapes.deltas[:, rows], atol=TOLERANCE_M)


def test_normals_are_those_of_the_moved_mesh(made: Avatar, readers: Any, seen: dict[str, Any]) -> None:
    head = made.head
    for mesh, part in zip(seen["meshes"], split_mesh(head), strict=True):
        rows, count = part.source_vertex, len(part.source_vertex)
        rest = readers.floats(mesh["normals"], count, 3)
        moved = rest + readers.floats(mesh["normalDisplacements"], 52, count, 3)
        for k, delta in enumerate(made.blendshapes.deltas):
            expected = vertex_normals(head.vertices + delta, head.faces)[rows]
            np.testing.assert_allclose(moved[k], expected, atol=1e-5)


def test_joints_rest_where_ours_do(made: Avatar, seen: dict[str, Any]) -> None:
    rig = made.rig
    names = ("Neck", "Head", "Jaw", "LeftEye", "RightEye")
    assert set(seen["joints"]) >= set(names)
    for name, position in zip(names, rig.joints_m, strict=True):
        np.testing.assert_allclose(seen["joints"][name], position, atol=TOLERANCE_M)


def test_a_turned_jaw_moves_the_same_vertices(made: Avatar, readers: Any, seen: dict[str, Any]) -> None:
    turn = np.zeros((5, 3), np.float32)
    turn[2, 0] = JAW_ANGLE
    expected = posed_vertices(made, Pose(np.zeros(52, np.float32), turn))
    assert np.abs(expected - made.head.vertices).max() > 0.01
    for mesh, part in zip(seen["meshes"], split_mesh(made.head), strict=True):
        posed = readers.floats(mesh["posed"], len(part.source_vertex), 3)
        np.testing.assert_allclose(posed, expected[part.source_vertex], atol=TOLERANCE_M)


@st.composite
def avatars(draw: st.DrawFn) -> Avatar:
    """Small avatars of various sizes, with any choice of the parts, some of them renamed."""
    made = make_avatar(draw(st.integers(0, 99)), draw(st.integers(60, 400)), 50, draw(st.sampled_from([2, 16, 33])))
    parts = draw(st.sets(st.integers(0, 4), min_size=1))
    names = tuple(draw(st.permutations(["head", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "lashes"]))[:5])
    kept = np.isin(made.head.face_part, sorted(parts))
    head = replace(made.head, part_names=names, faces=made.head.faces[kept], uv_faces=made.head.uv_faces[kept],
                   face_part=made.head.face_part[kept])  # fmt: skip
    return replace(made, head=head)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=avatars(), texture=st.sampled_from(["jpeg", "png"]))
def test_any_avatar_is_valid(readers: Any, tmp_path: Path, made: Avatar, texture: Any) -> None:
    export(made, tmp_path / "any.glb", "glb", GlbOptions(texture), force=True)
    (report,) = readers.run("validate.mjs", tmp_path / "any.glb")
    assert_clean(report)
