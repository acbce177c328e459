"""The trainer on a small subject whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset.avatar import BoundSplats
from headsmith.asset.binding import deform
from headsmith.splats import SplatParams, render_splats, train_splats
from headsmith.splats.schedule import view_order
from headsmith.types import TrainingView
from splats.people import Subject, make_subject

PARAMS = SplatParams(max_splats=3000, steps=120)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return make_subject()


@pytest.fixture(scope="module")
def trained(subject: Subject) -> BoundSplats:
    return train(subject, PARAMS)


def train(subject: Subject, params: SplatParams) -> BoundSplats:
    return train_splats(subject.model, subject.fit, subject.texture, None, subject.views, params)


def shown(subject: Subject, splats: BoundSplats, view: TrainingView) -> tuple[np.ndarray, np.ndarray]:
    rest = subject.model.rest_vertices(subject.fit.identity, subject.fit.offsets_m)
    posed = subject.model.pose(rest, view.expression, view.joint_rotations)
    return render_splats(deform(splats.binding, splats.splats, posed, subject.model.faces), view.camera)


def psnr_db(image: np.ndarray, view: TrainingView) -> float:
    error = (image - view.image / 255)[view.alpha > 0.5]
    return float(-10 * np.log10((error**2).mean()))


def test_every_view_gets_better(subject: Subject, trained: BoundSplats) -> None:
    start = train(subject, SplatParams(max_splats=3000, steps=0))
    for view in subject.views:
        before, after = (psnr_db(shown(subject, splats, view)[0], view) for splats in (start, trained))
        assert after > before + 1.5
        assert after > 24


def test_alpha_follows_the_silhouette(subject: Subject, trained: BoundSplats) -> None:
    for view in subject.views:
        alpha = shown(subject, trained, view)[1]
        assert alpha[view.alpha > 0.99].mean() > 0.98
        # the splats of so small a cloud are several pixels wide, and so is its rim
        assert alpha[view.alpha < 0.01].mean() < 0.05


def test_result_is_a_sound_asset(subject: Subject, trained: BoundSplats) -> None:
    splats, binding = trained.splats, trained.binding
    assert len(splats) == PARAMS.max_splats
    for array in (*vars(splats).values(), *(a for k, a in vars(binding).items() if k != "triangle")):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert np.abs(np.linalg.norm(splats.quats, axis=1) - 1).max() < 1e-5
    assert splats.scales.min() > 0
    assert 0 < splats.opacities.min() <= splats.opacities.max() < 1
    rest = subject.model.rest_vertices(subject.fit.identity, subject.fit.offsets_m)
    again = deform(binding, splats, rest, subject.model.faces)
    assert np.abs(again.means - splats.means).max() < 1e-6


def test_two_runs_are_identical(subject: Subject) -> None:
    params = SplatParams(max_splats=600, steps=10)
    first, second = train(subject, params), train(subject, params)
    assert all(
        np.array_equal(a, b) for a, b in zip(vars(first.splats).values(), vars(second.splats).values(), strict=True)
    )


def test_photos_take_their_share_of_the_steps() -> None:
    order = view_order([True, False, False, False], SplatParams(steps=60, photo_share=0.5))
    assert order.count(0) == 30
    assert {order.count(i) for i in (1, 2, 3)} == {10}
    assert set(view_order([False, False], SplatParams(steps=10))) == {0, 1}
    assert view_order([True], SplatParams(steps=3)) == [0, 0, 0]
