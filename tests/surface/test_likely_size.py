"""The size of a head that pictures alone do not tell."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.surface.cameras import PlacedCameras
from headsmith.surface.likely_size import likely_size, resized
from headsmith.surface.mesh import TriangleMesh
from headsmith.types import HeadFit


def grown(model, factor):
    """A head of mean identity, `factor` times as large."""
    identity = np.zeros(model.shapedirs.shape[2], np.float32)
    return HeadFit(identity, ((factor - 1) * model.v_template).astype(np.float32), ())


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.08])
def test_a_head_gets_the_mean_heads_size(sweep, factor):
    model = sweep.clip.model
    assert likely_size(model, grown(model, factor)) == pytest.approx(1 / factor, abs=1e-4)


def test_only_the_face_counts(sweep):
    model = sweep.clip.model
    fit = grown(model, 1.0)
    tall = np.where((model.regions["face"] > 0.01)[:, None], 0, 0.1).astype(np.float32)
    assert likely_size(model, replace(fit, offsets_m=tall)) == pytest.approx(1, abs=5e-3)


def test_a_resized_scene_gives_the_same_pictures(sweep):
    cameras = tuple(view.camera for view in sweep.fit.views)
    placed = PlacedCameras(tuple(range(len(cameras))), cameras, 1.0, 0.001, 1.1, 0.5)
    mesh = TriangleMesh(sweep.clip.vertices_m(0), sweep.clip.model.faces)
    larger, moved = resized(mesh, placed, 1.25)
    assert moved.size == pytest.approx(1.375)
    assert np.allclose(larger.vertices_m, 1.25 * mesh.vertices_m)
    for before, after in zip(cameras, moved.cameras, strict=True):
        was, depth = before.project(mesh.vertices_m)
        now, farther = after.project(larger.vertices_m)
        assert np.allclose(was, now, atol=1e-2)
        assert np.allclose(farther, 1.25 * depth, rtol=1e-4)
