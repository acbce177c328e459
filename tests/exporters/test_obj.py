"""OBJ files, read back by trimesh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from headsmith.asset.avatar import Avatar
from headsmith.asset.posing import posed_vertices
from headsmith.errors import InputError
from headsmith_exporters.obj import ObjOptions
from headsmith_exporters.registry import export


def read(path: Path) -> trimesh.Scene:
    return trimesh.load(path, split_objects=True, process=False)


def corners(scene: trimesh.Scene) -> tuple[np.ndarray, np.ndarray]:
    """Positions [F, 3, 3] and UVs [F, 3, 2] of all triangles."""
    meshes = [scene.geometry[name] for name in ("head", "eyes", "teeth")]
    return (np.concatenate([mesh.vertices[mesh.faces] for mesh in meshes]),
            np.concatenate([mesh.visual.uv[mesh.faces] for mesh in meshes]))  # fmt: skip


def grouped_faces(avatar: Avatar) -> np.ndarray:
    """[F] the triangles in the order of the file: head, eyes, teeth."""
    return np.argsort(np.array([0, 1, 1, 2, 2])[avatar.head.face_part], kind="stable")


def test_three_files_that_belong_together(avatar: Avatar, tmp_path: Path) -> None:
    result = export(avatar, tmp_path / "ada.obj", "obj")
    assert [file.name for file in result.files] == ["ada.png", "ada.mtl", "ada.obj"]
    assert result.bytes == sum(file.stat().st_size for file in result.files)
    scene = read(tmp_path / "ada.obj")
    assert set(scene.geometry) == {"head", "eyes", "teeth"}
    order, head = grouped_faces(avatar), avatar.head
    points, uvs = corners(scene)
    np.testing.assert_allclose(points, head.vertices[head.faces][order], atol=1e-6)
    np.testing.assert_allclose(uvs, head.uvs[head.uv_faces][order], atol=1e-6)
    for mesh in scene.geometry.values():
        assert np.array_equal(np.asarray(mesh.visual.material.image), avatar.material.static_texture)


def test_vertices_stay_welded(avatar: Avatar, tmp_path: Path) -> None:
    export(avatar, tmp_path / "ada.obj", "obj")
    lines = (tmp_path / "ada.obj").read_text().splitlines()
    kinds = [line.split(" ", 1)[0] for line in lines]
    assert kinds.count("v") == kinds.count("vn") == len(avatar.head.vertices)
    assert (kinds.count("vt"), kinds.count("f")) == (len(avatar.head.uvs), len(avatar.head.faces))


def test_a_pose_is_frozen_into_the_file(avatar: Avatar, tmp_path: Path) -> None:
    export(avatar, tmp_path / "posed.obj", "obj", ObjOptions(avatar.capture_pose))
    points, _ = corners(read(tmp_path / "posed.obj"))
    expected = posed_vertices(avatar, avatar.capture_pose)[avatar.head.faces][grouped_faces(avatar)]
    np.testing.assert_allclose(points, expected, atol=1e-6)


def test_a_name_with_spaces(avatar: Avatar, tmp_path: Path) -> None:
    result = export(avatar, tmp_path / "my ada.obj", "obj")
    assert [file.name for file in result.files] == ["my_ada.png", "my_ada.mtl", "my ada.obj"]
    mesh = next(iter(read(tmp_path / "my ada.obj").geometry.values()))
    assert mesh.visual.material.image is not None


def test_companions_are_not_replaced_without_force(avatar: Avatar, tmp_path: Path) -> None:
    (tmp_path / "ada.png").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"ada\.png.*--force"):
        export(avatar, tmp_path / "ada.obj", "obj")
    assert [file.name for file in tmp_path.iterdir()] == ["ada.png"]
    export(avatar, tmp_path / "ada.obj", "obj", force=True)
    assert Image.open(tmp_path / "ada.png").size == (64, 64)


def test_bytes_are_deterministic(avatar: Avatar, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        export(replace(avatar), tmp_path / name / "ada.obj", "obj")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
