"""A head whose pupils are a known distance apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headsmith.errors import InputError
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.pipeline.known_size import pupil_distance_m, with_pupil_distance
from headsmith.pipeline.request import BuildRequest, check, request_key
from headsmith.types import Camera, HeadFit, ViewFit

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return load_default_head()


@pytest.fixture(scope="module")
def fit(model: HeadModel) -> HeadFit:
    random = np.random.default_rng(3)
    T = np.diag([1, -1, -1, 1]).astype(np.float32)
    T[:3, 3] = (0.01, 0.02, 0.6)
    view = ViewFit(Camera(700.0, (200, 250), (400, 500), T), np.zeros(52, np.float32),
                   np.zeros((len(model.joint_names), 3), np.float32), np.zeros((9, 3), np.float32))  # fmt: skip
    identity = random.normal(0, 0.5, model.shapedirs.shape[2]).astype(np.float32)
    offsets = random.normal(0, 1e-3, model.v_template.shape).astype(np.float32)
    return HeadFit(identity, offsets, (view,), collar_m=-0.12)


@pytest.mark.parametrize("distance_m", [0.052, 0.0635, 0.074])
def test_pupils_are_as_far_apart_as_told_and_pictures_stay(model: HeadModel, fit: HeadFit, distance_m: float) -> None:
    before = model.rest_vertices(fit.identity, fit.offsets_m)
    sized = with_pupil_distance(model, fit, distance_m)
    after = model.rest_vertices(sized.identity, sized.offsets_m)
    assert pupil_distance_m(model, after) == pytest.approx(distance_m, abs=1e-6)
    size = distance_m / pupil_distance_m(model, before)
    np.testing.assert_allclose(after, size * before, atol=1e-6)
    assert sized.collar_m == pytest.approx(-0.12 * size)
    seen, told = fit.views[0].camera.project(before)[0], sized.views[0].camera.project(after)[0]
    np.testing.assert_allclose(told, seen, atol=0.02)


def test_without_a_distance_the_head_is_as_it_was(model: HeadModel, fit: HeadFit) -> None:
    assert with_pupil_distance(model, fit, None) is fit


def test_a_distance_that_no_person_has_is_refused(tmp_path: Path) -> None:
    request = BuildRequest((PORTRAIT,), tmp_path / "ada.avatar")
    check(replace(request, pupil_distance_m=0.063))
    for wrong in (0.0063, 0.63, float("nan")):
        with pytest.raises(InputError, match="pupil-distance"):
            check(replace(request, pupil_distance_m=wrong))


def test_another_distance_is_another_build(tmp_path: Path) -> None:
    request = BuildRequest((PORTRAIT,), tmp_path / "ada.avatar")
    keys = {request_key(replace(request, pupil_distance_m=value), "cpu") for value in (None, 0.06, 0.065)}
    assert len(keys) == 3
