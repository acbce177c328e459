"""Lower levels of detail: fewer triangles of the same vertices, close to the full head in every expression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gltf_parts import Parts
from headsmith.accessories.geometry import Surface, nearest
from headsmith.asset.avatar import Avatar
from headsmith.asset.posing import pose_from, posed_vertices
from headsmith.errors import InputError
from headsmith_exporters.glb import GlbOptions, encode, encode_gltf
from headsmith_exporters.mesh_lods import fewer_triangles
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.simplify import Poses, open_or_seam, simplified


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points [n * n, 3] of a flat sheet and its triangles."""
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    points = np.stack([x, y, 0 * x], -1).reshape(-1, 3).astype(np.float32)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n - 1), np.arange(n - 1)))
    a, b, c, d = j * n + i, j * n + i + 1, (j + 1) * n + i + 1, (j + 1) * n + i
    return points, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def poses(points: np.ndarray, *others: np.ndarray, faces: np.ndarray) -> Poses:
    count = len(points)
    return Poses(np.stack([points, *others]), np.ones(count), open_or_seam(faces, np.arange(count, dtype=np.int32)))


def area(points: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = np.moveaxis(points[faces], 1, 0)
    return float(np.cross(b - a, c - a)[:, 2].sum() / 2)


def test_a_flat_sheet_stays_whole_to_its_edge() -> None:
    points, faces = grid(12)
    few = simplified(faces, poses(points, faces=faces), 60)
    assert len(few) == 60
    assert area(points, few) == pytest.approx(area(points, faces))
    corners = points[few]
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0).all()


def test_what_moves_in_another_pose_stays() -> None:
    """A flat sheet that bends only in its second pose keeps more triangles where it bends."""
    points, faces = grid(24)
    bent = points.copy()
    right = points[:, 0] > 12
    bent[:, 2] = np.where(right, 3 * np.sin(points[:, 0] * 1.2), 0)
    few = simplified(faces, poses(points, bent, faces=faces), 300)
    used = np.unique(few)
    assert right[used].sum() > 1.5 * (~right[used]).sum()
    plain = np.unique(simplified(faces, poses(points, faces=faces), 300))
    assert right[plain].sum() < 1.2 * (~right[plain]).sum()


def test_nothing_gapes(built_avatar: Avatar) -> None:
    """Open edges and seams of each part stay as they were, so that parts still meet."""
    whole = split_mesh(built_avatar.head)
    for part, few in zip(whole, fewer_triangles(built_avatar, whole, 0.25), strict=True):
        locked = open_or_seam(part.faces, part.source_vertex)
        assert set(part.source_vertex[locked]) <= set(few.source_vertex)
        still = open_or_seam(few.faces, few.source_vertex)
        assert set(few.source_vertex[still]) == set(part.source_vertex[locked])


@pytest.mark.parametrize(("share", "mean_m", "most_m"), [(0.5, 1e-4, 1e-3), (0.25, 4e-4, 3e-3)])
def test_levels_stay_close_in_every_look(built_avatar: Avatar, share: float, mean_m: float, most_m: float) -> None:
    whole = split_mesh(built_avatar.head)[:1]
    (few,) = fewer_triangles(built_avatar, whole, share)
    assert len(few.faces) == pytest.approx(len(whole[0].faces) * share, rel=0.02)
    for weights in ({}, {"jawOpen": 0.8}, {"mouthSmileLeft": 1, "mouthSmileRight": 1}, {"eyeBlinkLeft": 1}):
        posed = posed_vertices(built_avatar, pose_from(built_avatar, weights, {}))
        faces = few.source_vertex[few.faces]
        face_rows = np.flatnonzero(built_avatar.head.regions["face"] > 0.5)
        shown = np.intersect1d(face_rows, whole[0].source_vertex)[::7]
        away = np.abs(nearest(Surface(posed, faces, np.arange(len(faces))), posed[shown]).distance_m)
        assert away.mean() < mean_m
        assert np.percentile(away, 99) < most_m


def test_each_level_is_a_valid_file_of_its_own(readers: Any, built_avatar: Avatar, tmp_path: Path) -> None:
    encoded = encode(built_avatar, "ada", GlbOptions(lods=2, accessories=("headband",)))
    assert list(encoded.files) == ["ada.lod2.glb", "ada.lod1.glb", "ada.glb"]
    assert encoded.counts["lods"] == 2
    assert encoded.counts["triangles"] == len(built_avatar.head.faces)
    sizes = []
    for name, data in encoded.files.items():
        (tmp_path / name).write_bytes(data)
        file = Parts(tmp_path / name)
        sizes.append(sum(file.json["accessors"][primitive["indices"]]["count"]
                         for mesh in file.json["meshes"] for primitive in mesh["primitives"]))  # fmt: skip
        assert [mesh["name"] for mesh in file.json["meshes"]][::5] == ["head", "headband"]
    np.testing.assert_allclose(np.array(sizes[:2]) / sizes[2], [0.25, 0.5], atol=0.05)
    reports = readers.run("validate.mjs", *(tmp_path / name for name in encoded.files))
    assert all(report["issues"]["messages"] == [] for report in reports)
    pictures = [[r["image"]["width"] for r in report["info"]["resources"] if "image" in r] for report in reports]
    assert pictures == [[256], [512], [1024]]


def test_displacements_of_what_stays_are_exact(built_avatar: Avatar, tmp_path: Path) -> None:
    (tmp_path / "a.lod1.glb").write_bytes(encode(built_avatar, "a", GlbOptions(lods=1)).files["a.lod1.glb"])
    file, few = Parts(tmp_path / "a.lod1.glb"), fewer_triangles(built_avatar, split_mesh(built_avatar.head), 0.5)
    for mesh, part in zip(file.json["meshes"], few, strict=True):
        for delta, target in zip(built_avatar.blendshapes.deltas, mesh["primitives"][0]["targets"], strict=True):
            np.testing.assert_array_equal(file.array(target["POSITION"]), delta[part.source_vertex])


def test_gltf_files_come_with_their_own_data(avatar: Avatar) -> None:
    files = encode_gltf(avatar, "ada", GlbOptions(lods=1)).files
    assert list(files) == [
        "ada.lod1_static_texture.jpg", "ada.lod1.bin", "ada.lod1.gltf",
        "ada_static_texture.jpg", "ada.bin", "ada.gltf",
    ]  # fmt: skip


def test_levels_are_few() -> None:
    with pytest.raises(InputError, match=r"lods.*0 to 2"):
        GlbOptions(lods=9)
