"""The visual hull of a head whose mattes are exact, in a ring of small pictures."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.default import load_default_head
from headsmith.head_model.raster import rasterize
from headsmith.surface.closest import ClosestPoints
from headsmith.surface.hull import bareness, visual_hull
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.params import HullParams
from headsmith.types import Mattes
from headsmith.views.synthesise import Orbit, orbit_camera

SIZE_PX = 160
COARSE = HullParams(voxel_m=0.008)


@pytest.fixture(scope="module")
def model():
    return load_default_head()


@pytest.fixture(scope="module")
def cameras(model):
    orbit = Orbit(model.v_template.mean(0), 0.9, 330.0, SIZE_PX)
    return [orbit_camera(orbit, yaw, pitch) for yaw in range(-75, 76, 25) for pitch in (-20.0, 20.0)]


@pytest.fixture(scope="module")
def mattes(model, cameras):
    """Of a head that is grown by 2 cm all over, as by hair."""
    grown = model.v_template + 0.02 * vertex_normals(model.v_template, model.faces)
    masks = [(rasterize(grown, model.faces, camera).triangle >= 0).astype(np.float32) for camera in cameras]
    return [Mattes(mask, mask, mask, np.zeros_like(mask)) for mask in masks]


@pytest.fixture(scope="module")
def hull(model, cameras, mattes):
    return visual_hull(model, model.v_template, cameras, mattes, COARSE)


def scalp_gap_m(model, hull):
    """Median distance of the scalp's vertices from the hull."""
    return float(np.median(ClosestPoints(hull)(model.v_template[model.regions["scalp"] > 0.5]).distance_m))


def test_the_hull_fills_the_mattes(cameras, mattes, hull):
    for camera, matte in zip(cameras, mattes, strict=True):
        drawn = rasterize(hull.vertices_m, hull.faces, camera).triangle >= 0
        above = np.arange(SIZE_PX)[:, None] < 0.45 * SIZE_PX
        assert (drawn & ~(matte.person > 0.5) & above).sum() < 0.06 * drawn.sum()
        assert ((matte.person > 0.5) & ~drawn & above).sum() < 0.06 * drawn.sum()


def test_hair_is_outside_the_head_and_the_face_is_the_heads(model, hull):
    assert 0.01 < scalp_gap_m(model, hull) < 0.03
    face = model.landmarks(model.v_template)[model.landmark_weight > 0.5]
    assert np.median(ClosestPoints(hull)(face).distance_m) < 0.004


def test_every_edge_belongs_to_two_triangles(hull):
    edges = np.sort(hull.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    assert (count == 2).all()


def test_one_wrong_matte_is_outvoted(model, cameras, mattes, hull):
    nothing = np.zeros_like(mattes[0].person)
    spoilt = [replace(mattes[0], person=nothing), *mattes[1:]]
    kept = visual_hull(model, model.v_template, cameras, spoilt, replace(COARSE, outvoted=0.2))
    assert abs(scalp_gap_m(model, kept) - scalp_gap_m(model, hull)) < 0.01
    lost = visual_hull(model, model.v_template, cameras, spoilt, replace(COARSE, outvoted=0.0))
    assert len(lost.faces) == 0


def test_there_is_nothing_beside_bare_skin(model, cameras, mattes):
    bare = [replace(matte, hair=matte.skin, skin=matte.person) for matte in mattes]
    scalp = model.regions["scalp"] > 0.5
    assert np.median(bareness(TriangleMesh(model.v_template, model.faces), cameras, bare)[scalp]) > 0.9
    shaved = visual_hull(model, model.v_template, cameras, bare, COARSE)
    assert scalp_gap_m(model, shaved) < 0.006
