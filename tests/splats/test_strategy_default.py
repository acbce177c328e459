"""Densification by gradients: where splats are added, which go, and that opacities are reset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.splats.cloud import Cloud
from headsmith.splats.optimise import optimise
from headsmith.splats.params import LearningRates, Limits, Pulls, SplatParams
from headsmith.splats.strategy_default import DefaultStrategy, GradientDensifier
from headsmith.splats.view_render import render_view
from headsmith.types import no_progress
from splats.clouds import after_a_step, checks, front_camera, make_splats, plain, shown, view_of

FREE = SplatParams(limits=Limits(min_opacity=0.0, min_hair_opacity=0.0, shrinkage=1e-3))
EVERY = DefaultStrategy(refine_start_iter=0, refine_every=1, reset_every=0)


def with_scores(strategy: DefaultStrategy, budget: int, scores: np.ndarray) -> GradientDensifier:
    """A densifier that has seen these mean gradients [N]."""
    densifier = strategy.begin(budget, seed=0)
    densifier.total, densifier.count = torch.from_numpy(scores.astype(np.float32)), torch.ones(len(scores))
    return densifier


def test_opacities_are_reset_when_it_is_time() -> None:
    strategy = DefaultStrategy(reset_every=5, refine_start_iter=1000)
    cloud = after_a_step(make_splats(100), FREE)
    densifier = strategy.begin(100, seed=0)
    highest = []
    for step in range(12):
        densifier.adapt(step, cloud)
        highest.append(float(torch.sigmoid(cloud.unknowns.logit).max()))
        with torch.no_grad():
            cloud.unknowns.logit += 2.0
    low = pytest.approx(2 * strategy.prune_opa, rel=1e-3)
    assert [step for step, value in enumerate(highest) if value == low] == [5, 10]
    assert (cloud.adam.state[cloud.unknowns.logit]["exp_avg"] == 0).all()


def test_a_reset_happens_in_training_and_never_raises_an_opacity() -> None:
    splats = make_splats(100)
    faint = replace(splats, opacities=np.where(np.arange(100) < 50, np.float32(0.006), splats.opacities))
    params = replace(FREE, steps=4, max_splats=100, strategy=DefaultStrategy(reset_every=3, refine_start_iter=1000))
    result = optimise(faint, (view_of(checks(), faint),), params, no_progress)
    assert result.opacities.max() < 0.02
    assert result.opacities[:50].max() < 0.0075


def test_wide_splats_are_split_and_others_duplicated() -> None:
    splats, scores = make_splats(100), np.zeros(100)
    scores[[3, 7]] = 1.0
    cloud = Cloud(splats, FREE)
    with torch.no_grad():
        cloud.unknowns.log_scale[7] += 0.3
    with_scores(EVERY, 1000, scores).adapt(1, cloud)
    assert len(cloud) == 102
    origin = cloud.origin.tolist()
    assert origin == [i for i in range(100) if i != 7] + [3, 7, 7]
    u, first = cloud.unknowns, Cloud(splats, FREE).unknowns
    assert torch.equal(u.offset[99], first.offset[3])
    assert torch.allclose(u.log_scale[100:].exp(), first.log_scale[[7]].exp() * np.exp(0.3) / 1.6)
    apart = (u.offset[100] - u.offset[101]).norm()
    assert 0 < apart < 4 * u.log_scale[100].exp().max()


def test_children_keep_the_triangle_and_stay_near_it() -> None:
    splats = make_splats(200)
    cloud = Cloud(splats, FREE)
    with torch.no_grad():
        cloud.unknowns.log_scale += 0.5
    for step in (1, 2):
        with_scores(EVERY, 5000, np.ones(len(cloud))).adapt(step, cloud)
    result, origin = cloud.splats(), cloud.origin.numpy()
    assert len(result) == 800
    assert (result.triangle == splats.triangle[origin]).all()
    assert (result.barycentric == splats.barycentric[origin]).all()
    away = np.linalg.norm(result.offset - splats.offset[origin], axis=1)
    assert (away <= FREE.limits.drift * splats.spacing[origin] * (1 + 1e-5)).all()


def test_the_budget_goes_to_the_highest_gradients() -> None:
    scores = np.random.default_rng(0).permutation(100) + 1.0
    cloud = Cloud(make_splats(100), FREE)
    with_scores(EVERY, 110, scores).adapt(1, cloud)
    assert len(cloud) == 110
    assert sorted(scores[cloud.origin[100:].numpy()]) == list(range(91, 101))


def test_low_gradients_and_full_budgets_add_nothing() -> None:
    for budget, scores in ((1000, np.full(100, 1e-5)), (100, np.ones(100))):
        cloud = Cloud(make_splats(100), FREE)
        with_scores(EVERY, budget, scores).adapt(1, cloud)
        assert cloud.origin.tolist() == list(range(100))


def test_transparent_and_after_a_reset_overgrown_splats_go() -> None:
    strategy = replace(EVERY, reset_every=10, prune_scale3d=1.5)
    for step, left in ((5, 99), (15, 98)):
        cloud = Cloud(make_splats(100), FREE)
        with torch.no_grad():
            cloud.unknowns.logit[4] = -8.0
            cloud.unknowns.log_scale[5] += 0.6
        with_scores(strategy, 100, np.zeros(100)).adapt(step, cloud)
        assert len(cloud) == left
        assert 4 not in cloud.origin.tolist()
        assert (5 in cloud.origin.tolist()) == (step == 5)


def test_adam_starts_anew_for_children_only() -> None:
    cloud = after_a_step(make_splats(100), FREE)
    before = cloud.adam.state[cloud.unknowns.sh0]["exp_avg"]
    with torch.no_grad():
        cloud.unknowns.log_scale[:20] += 0.3
        cloud.unknowns.log_scale[20:] -= 0.1
    scores = np.where(np.arange(100) < 40, 1.0, 0.0)
    with_scores(EVERY, 1000, scores).adapt(1, cloud)
    moment, origin = cloud.adam.state[cloud.unknowns.sh0]["exp_avg"], cloud.origin
    # the 80 old splats that were not split come first
    assert len(cloud) == 140
    assert torch.equal(moment[:80], before[origin[:80]])
    assert (moment[80:] == 0).all()
    assert cloud.adam.param_groups[0]["params"][0] is cloud.unknowns.offset


def test_revised_opacity_lets_as_much_light_through() -> None:
    cloud = Cloud(make_splats(50), FREE)
    with torch.no_grad():
        cloud.unknowns.log_scale += 0.3
    with_scores(replace(EVERY, revised_opacity=True), 1000, np.ones(50)).adapt(1, cloud)
    opacity = torch.sigmoid(cloud.unknowns.logit)
    assert torch.allclose((1 - opacity) ** 2, torch.tensor(1 - 0.8), atol=1e-5)


@pytest.mark.parametrize("absgrad", [False, True])
def test_splats_are_added_where_the_picture_is_fine(absgrad: bool) -> None:
    splats, densifier = plain(make_splats(300)), replace(EVERY, absgrad=absgrad, grow_grad2d=0.0).begin(330, seed=0)
    cloud, view = Cloud(splats, FREE), view_of(checks(), splats)
    image, _, meta = render_view(cloud.unknowns, view.frames, front_camera(), absgrad=absgrad)
    densifier.before_backward(meta)
    target, middle = image.detach().clone(), slice(16, 32)
    target[middle, middle] = checks()[middle, middle]
    (image - target).abs().mean().backward()
    densifier.observe(meta)
    densifier.adapt(1, cloud)
    added = cloud.origin[-30:].numpy()
    means = view.frames.origin.numpy()[added]
    # the fine part covers a ninth of the sheet
    assert (np.abs(means[:, :2]).max(1) < 0.037).mean() > 0.5


def test_a_coarse_start_that_grows_beats_one_that_does_not() -> None:
    splats = plain(make_splats(150))
    view = view_of(checks(), splats)
    rates = LearningRates(8e-3, 4e-3, 2e-2, 8e-2, 6e-2)
    params = replace(FREE, steps=200, max_splats=500, pulls=Pulls(0, 0, 0, 0), rates=rates)
    strategy = DefaultStrategy(refine_start_iter=10, refine_every=20, refine_stop_iter=130, reset_every=0)
    errors, sizes = [], []
    for how in (None, strategy):
        result = optimise(splats, (view,), replace(params, strategy=how), no_progress)
        errors.append(float((shown_result(result) - checks()).square().mean()))
        sizes.append(len(result))
    assert sizes[0] == 150
    assert 150 < sizes[1] <= 500
    assert errors[1] < 0.8 * errors[0]


def shown_result(splats: object) -> torch.Tensor:
    return shown(Cloud(splats, FREE))  # type: ignore[arg-type]


def test_two_runs_are_identical() -> None:
    splats = make_splats(150)
    params = replace(FREE, steps=30, max_splats=250,
                     strategy=DefaultStrategy(refine_start_iter=0, refine_every=5, reset_every=12))  # fmt: skip
    first, second = (optimise(splats, (view_of(checks(), splats),), params, no_progress) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(vars(first).values(), vars(second).values(), strict=True)
               if a is not None)  # fmt: skip
