"""Splats follow their triangles: against a loop written from the definition, and under rigid motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.asset import Splats, bind, deform, triangle_frames
from headsmith.asset.harmonics import rotate_sh, sh_bands
from headsmith.asset.quaternions import (
    conjugate,
    matrices_from_quaternions,
    multiply,
    normalized,
    quaternions_from_matrices,
)
from headsmith.asset.skinning import rotation_matrices
from synthetic import make_avatar

angles = st.tuples(*[st.floats(-3.1, 3.1)] * 3).map(lambda v: np.array(v) * min(1, 3.1 / (np.linalg.norm(v) + 1e-9)))


def same_rotation(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two sets of quaternions, where q and -q are one rotation."""
    sign = np.where((a * b).sum(-1, keepdims=True) < 0, -1, 1)
    return float(np.abs(a - sign * b).max())


def random_directions(count: int) -> np.ndarray:
    directions = np.random.default_rng(1).normal(size=(count, 3))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


@settings(derandomize=True, deadline=None)
@given(angles, angles)
def test_quaternions_agree_with_matrices(first: np.ndarray, second: np.ndarray) -> None:
    a, b = rotation_matrices(first), rotation_matrices(second)
    qa, qb = quaternions_from_matrices(a), quaternions_from_matrices(b)
    np.testing.assert_allclose(matrices_from_quaternions(qa), a, atol=1e-9)
    np.testing.assert_allclose(matrices_from_quaternions(multiply(qa, qb)), a @ b, atol=1e-9)
    np.testing.assert_allclose(multiply(qa, conjugate(qa)), [1, 0, 0, 0], atol=1e-9)


def test_half_turns_have_quaternions() -> None:
    turns = np.stack([np.diag(d).astype(float) for d in ([1, -1, -1], [-1, 1, -1], [-1, -1, 1])])
    np.testing.assert_allclose(np.abs(quaternions_from_matrices(turns)), np.eye(4)[1:], atol=1e-12)


def test_frames_are_rotations_with_the_scale_of_the_paper() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0.0]])
    rotation, scale = triangle_frames(vertices, np.array([[0, 1, 2], [1, 2, 0]]))
    np.testing.assert_allclose(rotation[0], np.eye(3), atol=1e-12)
    assert scale[0] == pytest.approx((2 + 3) / 2)
    long_edge, height = np.sqrt(13), 6 / np.sqrt(13)
    assert scale[1] == pytest.approx((long_edge + height) / 2)
    np.testing.assert_allclose(rotation[1][:, 0], np.array([-2, 3, 0]) / long_edge, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)


@pytest.mark.parametrize(
    "corners", [[[0, 0, 0]] * 3, [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 0, 0], [0, 0, 0], [1, 0, 0]]]
)
def test_collapsed_triangles_still_have_frames(corners: list[list[float]]) -> None:
    rotation, scale = triangle_frames(np.array(corners, np.float32), np.array([[0, 1, 2]]))
    np.testing.assert_allclose(rotation[0] @ rotation[0].T, np.eye(3), atol=1e-6)
    assert np.linalg.det(rotation[0]) == pytest.approx(1)
    assert scale[0] > 0


def test_rest_gives_the_splats_back() -> None:
    avatar = make_avatar()
    rest = avatar.splats.splats
    again = deform(avatar.splats.binding, rest, avatar.head.vertices, avatar.head.faces)
    np.testing.assert_allclose(again.means, rest.means, atol=1e-6)
    np.testing.assert_allclose(again.scales, rest.scales, rtol=1e-5)
    assert same_rotation(again.quats, rest.quats) < 1e-5
    assert again.sh0 is rest.sh0
    assert again.opacities is rest.opacities


def test_rigid_motion_moves_splats_rigidly_and_growth_scales_them() -> None:
    avatar = make_avatar()
    rest, faces = avatar.splats.splats, avatar.head.faces
    turn = rotation_matrices(np.array([0.4, -1.1, 0.7]))
    shift = np.array([0.1, 0.2, -0.3])
    moved = (1.5 * avatar.head.vertices @ turn.T + shift).astype(np.float32)
    out = deform(avatar.splats.binding, rest, moved, faces)
    np.testing.assert_allclose(out.means, 1.5 * rest.means @ turn.T + shift, atol=2e-6)
    np.testing.assert_allclose(out.scales, 1.5 * rest.scales, rtol=1e-4)
    expected = matrices_from_quaternions(rest.quats.astype(np.float64))
    np.testing.assert_allclose(matrices_from_quaternions(out.quats.astype(np.float64)), turn @ expected, atol=1e-4)


def test_the_same_as_a_loop_over_splats() -> None:
    avatar = make_avatar(splats=60)
    rng = np.random.default_rng(3)
    vertices = (avatar.head.vertices + rng.normal(0, 1e-3, avatar.head.vertices.shape)).astype(np.float32)
    binding, rest = avatar.splats.binding, avatar.splats.splats
    out = deform(binding, rest, vertices, avatar.head.faces)
    for i in range(60):
        a, b, c = vertices[avatar.head.faces[binding.triangle[i]]].astype(np.float64)
        x = (b - a) / np.linalg.norm(b - a)
        z = np.cross(b - a, c - a)
        height = np.linalg.norm(z) / np.linalg.norm(b - a)
        z /= np.linalg.norm(z)
        frame = np.stack([x, np.cross(z, x), z], 1)
        scale = (np.linalg.norm(b - a) + height) / 2
        mean = binding.barycentric[i] @ np.stack([a, b, c]) + scale * frame @ binding.offset[i]
        np.testing.assert_allclose(out.means[i], mean, atol=1e-6)
        np.testing.assert_allclose(out.scales[i], scale * np.exp(binding.log_scale[i]), rtol=1e-5)
        local = matrices_from_quaternions(normalized(binding.rotation_wxyz[i].astype(np.float64)))
        np.testing.assert_allclose(matrices_from_quaternions(out.quats[i].astype(np.float64)), frame @ local, atol=1e-4)


def test_sh_basis_is_orthonormal() -> None:
    nodes, node_weights = np.polynomial.legendre.leggauss(8)
    around = 2 * np.pi * np.arange(16) / 16
    z, phi = np.meshgrid(nodes, around, indexing="ij")
    radius = np.sqrt(1 - z**2)
    basis = sh_bands(np.stack([radius * np.cos(phi), radius * np.sin(phi), z], -1), 15)
    gram = np.einsum("ab,abi,abj->ij", np.tile(node_weights[:, None] * 2 * np.pi / 16, (1, 16)), basis, basis)
    np.testing.assert_allclose(gram, np.eye(15), atol=1e-12)


@pytest.mark.parametrize("count", [3, 8, 15])
def test_sh_rotation_turns_the_function(count: int) -> None:
    rng = np.random.default_rng(count)
    coefficients = rng.normal(size=(5, count, 3))
    turns = rotation_matrices(rng.normal(size=(5, 3)))
    turned = rotate_sh(coefficients, quaternions_from_matrices(turns))
    directions = random_directions(40)
    for i in range(5):
        expected = sh_bands(directions @ turns[i], count) @ coefficients[i]  # f(R^T d)
        np.testing.assert_allclose(sh_bands(directions, count) @ turned[i], expected, atol=1e-9)


def test_direction_dependent_colour_turns_with_the_mesh() -> None:
    avatar = make_avatar(splats=200)
    rng = np.random.default_rng(5)
    rest = replace(avatar.splats.splats, shN=rng.normal(size=(200, 15, 3)).astype(np.float32))
    turn = rotation_matrices(np.array([0.9, 0.3, -0.2]))
    out = deform(avatar.splats.binding, rest, (avatar.head.vertices @ turn.T).astype(np.float32), avatar.head.faces)
    directions = random_directions(20)
    np.testing.assert_allclose(
        sh_bands(directions @ turn.T, 15) @ out.shN, sh_bands(directions, 15) @ rest.shN, atol=1e-3
    )
    still = deform(avatar.splats.binding, rest, avatar.head.vertices, avatar.head.faces)
    np.testing.assert_allclose(still.shN, rest.shN, atol=1e-4)


def test_no_splats() -> None:
    avatar = make_avatar(splats=0)
    empty: Splats = avatar.splats.splats
    binding = bind(empty, np.zeros(0, np.int32), np.zeros((0, 3), np.float32), avatar.head.vertices, avatar.head.faces)
    assert len(deform(binding, empty, avatar.head.vertices, avatar.head.faces)) == 0
