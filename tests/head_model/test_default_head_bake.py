"""The parts of the bake that need none of MakeHuman's files: readers, components, eyeball, flattening."""

import gzip

import numpy as np
import pytest

from headsmith.head_model import bake_eye
from headsmith.head_model.bake_identity import principal_components
from headsmith.head_model.bake_relax import relax
from headsmith.head_model.makehuman import read_base, read_target


def test_base_mesh_of_quads_and_triangles_in_groups(tmp_path):
    path = tmp_path / "base.obj"
    path.write_text(
        "# comment\nv 0 0 0\nv 10 0 0 0.5 0.5 0.5\nv 10 10 0\nv 0 10 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "g body\nf 1/1 2/2 3/3 4/4\ng joint-neck\nf 1/1 2/2 3/3\n"
    )
    base = read_base(path)
    np.testing.assert_allclose(base.vertices[2], [1, 1, 0])
    assert base.quads.tolist() == [[0, 1, 2, 3], [0, 1, 2, 2]]
    assert base.uv_quads.tolist() == [[0, 1, 2, 3], [0, 1, 2, 2]]
    assert base.quad_group == ("body", "joint-neck")


@pytest.mark.parametrize("suffix", [".target", ".target.gz"])
def test_target_is_sparse_and_in_decimetres(tmp_path, suffix):
    path = tmp_path / f"nose{suffix}"
    text = b"# comment\n2 1.0 -2 .5\n\n0 0 0 1\n"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    np.testing.assert_allclose(read_target(path, 4), [[0, 0, 0.1], [0, 0, 0], [0.1, -0.2, 0.05], [0, 0, 0]])


def test_components_are_symmetric_and_scaled_to_standard_deviations():
    rng = np.random.default_rng(0)
    mirror = np.array([1, 0, 2])
    wide = rng.normal(0, 0.02, 400)
    heads = np.tile(np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0]], np.float32), (400, 1, 1))
    heads[:, 0, 0] += wide
    heads[:, 1, 0] -= wide
    heads[:, 2, 0] += rng.normal(0, 0.005, 400)
    mean, components = principal_components(heads, mirror, 2)
    np.testing.assert_allclose(mean[mirror] * [-1, 1, 1], mean, atol=1e-7)
    assert np.abs(components[:2, 0, 0]) == pytest.approx([0.02, 0.02], rel=0.15)
    assert components[0, 0, 0] == pytest.approx(-components[1, 0, 0], rel=1e-5)
    assert abs(components[2, 0, 1]) == pytest.approx(0.005, rel=0.15)


def test_eyeball_is_round_closed_and_mirrored():
    ball, faces, mirror = bake_eye.unit_eyeball(), bake_eye.eyeball_faces(), bake_eye.mirror_rows()
    radius = np.linalg.norm(ball, axis=1)
    assert radius.min() == pytest.approx(1)
    assert radius.max() == pytest.approx(1 + bake_eye.CORNEA_BULGE)
    np.testing.assert_allclose(ball[mirror] * [-1, 1, 1], ball, atol=1e-12)
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    a, b, c = ball[faces].transpose(1, 0, 2)
    assert ((np.cross(b - a, c - a) * (a + b + c)).sum(1) > 0).all()
    np.testing.assert_allclose(ball[bake_eye.ring(bake_eye.EQUATOR_RING)].mean(0), 0, atol=1e-12)


def test_relaxing_a_sheared_sheet_lowers_the_distortion_without_folds():
    n = 9
    grid = np.stack(np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n)), -1).reshape(-1, 2)
    rows = np.arange(n * n).reshape(n, n)
    a, b, c, d = (part.ravel() for part in (rows[:-1, :-1], rows[:-1, 1:], rows[1:, 1:], rows[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    corners = np.concatenate([grid, np.zeros((n * n, 1))], 1)[faces]
    on_edge = (grid == 0) | (grid == 1)
    bent = np.stack([grid[:, 0] ** 1.8, grid[:, 1] ** 0.6], 1)
    evened = relax(bent, faces, corners, np.ones(len(faces)), on_edge)
    np.testing.assert_allclose(evened, grid, atol=0.01)
    s = evened[faces]
    u, v = s[:, 1] - s[:, 0], s[:, 2] - s[:, 0]
    assert (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).min() > 0
