"""Where splats start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headsmith.asset.binding import deform
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.splats.initialise import initialise
from headsmith.splats.initialise_hair import hair_splats
from headsmith.splats.params import SplatParams
from headsmith.splats.render import render_splats
from headsmith.splats.sampling import spread_points, triangle_areas
from headsmith.splats.train import bound
from headsmith.splats.visibility import visible_triangles
from splats.people import Subject, camera_at, make_subject

COUNT = 4000


@pytest.fixture(scope="module")
def subject() -> Subject:
    return make_subject()


def rest_of(subject: Subject) -> np.ndarray:
    return subject.model.rest_vertices(subject.fit.identity, subject.fit.offsets_m)


def count_in(model: HeadModel, triangle: np.ndarray, part: str) -> int:
    return int(model.faces_of(part)[triangle].sum())


def test_count_is_exact_and_every_part_has_some(subject: Subject) -> None:
    splats = initialise(subject.model, subject.fit, subject.texture, None, SplatParams(max_splats=COUNT))
    assert len(splats) == COUNT
    for part in subject.model.part_names:
        assert count_in(subject.model, splats.triangle, part) > 5, part
    assert np.abs(splats.barycentric.sum(1) - 1).max() < 1e-5
    assert splats.barycentric.min() >= -1e-6
    face = subject.model.regions["face"][subject.model.faces].mean(1)
    areas = triangle_areas(rest_of(subject), subject.model.faces)
    density = np.bincount(splats.triangle, minlength=len(areas)) / areas
    back = (subject.model.regions["scalp"][subject.model.faces].mean(1) > 0.9) & (areas > 0)
    assert density[face > 0.9].mean() > 1.5 * density[back].mean()


def test_no_splat_where_nobody_can_look(subject: Subject) -> None:
    seen = visible_triangles(subject.model, rest_of(subject))
    assert 0.5 < seen.mean() < 1
    splats = initialise(subject.model, subject.fit, subject.texture, None, SplatParams(max_splats=COUNT))
    assert seen[splats.triangle].all()


def test_start_looks_like_the_view_and_has_no_holes(subject: Subject) -> None:
    params = SplatParams(max_splats=COUNT)
    start = initialise(subject.model, subject.fit, subject.texture, None, params)
    splats = bound(start, rest_of(subject), subject.model.faces).splats
    for view in subject.views[1:3]:
        image, alpha = render_splats(splats, view.camera)
        inside = view.alpha > 0.99
        assert np.abs(image - view.image / 255)[inside].mean() < 0.06
        assert (alpha[inside] > 0.9).mean() > 0.97


def test_hair_lies_in_the_shell_and_is_tied_to_still_skin(subject: Subject) -> None:
    params = SplatParams(max_splats=COUNT)
    start = initialise(subject.model, subject.fit, subject.texture, subject.hair, params)
    hair = start.on_skin == 0
    assert len(start) == COUNT
    assert 0.1 < hair.mean() < 0.8
    splats = bound(start, rest_of(subject), subject.model.faces).splats
    low, high = subject.hair.vertices_m.min(0) - 1e-4, subject.hair.vertices_m.max(0) + 1e-4
    assert ((splats.means[hair] >= low) & (splats.means[hair] <= high)).all()
    motion = np.linalg.norm(subject.model.arkit, axis=2).max(0)
    assert motion[subject.model.faces[start.triangle[hair]]].max() < 0.003
    image, alpha = render_splats(splats, camera_at(180))
    crown = image[30:40, 43:53][alpha[30:40, 43:53] > 0.9]
    assert crown[:, 0].mean() > 3 * crown[:, 1].mean(), "the hair is red, and no skin shines through"


def test_long_hair_turns_with_the_skull(subject: Subject) -> None:
    """Its ends hang over neck and shoulders, which stay where they are."""
    model, rest = subject.model, rest_of(subject)
    long = replace(subject.hair, vertices_m=subject.hair.vertices_m - np.array([0, 0.16, 0], np.float32))
    points = spread_points(triangle_areas(long.vertices_m, long.faces), np.ones(len(long.faces)), 300, 0)
    hair = hair_splats(model, rest, long, points)
    turn = np.zeros((len(model.joint_names), 3), np.float32)
    turn[model.joint_names.index("neck"), 1] = 0.5
    posed = model.pose(rest, np.zeros(model.exprdirs.shape[2], np.float32), turn)
    at_rest = bound(hair, rest, model.faces)
    turned = deform(at_rest.binding, at_rest.splats, posed, model.faces).means
    pivot, rotation = model.joints(rest)[model.joint_names.index("neck")], rotation_matrices(turn[1:2])[0]
    wanted = (at_rest.splats.means - pivot) @ rotation.T + pivot
    assert np.linalg.norm(turned - wanted, axis=1).max() < 0.003


def test_same_seed_same_splats(subject: Subject) -> None:
    make = lambda seed: initialise(  # noqa: E731
        subject.model, subject.fit, subject.texture, subject.hair, SplatParams(max_splats=COUNT, seed=seed)
    )
    first, again, other = make(0), make(0), make(1)
    assert all(np.array_equal(a, b) for a, b in zip(vars(first).values(), vars(again).values(), strict=True))
    assert not np.array_equal(first.barycentric, other.barycentric)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 3)), min_size=1, max_size=30),
    st.integers(0, 200),
    st.integers(0, 1000),
)
def test_points_are_spread_by_weight(rows: list[tuple[float, float]], count: int, seed: int) -> None:
    areas, importance = np.array(rows).T
    points = spread_points(areas, importance, count, seed)
    weights = areas * importance
    if weights.sum() <= 0:
        assert len(points.triangle) == 0
        return
    counts = np.bincount(points.triangle, minlength=len(areas))
    assert counts.sum() == count
    assert np.abs(counts - count * weights / weights.sum()).max() <= 1 + 1e-6
    assert not counts[weights == 0].any()
    assert points.barycentric.size == 0 or points.barycentric.min() >= 0
    assert np.isfinite(points.spacing_m).all()
