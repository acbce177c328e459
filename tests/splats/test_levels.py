"""Levels of detail: exactly so many splats, still bound, no holes, and more alike than the same splats unfitted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation

from headsmith.asset import Avatar, BoundSplats, posed_splats
from headsmith.asset.cameras import orbit_camera
from headsmith.asset.check import avatar_problems, rest_problems
from headsmith.splats import LevelReport, rasterize, simplify
from headsmith.splats.contribution import contribution
from headsmith.splats.levels import LevelParams
from headsmith.splats.likeness import compare
from headsmith.splats.render import render_splats
from headsmith.splats.thinning import inherit, survivors, walk
from headsmith.splats.viewpoints import viewpoints
from synthetic import make_avatar

FAST = LevelParams(steps=60, view_px=96)


@cache
def head(sh_bands: int) -> Avatar:
    """A closed head: many wide splats in smooth colours."""
    avatar = make_avatar(splats=5000)
    rest, binding = avatar.splats.splats, avatar.splats.binding
    wide = np.float32(2.0)
    sh0 = np.sin(rest.means * 60)[:, None].astype(np.float32)
    shN = np.random.default_rng(0).normal(0, 0.02, (len(rest), sh_bands, 3)).astype(np.float32)
    splats = replace(rest, scales=rest.scales * wide, opacities=np.full_like(rest.opacities, 0.9), sh0=sh0, shN=shN)
    return replace(avatar, splats=BoundSplats(splats, replace(binding, log_scale=binding.log_scale + np.log(wide))))


@cache
def level(sh_bands: int) -> tuple[Avatar, LevelReport]:
    return simplify(head(sh_bands), 1500, params=FAST)


def alpha_of(avatar: Avatar, yaw_deg: float) -> np.ndarray:
    return render_splats(avatar.splats.splats, orbit_camera(head(0), yaw_deg, size_px=128))[1]


def test_the_level_is_a_sound_avatar_of_exactly_so_many_splats() -> None:
    avatar, report = level(0)
    assert len(avatar.splats.splats) == len(avatar.splats.binding.triangle) == 1500
    assert (report.asked, report.splats, report.full) == (1500, 1500, 5000)
    assert not list(avatar_problems(avatar))
    assert not list(rest_problems(avatar))
    assert avatar.head is head(0).head
    views = report.as_dict()["views"]
    assert set(views) == {"front", "left", "right", "behind", "expression"}


@pytest.mark.parametrize("yaw_deg", [0, 45, -90, 180])
def test_no_holes_open(yaw_deg: float) -> None:
    full, few = alpha_of(head(0), yaw_deg), alpha_of(level(0)[0], yaw_deg)
    solid = full > 0.98
    assert solid.mean() > 0.1
    assert (few[solid] < 0.9).mean() < 0.01
    # what grew may soften the outline, but not leave it
    beyond = ~binary_dilation(full > 0.01, iterations=8)
    assert few[beyond].mean() < 0.03


def test_refitting_makes_it_more_alike() -> None:
    unfitted = simplify(head(0), 1500, params=replace(FAST, steps=0))[0]
    before, after = compare(head(0), unfitted, 96), compare(head(0), level(0)[0], 96)
    for view, like in after.items():
        assert like.psnr_db > before[view].psnr_db + 1, view
    assert after["front"].psnr_db > 20


def test_the_same_level_every_time() -> None:
    again, _ = simplify(head(0), 1500, params=FAST)
    for name in ("means", "quats", "scales", "opacities", "sh0"):
        assert getattr(again.splats.splats, name).tobytes() == getattr(level(0)[0].splats.splats, name).tobytes()


def test_colours_that_depend_on_direction_stay() -> None:
    avatar, _ = level(3)
    shN = avatar.splats.splats.shN
    assert shN.shape == (1500, 3, 3)
    assert np.abs(shN).max() > 0.01
    assert np.isfinite(posed_splats(avatar, avatar.capture_pose).shN).all()


def test_more_than_there_are_is_all_of_them() -> None:
    avatar, report = simplify(head(0), 5000)
    assert avatar is head(0)
    assert report.splats == 5000
    assert report.as_dict()["views"]["front"] == {"psnr_db": None, "ssim": 1.0}


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    simplify(make_avatar(splats=300), 100, seen.append, LevelParams(steps=5, view_px=48))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(ValueError, match="at least one"):
        simplify(head(0), 0)


def test_expressions_that_a_head_lacks_are_left_out() -> None:
    avatar = head(0)
    names = tuple(f"shape{i}" for i in range(52))
    other = replace(avatar, blendshapes=replace(avatar.blendshapes, names=names))
    assert len(viewpoints(other, 32)) == sum(not view.expressive for view in viewpoints(avatar, 32))


def test_pictures_are_the_sum_of_colours_times_contributions() -> None:
    avatar = make_avatar(splats=500)
    splats, camera = avatar.splats.splats, orbit_camera(avatar, 20, size_px=64)
    shares = contribution(splats, camera).astype(np.float64)
    colors = np.random.default_rng(0).uniform(0, 1, (500, 3)).astype(np.float32)
    image, alpha, _ = rasterize(
        *map(torch.from_numpy, (splats.means, splats.quats, splats.scales, splats.opacities, colors)),
        viewmats=torch.from_numpy(camera.T_camera_world), Ks=torch.from_numpy(camera.K), width=64, height=64,
    )  # fmt: skip
    np.testing.assert_allclose(image.double().sum((0, 1)), shares @ colors, rtol=1e-5)
    assert shares.sum() == pytest.approx(float(alpha.double().sum()), rel=1e-5)
    assert shares.min() >= 0


def test_survivors_are_spread_by_worth() -> None:
    random = np.random.default_rng(0)
    means = random.uniform(0, 1, (4000, 3)).astype(np.float32)
    worths = np.where(means[:, 0] < 0.5, 3.0, 1.0).astype(np.float32)
    order = walk(means, np.zeros(4000, np.int32))
    assert sorted(order) == list(range(4000))
    steps = np.linalg.norm(np.diff(means[order], axis=0), axis=1)
    assert np.median(steps) < 0.15
    for count in (1, 100, 1000, 3999, 4000):
        kept = survivors(worths, order, count)
        assert len(np.unique(kept)) == count
    kept = survivors(worths, order, 1000)
    left = (means[kept, 0] < 0.5).mean()
    assert 0.7 < left < 0.8


def test_heirs_are_of_the_same_group() -> None:
    random = np.random.default_rng(1)
    means = random.uniform(0, 1, (500, 3)).astype(np.float32)
    groups = random.integers(0, 3, 500)
    kept = np.sort(random.choice(np.flatnonzero(groups < 2), 50, replace=False))
    heritage = inherit(means, groups, np.ones(500, np.float32), kept)
    assert (heritage.heir[kept] == np.arange(50)).all()
    of_kept_groups = groups < 2
    assert (groups[kept][heritage.heir[of_kept_groups]] == groups[of_kept_groups]).all()
    assert heritage.mixed(np.ones((500, 2, 3), np.float32)).shape == (50, 2, 3)
    np.testing.assert_allclose(heritage.mixed(np.ones((500, 1))), 1)
