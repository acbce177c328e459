"""Edges, finer meshes and nearest points."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.head_model.default import load_default_head
from headsmith.surface.closest import ClosestPoints, nearest_barycentric
from headsmith.surface.hair_removal import largest_piece, without
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.topology import edges_of, graph_laplacian, mean_edge_m, split_long_edges
from headsmith.surface.unfold import folded, soothe, unfold
from headsmith.types import F32


@pytest.fixture(scope="module")
def head() -> TriangleMesh:
    model = load_default_head()
    return without(TriangleMesh(model.v_template, model.faces[model.faces_of("head")]), model.v_template[:, 1] > -0.15)


def area(mesh: TriangleMesh) -> float:
    a, b, c = np.moveaxis(mesh.vertices_m[mesh.faces].astype(np.float64), 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_edges_know_their_triangles(head: TriangleMesh) -> None:
    edges = edges_of(head.faces)
    assert len(np.unique(edges.vertices, axis=0)) == len(edges.vertices)
    for side in (0, 1):
        owned = edges.faces[:, side] >= 0
        corners = head.faces[edges.faces[owned, side]]
        for end in (0, 1):
            assert (corners == edges.vertices[owned, end, None]).any(1).all()
    assert (edges.faces[:, 0] != edges.faces[:, 1]).all()
    # every triangle has three edges
    assert (edges.faces >= 0).sum() == 3 * len(head.faces)


def test_splitting_keeps_the_surface_and_its_border(head: TriangleMesh) -> None:
    fine = head
    for _ in range(6):
        fine = split_long_edges(fine, 4e-3)
    i, j = edges_of(fine.faces).vertices.T
    assert np.linalg.norm(fine.vertices_m[i] - fine.vertices_m[j], axis=1).max() <= 4e-3
    assert mean_edge_m(fine) < mean_edge_m(head)
    assert area(fine) == pytest.approx(area(head), rel=1e-5)
    np.testing.assert_array_equal(fine.vertices_m[: len(head.vertices_m)], head.vertices_m)
    border, before = (np.unique(e.vertices[e.faces[:, 1] < 0]) for e in (edges_of(fine.faces), edges_of(head.faces)))
    assert np.isin(before, border).all()
    a, b, c = np.moveaxis(fine.vertices_m[fine.faces], 1, 0)
    assert (np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0).all()


def test_laplacian_of_a_constant_is_zero(head: TriangleMesh) -> None:
    laplacian = graph_laplacian(edges_of(head.faces).vertices, len(head.vertices_m))
    assert abs(laplacian @ np.ones(len(head.vertices_m))).max() == 0
    assert abs(laplacian - laplacian.T).max() == 0


def test_nearest_points_are_the_nearest_of_many(head: TriangleMesh) -> None:
    random = np.random.default_rng(3)
    points = head.vertices_m[random.choice(len(head.vertices_m), 40)] + random.normal(0, 0.004, (40, 3))
    mesh = split_long_edges(split_long_edges(head, 6e-3), 6e-3)
    found = ClosestPoints(mesh)(points)
    weights = nearest_barycentric(mesh.vertices_m[mesh.faces][None].astype(np.float64), points[:, None])
    places = (mesh.vertices_m[mesh.faces][None] * weights[..., None]).sum(2)
    brute = np.linalg.norm(places - points[:, None], axis=2).min(1)
    assert np.mean(found.distance_m - brute > 1e-6) < 0.05
    assert (found.distance_m >= brute - 1e-7).all()
    np.testing.assert_allclose(np.linalg.norm(found.points_m - points, axis=1), found.distance_m, atol=1e-7)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.2, 0.3, 5.0), (0.5, 0.2, 0.3)),
        ((-1.0, -1.0, 0.0), (1.0, 0.0, 0.0)),
        ((0.5, -2.0, 1.0), (0.5, 0.5, 0.0)),
        ((2.0, 2.0, 0.0), (0.0, 0.5, 0.5)),
        ((-3.0, 0.25, 0.0), (0.75, 0.0, 0.25)),
    ],
)
def test_nearest_on_one_triangle(point: tuple[float, ...], expected: tuple[float, ...]) -> None:
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(nearest_barycentric(corners, np.array(point)), expected, atol=1e-12)


def spike(head: TriangleMesh) -> F32:
    """Offsets that push some vertices through their neighbours."""
    offsets = np.full_like(head.vertices_m, 1e-3)
    offsets[::50] += np.array([0.012, -0.01, 0.0], np.float32)
    return offsets


def test_unfolding_leaves_no_fold_and_the_rest_alone(head: TriangleMesh) -> None:
    offsets = spike(head)
    assert folded(head.vertices_m, head.vertices_m + offsets, head.faces).any()
    out = unfold(head.vertices_m, offsets, head.faces)
    assert not folded(head.vertices_m, head.vertices_m + out, head.faces).any()
    calm = np.full_like(offsets, 1e-3)
    np.testing.assert_array_equal(soothe(head.vertices_m, calm, head.faces), calm)


def test_largest_piece(head: TriangleMesh) -> None:
    shifted = TriangleMesh(head.vertices_m[:3] + 1, np.array([[0, 1, 2]], np.int32))
    both = TriangleMesh(np.concatenate([head.vertices_m, shifted.vertices_m]),
                        np.concatenate([head.faces, shifted.faces + len(head.vertices_m)]))  # fmt: skip
    kept = largest_piece(both)
    assert kept.vertices_m.max() < 0.5
    assert len(kept.faces) > 0.9 * len(head.faces)
