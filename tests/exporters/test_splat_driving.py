"""The splats moved by two files alone, the face's GLB and the splats' GLB, with docs/binding.md as the only guide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gltf_parts import Parts
from headsmith.asset.avatar import Avatar, Pose, Splats
from headsmith.asset.harmonics import rotate_sh
from headsmith.asset.posing import neutral_pose, pose_from, posed_splats
from headsmith.asset.quaternions import conjugate, multiply
from headsmith_exporters import SplatOptions, export
from splat_clouds import covariances, rows_of, taken, turn_between
from synthetic import make_avatar

KHR = "KHR_gaussian_splatting"


def morphed(mesh: dict, face: Parts, weights: dict[str, float]) -> np.ndarray:
    """[V, 3] of the mesh's only primitive, each morph target added at its weight."""
    (primitive,) = mesh["primitives"]
    vertices = face.array(primitive["attributes"]["POSITION"]).astype(np.float64)
    for name, weight in weights.items():
        target = primitive["targets"][mesh["extras"]["targetNames"].index(name)]
        vertices = vertices + weight * face.array(target["POSITION"])
    return vertices


def quaternion(m: np.ndarray) -> np.ndarray:
    """wxyz of a rotation matrix, through the axis that its eigenvectors of eigenvalue 1 give."""
    w, x, y, z = m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    k = np.array([[w, x, y, z],
                  [x, m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
                  [y, m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1]],
                  [z, m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1]]])  # fmt: skip
    return np.linalg.eigh(k)[1][:, -1]


def driven(face: Parts, cloud: Parts, weights: dict[str, float]) -> Splats:
    """Every step as docs/binding.md writes it."""
    (mesh,) = cloud.json["meshes"]
    attributes = mesh["primitives"][0]["attributes"]
    means, quats, scales = [], [], []
    for entry in mesh["extras"]["headsmith"]["stitching"]:
        part = slice(entry["firstSplat"], entry["firstSplat"] + entry["splatCount"])
        carrier = face.json["meshes"][entry["mesh"]]
        assert carrier["name"] == entry["meshName"]
        triangles = face.array(carrier["primitives"][entry["primitive"]]["indices"]).reshape(-1, 3)
        corners = morphed(carrier, face, weights)[triangles]
        edge, side = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        x = edge / np.linalg.norm(edge, axis=1, keepdims=True)
        z = np.cross(edge, side) / np.linalg.norm(np.cross(edge, side), axis=1, keepdims=True)
        frame = np.stack([x, np.cross(z, x), z], -1)
        length = np.linalg.norm(edge, axis=1)
        scale = (length + np.linalg.norm(np.cross(edge, side), axis=1) / length) / 2
        faces = cloud.array(entry["faces"])[part, 0].astype(int)
        weight, away = cloud.array(entry["weights"])[part], cloud.array(entry["displacement"])[part]
        turn, size = cloud.array(entry["rotation"])[part][:, [3, 0, 1, 2]], cloud.array(entry["logScale"])[part]
        at = np.einsum("nk,nkd->nd", weight, corners[faces])
        means.append(at + scale[faces, None] * np.einsum("nij,nj->ni", frame[faces], away))
        frames = np.stack([quaternion(matrix) for matrix in frame])
        quats.append(multiply(frames[faces], turn))
        scales.append(scale[faces, None] * np.exp(size))
    turned = np.concatenate(quats)
    bands = [cloud.array(attributes[name]) for name in attributes if ":SH_DEGREE_" in name]
    rest = cloud.array(attributes[f"{KHR}:ROTATION"])[:, [3, 0, 1, 2]]
    shN = np.stack(bands[1:], 1) if bands[1:] else np.zeros((len(rest), 0, 3))
    return Splats(
        means=np.concatenate(means),
        quats=turned,
        scales=np.concatenate(scales),
        opacities=cloud.array(attributes[f"{KHR}:OPACITY"])[:, 0],
        sh0=bands[0][:, None],
        shN=rotate_sh(shN, multiply(turned, conjugate(rest))),
    )


def assert_same(moved: Splats, expected: Splats, tolerance_m: float) -> None:
    matched = taken(expected, rows_of(moved.means, expected.means))
    assert np.abs(moved.means - matched.means).max() < tolerance_m
    assert turn_between(moved.quats, matched.quats).max() < 2e-3
    np.testing.assert_allclose(moved.scales, matched.scales, rtol=1e-4)
    np.testing.assert_allclose(covariances(moved.scales, moved.quats), covariances(matched.scales, matched.quats),
                               atol=1e-4 * float(matched.scales.max()) ** 2)  # fmt: skip
    np.testing.assert_allclose(moved.opacities, matched.opacities)
    np.testing.assert_allclose(moved.sh0, matched.sh0)
    np.testing.assert_allclose(moved.shN, matched.shN, atol=2e-3)


def with_bands(avatar: Avatar, bands: int) -> Avatar:
    splats = avatar.splats.splats
    shN = np.random.default_rng(3).normal(0, 0.3, (len(splats), bands, 3)).astype(np.float32)
    return replace(avatar, splats=replace(avatar.splats, splats=replace(splats, shN=shN)))


@pytest.fixture(params=["degree 0", "degree 2", "built"])
def made(request: pytest.FixtureRequest) -> Avatar:
    if request.param == "built":
        return request.getfixturevalue("built_avatar")
    return with_bands(make_avatar(5, splats=500), 8 if request.param == "degree 2" else 0)


@pytest.mark.parametrize(
    "weights", [{}, {"jawOpen": 0.5}, {"jawOpen": 0.3, "mouthSmileLeft": 0.8, "eyeBlinkRight": 1.0}]
)
def test_two_files_are_enough(made: Avatar, tmp_path: Path, weights: dict[str, float]) -> None:
    export(made, tmp_path / "face.glb", "glb")
    export(made, tmp_path / "face.splats.glb", "khr")
    moved = driven(Parts(tmp_path / "face.glb"), Parts(tmp_path / "face.splats.glb"), weights)
    expected = posed_splats(made, pose_from(made, weights, {}))
    assert_same(moved, expected, 2e-6)
    moves = np.abs(expected.means - posed_splats(made, neutral_pose(made)).means).max() > 1e-3
    assert moves == bool(weights)


def test_a_file_that_was_posed_is_driven_alike(tmp_path: Path) -> None:
    made = with_bands(make_avatar(5, splats=300), 3)
    pose = Pose(made.capture_pose.weights, np.zeros_like(made.capture_pose.joint_rotations))
    export(made, tmp_path / "face.glb", "glb")
    export(made, tmp_path / "face.splats.glb", "khr", SplatOptions(pose))
    moved = driven(Parts(tmp_path / "face.glb"), Parts(tmp_path / "face.splats.glb"), {"jawOpen": 0.5})
    assert_same(moved, posed_splats(made, pose_from(made, {"jawOpen": 0.5}, {})), 2e-6)
