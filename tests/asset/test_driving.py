"""The prepared driver: against the formulas written out in float64, for colours too, and faster than those."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from conftest import ROOT
from headsmith.asset import Avatar, BoundSplats, Driver, Pose, Splats, posed_splats, posed_vertices, read_avatar
from headsmith.asset.harmonics import sh_bands
from headsmith.asset.quaternions import conjugate, matrices_from_quaternions, multiply, quaternions_from_matrices
from synthetic import make_avatar


@cache
def person() -> Avatar:
    """The sample avatar: a real mesh, 45,000 splats, hair hung on few triangles."""
    return read_avatar(ROOT / "sample_assets/portrait.avatar.zip")


def random_pose(avatar: Avatar, seed: int) -> Pose:
    random = np.random.default_rng(seed)
    weights = random.uniform(0, 0.6, len(avatar.blendshapes.names)).astype(np.float32)
    return Pose(weights, random.normal(0, 0.3, (len(avatar.rig.joint_names), 3)).astype(np.float32))


def with_sh(avatar: Avatar, count: int) -> Avatar:
    rest = avatar.splats.splats
    shN = np.random.default_rng(count).normal(0, 0.3, (len(rest), count, 3)).astype(np.float32)
    return replace(avatar, splats=BoundSplats(replace(rest, shN=shN), avatar.splats.binding))


def written_out(avatar: Avatar, vertices_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, quats and scales in float64, splat by splat as the paper has them (no collapsed triangles)."""
    binding = avatar.splats.binding
    corners = vertices_m.astype(np.float64)[avatar.head.faces[binding.triangle]]
    edge, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(edge, other)
    length, area = np.linalg.norm(edge, axis=1), np.linalg.norm(normal, axis=1)
    x, z = edge / length[:, None], normal / area[:, None]
    frame = np.stack([x, np.cross(z, x), z], -1)
    scale = ((length + area / length) / 2)[:, None]
    means = (corners * binding.barycentric[..., None]).sum(1) + scale * np.einsum("nab,nb->na", frame, binding.offset)
    quats = multiply(quaternions_from_matrices(frame), binding.rotation_wxyz.astype(np.float64))
    return means, quats / np.linalg.norm(quats, axis=1, keepdims=True), np.exp(binding.log_scale) * scale


def angle_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[N] radians; q and -q are one rotation."""
    difference = np.minimum(np.linalg.norm(a - b, axis=1), np.linalg.norm(a + b, axis=1))
    return 4 * np.arcsin(difference / 2)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_the_formulas_in_float64(seed: int) -> None:
    avatar = person()
    driver, pose = Driver(avatar), random_pose(avatar, seed)
    out = driver.splats(pose)
    means, quats, scales = written_out(avatar, posed_vertices(avatar, pose))
    assert np.abs(out.means - means).max() < 2e-6
    # float32 vertices leave the frames of the smallest triangles (0.1 mm) no better determined than this
    assert angle_between(out.quats, quats).max() < 2e-3
    assert np.percentile(angle_between(out.quats, quats), 99) < 2e-5
    assert np.abs(out.scales - scales).max() < 1e-7
    assert np.abs(np.linalg.norm(out.quats, axis=1) - 1).max() < 1e-6
    assert {a.dtype for a in (out.means, out.quats, out.scales)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("count", [3, 8, 15])
def test_colours_are_those_of_the_turned_directions(count: int) -> None:
    avatar = with_sh(make_avatar(splats=500), count)
    rest, out = avatar.splats.splats, Driver(avatar).splats(random_pose(avatar, count))
    turns = matrices_from_quaternions(multiply(out.quats, conjugate(rest.quats)).astype(np.float64))
    directions = np.random.default_rng(0).normal(size=(30, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    wanted = sh_bands(np.einsum("md,ndk->nmk", directions, turns), count) @ rest.shN  # f(R^T d)
    seen = sh_bands(directions, count) @ out.shN
    assert np.abs(out.shN - rest.shN).max() > 0.1
    assert np.abs(seen - wanted).max() < 2e-4


def test_the_same_bytes_every_time_and_by_every_way() -> None:
    avatar = with_sh(person(), 8)
    driver, pose = Driver(avatar), random_pose(avatar, 7)
    first = driver.splats(pose)
    driver.splats(random_pose(avatar, 8))
    for again in (driver.splats(pose), posed_splats(avatar, pose)):
        for name in ("means", "quats", "scales", "shN"):
            assert getattr(first, name).tobytes() == getattr(again, name).tobytes()


def test_splats_on_few_triangles_of_a_large_mesh() -> None:
    avatar = make_avatar(splats=3, vertices=3000)
    pose = random_pose(avatar, 1)
    means, _, scales = written_out(avatar, posed_vertices(avatar, pose))
    out: Splats = Driver(avatar).splats(pose)
    np.testing.assert_allclose(out.means, means, atol=2e-6)
    np.testing.assert_allclose(out.scales, scales, rtol=1e-4)
