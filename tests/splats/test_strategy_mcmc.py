"""Relocation and growth leave the image as it was, and all else in order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.splats.cloud import Cloud
from headsmith.splats.params import Limits, SplatParams
from headsmith.splats.strategy_mcmc import MCMCStrategy, relocation, shared_out
from splats.clouds import after_a_step, make_splats, shown

FREE = SplatParams(limits=Limits(min_opacity=0.0, min_hair_opacity=0.0, shrinkage=1e-3))
EVERY = MCMCStrategy(refine_start_iter=0, refine_every=1, noise_lr=0.0)


def psnr_db(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * (a - b).square().mean().log10())


@pytest.mark.parametrize("copies", [1, 2, 3, 8])
@pytest.mark.parametrize("opacity", [0.1, 0.5, 0.9])
def test_copies_look_like_the_one_they_replace(opacity: float, copies: int) -> None:
    new, factor = relocation(torch.tensor([opacity]), torch.tensor([copies]))
    # along a line through the middle of all of them
    x = np.linspace(-12, 12, 4001)
    alone = opacity * np.exp(-(x**2) / 2)
    together = 1 - (1 - float(new) * np.exp(-(x**2) / 2 / float(factor) ** 2)) ** copies
    assert together[2000] == pytest.approx(opacity, abs=1e-5)
    assert together.sum() == pytest.approx(alone.sum(), rel=1e-4)
    assert np.abs(together - alone).max() < 0.12


def test_one_copy_changes_nothing() -> None:
    new, factor = relocation(torch.tensor([0.3, 0.99]), torch.tensor([1, 1]))
    assert torch.allclose(new, torch.tensor([0.3, 0.99]))
    assert torch.allclose(factor, torch.ones(2))


def test_relocation_keeps_the_image() -> None:
    splats = make_splats(300)
    dead = np.arange(300) % 4 == 0
    cloud = Cloud(replace(splats, opacities=np.where(dead, np.float32(0.002), splats.opacities)), FREE)
    before = shown(cloud)
    assert EVERY.begin(300, seed=0).adapt(1, cloud)
    assert len(cloud) == 300
    assert float(torch.sigmoid(cloud.unknowns.logit.detach()).min()) > 0.005
    kept = psnr_db(shown(cloud), before)
    assert kept > 28

    # copies as opaque and wide as their parents would not do
    naive = Cloud(replace(splats, opacities=np.where(dead, np.float32(0.002), splats.opacities)), FREE)
    rows = cloud.origin
    change = shared_out(naive, rows, 0.005)
    naive.adapt(replace(change, values={}))
    assert psnr_db(shown(naive), before) < kept - 6


def test_every_dead_splat_moves_to_a_living_ones_triangle() -> None:
    splats = make_splats(300)
    dead = np.arange(300) % 4 == 0
    cloud = Cloud(replace(splats, opacities=np.where(dead, np.float32(0.002), splats.opacities)), FREE)
    EVERY.begin(300, seed=0).adapt(1, cloud)
    origin = cloud.origin.numpy()
    assert not dead[origin].any()
    assert (origin[~dead] == np.nonzero(~dead)[0]).all()
    result = cloud.splats()
    assert (result.triangle == splats.triangle[origin]).all()
    assert (
        np.linalg.norm(result.offset - splats.offset[origin], axis=1).max() <= FREE.limits.drift * splats.spacing.max()
    )


def test_opaque_splats_are_drawn_more_often() -> None:
    splats = make_splats(400)
    bright = np.arange(400) < 200
    cloud = Cloud(replace(splats, opacities=np.where(bright, np.float32(0.9), np.float32(0.1))), FREE)
    EVERY.begin(10_000, seed=0).adapt(1, cloud)
    grown = cloud.origin[400:].numpy()
    assert len(grown) == 20
    assert (grown < 200).sum() >= 15


def test_growth_stops_at_the_budget_and_keeps_the_image() -> None:
    cloud = Cloud(make_splats(300), FREE)
    before, sampler = shown(cloud), EVERY.begin(330, seed=0)
    sizes = []
    for step in range(1, 5):
        sampler.adapt(step, cloud)
        sizes.append(len(cloud))
    assert sizes == [315, 330, 330, 330]
    assert psnr_db(shown(cloud), before) > 28
    tight = Cloud(make_splats(300), FREE)
    replace(EVERY, cap_max=310).begin(330, seed=0).adapt(1, tight)
    assert len(tight) == 310


def test_adam_forgets_the_shared_and_remembers_the_others() -> None:
    cloud = after_a_step(make_splats(300), FREE)
    before = {name: cloud.adam.state[getattr(cloud.unknowns, name)]["exp_avg"] for name in ("offset", "sh0")}
    EVERY.begin(10_000, seed=0).adapt(1, cloud)
    shared = torch.bincount(cloud.origin, minlength=300)[cloud.origin] > 1
    assert shared[300:].all()
    for name, old in before.items():
        state = cloud.adam.state[getattr(cloud.unknowns, name)]
        assert (state["exp_avg"][shared] == 0).all()
        assert (state["exp_avg_sq"][shared] == 0).all()
        assert torch.equal(state["exp_avg"][~shared], old[cloud.origin[~shared]])
        assert float(old.abs().max()) > 0


def test_noise_moves_faint_splats_within_their_planes_and_leaves_opaque_ones() -> None:
    splats = make_splats(300)
    faint = np.arange(300) < 150
    cloud = Cloud(replace(splats, opacities=np.where(faint, np.float32(0.002), np.float32(0.9))), FREE)
    MCMCStrategy(refine_start_iter=1000).begin(300, seed=0).adapt(1, cloud)
    moved = (cloud.unknowns.offset.detach().numpy() - splats.offset) / np.exp(splats.log_scales)
    assert np.abs(moved[~faint]).max() < 1e-6
    assert 0.03 < np.abs(moved[faint, :2]).mean() < 5
    # the covariance squeezes the noise across the plane
    ratio = np.abs(moved[faint, 2]).mean() / np.abs(moved[faint, :2]).mean()
    assert ratio == pytest.approx(1 / 6, rel=0.3)


def test_the_same_seed_gives_the_same_cloud() -> None:
    def grown(seed: int) -> Cloud:
        cloud = Cloud(make_splats(300), FREE)
        sampler = replace(EVERY, noise_lr=800.0).begin(500, seed)
        for step in range(1, 4):
            sampler.adapt(step, cloud)
        return cloud

    first, second, other = grown(0), grown(0), grown(1)
    assert torch.equal(first.unknowns.offset, second.unknowns.offset)
    assert torch.equal(first.origin, second.origin)
    assert not torch.equal(first.origin, other.origin)
