"""Closed meshes from fields."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.head_model.surface_nets import surface_nets


def faces_per_edge(faces: np.ndarray) -> np.ndarray:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = vertices[faces].transpose(1, 0, 2).astype(np.float64)
    return float((a * np.cross(b, c)).sum() / 6)


def test_a_ball_has_its_radius_and_faces_outwards() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(40) * 0.003] * 3, indexing="ij"), -1)
    field = np.linalg.norm(grid - 0.06, axis=-1) - 0.04
    vertices, faces = surface_nets(field, np.array([1.0, 2.0, 3.0]), 0.003)
    np.testing.assert_allclose(np.linalg.norm(vertices - [1.06, 2.06, 3.06], axis=1), 0.04, atol=1e-4)
    assert 0.98 < volume(vertices - [1.06, 2.06, 3.06], faces) / (4 / 3 * np.pi * 0.04**3) < 1.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bias=st.floats(-0.8, 0.8))
def test_any_field_gives_a_closed_surface(seed: int, bias: float) -> None:
    """Noise holds every ambiguous corner pattern."""
    field = np.random.default_rng(seed).normal(size=(7, 8, 9)) + bias
    vertices, faces = surface_nets(field, np.zeros(3), 1.0)
    assert set(faces_per_edge(faces)) <= {2}
    assert len(np.unique(faces)) == len(vertices)
    assert volume(vertices, faces) > 0


def test_an_empty_field_gives_an_empty_mesh() -> None:
    vertices, faces = surface_nets(np.ones((4, 4, 4)), np.zeros(3), 1.0)
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)
