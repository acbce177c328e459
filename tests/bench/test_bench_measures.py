"""What the benchmark measures: the scenes' numbers, the count of blends, the references' pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headsmith.bench.blends import ALPHA_MAX, ALPHA_MIN, TRANSMITTANCE_MIN, by_depth, count_blends, list_blends
from headsmith.bench.dense_torch import render_dense_tiles
from headsmith.bench.driving import bound_avatar, random_poses
from headsmith.bench.floor import floor_ms, multiply_adds_per_s
from headsmith.bench.gsplat_torch import accumulate_along_rays, render_weight_from_alpha
from headsmith.bench.machine import cpu_model
from headsmith.bench.params import DrivingParams
from headsmith.bench.references import largest_difference
from headsmith.bench.run import blends_of
from headsmith.bench.scene import COVERAGE, ellipsoid_area_m2, make_scene
from headsmith.bench.timing import least_ms
from headsmith.bench.training import render_ours, unknowns_of
from headsmith.splats import compositing
from headsmith.splats.reference import project

# of the scene that all published figures are of
FIRST_MEAN = (-0.5706396, -0.6871548, -0.1344785)
LAST_QUAT = (-0.0184037, 1.4903563, -1.2080574, -2.2044041)
MIDDLE_SH = -1.722841
MEAN_OPACITY = 0.6082895
FOCAL_PX = 1926.333


def test_scene_numbers_stay() -> None:
    scene = make_scene("brief", 1000)
    assert scene.means[0].tolist() == pytest.approx(FIRST_MEAN, abs=1e-6)
    assert scene.quats[-1].tolist() == pytest.approx(LAST_QUAT, abs=1e-6)
    assert scene.sh[500].sum().item() == pytest.approx(MIDDLE_SH, abs=1e-5)
    assert scene.opacities.mean().item() == pytest.approx(MEAN_OPACITY, abs=1e-6)
    assert scene.K[0, 0].item() == pytest.approx(FOCAL_PX, abs=1e-2)
    assert scene.scales.max(1).values.mean().item() == pytest.approx(0.0149, abs=1e-4)
    assert ellipsoid_area_m2() == pytest.approx(10.56, abs=0.05)


def test_scenes_differ_in_size_only() -> None:
    brief, fit = make_scene("brief", 5000), make_scene("fit", 5000)
    assert torch.equal(brief.means, fit.means)
    assert torch.equal(brief.sh, fit.sh)
    few, many = (make_scene("fit", count).scales.mean() for count in (1000, 4000))
    assert float(few / many) == pytest.approx(2, rel=0.03)


def test_head_fills_its_share_of_the_picture() -> None:
    scene = make_scene("brief", 20_000, 96)
    with torch.no_grad():
        image = render_ours(unknowns_of(scene), scene)
    assert image.shape == (96, 96, 3)
    assert torch.equal(image[0, 0], torch.ones(3))
    assert COVERAGE < float((image < 0.75).any(-1).float().mean()) < COVERAGE + 0.08


def dense_blends(scene) -> torch.Tensor:
    """[H, W] blends counted by the book: every splat at every pixel."""
    size = scene.size_px
    means2d, conics, depths, _ = project(scene.means, scene.quats, scene.scales, scene.viewmat, scene.K, (size, size))
    order = depths.argsort()
    means2d, conics, opacities = means2d[order].double(), conics[order].double(), scene.opacities[order].double()
    centres = torch.arange(size, dtype=torch.float64) + 0.5
    dx = centres[None, :, None] - means2d[:, 0]
    dy = centres[:, None, None] - means2d[:, 1]
    sigma = 0.5 * (conics[:, 0] * dx * dx + conics[:, 2] * dy * dy) + conics[:, 1] * dx * dy
    alpha = (opacities * torch.exp(-sigma)).clamp_max(ALPHA_MAX)
    alpha[alpha < ALPHA_MIN] = 0
    open_ = torch.cumprod(1 - alpha, -1) > TRANSMITTANCE_MIN
    return ((alpha > 0) & open_).sum(-1)


@pytest.mark.parametrize("kind", ["brief", "fit"])
def test_blends_are_all_counted(kind: str) -> None:
    scene = make_scene(kind, 800, 40)
    expected = dense_blends(scene)
    assert abs(blends_of(scene) - int(expected.sum())) <= 2


def test_blends_are_listed_nearest_first() -> None:
    scene = make_scene("brief", 500, 32)
    means2d, conics, depths, _ = (
        t.numpy() for t in project(scene.means, scene.quats, scene.scales, scene.viewmat, scene.K, (32, 32))
    )
    splats = by_depth(means2d, conics, scene.opacities.numpy(), depths)
    ids, pixels = list_blends(splats, 32, 32)
    assert np.array_equal(np.bincount(pixels, minlength=32 * 32), count_blends(splats, 32, 32).ravel())
    assert (np.diff(pixels) >= 0).all()
    same = np.diff(pixels) == 0
    assert (np.diff(depths[ids])[same] >= 0).all()


def test_nothing_to_blend() -> None:
    empty = by_depth(*(np.zeros(shape, np.float32) for shape in ((0, 2), (0, 3), (0,), (0,))))
    assert count_blends(empty, 8, 8).sum() == 0
    assert len(list_blends(empty, 8, 8)[0]) == 0


def test_blend_limits_are_the_rasteriser_s() -> None:
    assert (ALPHA_MIN, ALPHA_MAX, TRANSMITTANCE_MIN) == (
        compositing.ALPHA_MIN, compositing.ALPHA_MAX, compositing.TRANSMITTANCE_MIN,
    )  # fmt: skip


def test_dense_tiles_draw_the_same_picture() -> None:
    assert largest_difference(render_dense_tiles, make_scene("fit", 400, 40)) < 1e-4


def test_gsplat_draws_the_same_picture() -> None:
    pytest.importorskip("gsplat", reason="gsplat is not installed")
    from headsmith.bench.gsplat_torch import render_gsplat_torch

    assert largest_difference(render_gsplat_torch, make_scene("fit", 400, 40)) < 1e-4


def test_sums_along_rays() -> None:
    alphas, rays = torch.tensor([0.5, 0.5, 0.2, 0.9]), torch.tensor([0, 0, 2, 2])
    weights, before = render_weight_from_alpha(alphas, rays, 4)
    assert before.tolist() == pytest.approx([1, 0.5, 1, 0.8])
    assert accumulate_along_rays(weights, None, rays, 4)[:, 0].tolist() == pytest.approx([0.75, 0, 0.92, 0])
    colors = torch.tensor([[1.0, 0], [0, 1], [2, 2], [0, 0]])
    assert accumulate_along_rays(weights, colors, rays, 3)[2].tolist() == pytest.approx([0.4, 0.4])


def test_driven_head_has_what_was_asked_for() -> None:
    avatar = bound_avatar(300, 1, seed=0)
    assert len(avatar.splats.splats) == 300
    assert avatar.splats.splats.shN.shape == (300, 3, 3)
    poses = random_poses(avatar, DrivingParams(poses=2))
    assert all((pose.weights > 0).all() and (pose.joint_rotations != 0).all() for pose in poses)
    assert not np.array_equal(poses[0].weights, poses[1].weights)


def test_floor_is_blends_times_operations_by_rate() -> None:
    assert floor_ms(1_000_000, 2e9, 10) == 5.0
    assert multiply_adds_per_s(rounds=50) > 1e8


def test_works_take_turns() -> None:
    calls: list[str] = []
    least_ms({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert "".join(calls) == "aabb" + "abab"


def test_processor_has_a_name(tmp_path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A Fine Processor\n")
    assert cpu_model(cpuinfo) == "A Fine Processor"
    assert cpu_model(tmp_path / "missing")
