"""Depth, several cameras, plain colours and what training strategies read, against the dense twin in float64."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor

from headsmith.splats.rasterize import RENDER_MODES, announce_move, rasterize
from headsmith.splats.reference import rasterize_dense
from splats.scenes import Scene, make_scene

NAMES = ("means", "quats", "scales", "opacities", "colors", "viewmats", "backgrounds")
CAMERAS = 3


def cameras(scene: Scene) -> tuple[Tensor, Tensor, Tensor]:
    """viewmats [C, 4, 4] and Ks [C, 3, 3] around the scene's own, and backgrounds [C, 3]."""
    shifts = torch.tensor([[0.0, 0, 0], [0.3, -0.2, 0.1], [-0.2, 0.1, 0.4]])
    viewmats, Ks = scene.viewmat.repeat(CAMERAS, 1, 1), scene.K.repeat(CAMERAS, 1, 1)
    viewmats[:, :3, 3] += shifts
    Ks[1, 0, 0] *= 0.8
    return viewmats, Ks, torch.rand(CAMERAS, 3, generator=torch.Generator().manual_seed(1))


def leaves(scene: Scene, dtype: torch.dtype) -> list[Tensor]:
    viewmats, _, backgrounds = cameras(scene)
    tensors = (*scene.tensors()[:5], viewmats, backgrounds)
    return [t.detach().to(dtype, copy=True).requires_grad_() for t in tensors]


def weights(shape: torch.Size, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_gradients(ours: list[Tensor], twins: list[Tensor]) -> None:
    for name, a, b in zip(NAMES, ours, twins, strict=True):
        if b.grad is None:
            assert a.grad is None or not a.grad.any(), name
            continue
        wanted = b.grad
        assert (a.grad - wanted).abs().max() <= 1e-4 * wanted.abs().max(), name


@pytest.mark.parametrize("rasterize_mode", ["classic", "antialiased"])
@pytest.mark.parametrize("render_mode", RENDER_MODES)
def test_every_mode_and_three_cameras(render_mode: str, rasterize_mode: str) -> None:
    scene = make_scene(300, 1, seed=7)
    ours, twins = leaves(scene, torch.float32), leaves(scene, torch.float64)
    Ks, size = cameras(scene)[1], {"width": scene.width, "height": scene.height, "sh_degree": 1}
    images, alphas, meta = rasterize(
        *ours[:5], viewmats=ours[5], Ks=Ks, backgrounds=ours[6], render_mode=render_mode, absgrad=True,
        rasterize_mode=rasterize_mode, **size,
    )  # fmt: skip
    meta["means2d"].retain_grad()
    dense = [
        rasterize_dense(
            *twins[:5], viewmat=twins[5][c], K=Ks[c].double(), background=twins[6][c], render_mode=render_mode,
            antialiased=rasterize_mode == "antialiased", **size,
        )
        for c in range(CAMERAS)
    ]  # fmt: skip
    for result in dense:
        result[2].retain_grad()
    wanted, wanted_alpha = torch.stack([d[0] for d in dense]), torch.stack([d[1] for d in dense])
    assert images.shape == wanted.shape
    # depths are about 4 m
    assert (images - wanted).abs().max() < 5e-5
    assert (alphas - wanted_alpha).abs().max() < 5e-6
    up, up_alpha = weights(images.shape, 0), weights(alphas.shape, 1)
    torch.autograd.backward([images, alphas], [up, up_alpha])
    torch.autograd.backward([wanted, wanted_alpha], [up.double(), up_alpha.double()])
    check_gradients(ours, twins)
    pixel_pull = torch.stack([d[2].grad for d in dense])
    drawn = (meta["radii"] > 0).all(-1)
    assert (meta["means2d"].grad[drawn] - pixel_pull[drawn]).abs().max() < 1e-4 * pixel_pull.abs().max()


def test_absolute_gradients_are_the_sum_over_pixels() -> None:
    """Each pixel's gradient alone from the twin, absolute, then summed."""
    scene = make_scene(20, 0, seed=4, size_px=(18, 20))
    size = {"width": 18, "height": 20, "sh_degree": 0}
    ours = [t.clone().requires_grad_() for t in scene.tensors()[:5]]
    image, _, meta = rasterize(*ours, viewmats=scene.viewmat, Ks=scene.K, absgrad=True, **size)
    up = weights(image.shape, 3)
    image.backward(up)
    twins = [t.double().requires_grad_() for t in scene.tensors()[:5]]
    wanted, _, means2d = rasterize_dense(*twins, viewmat=scene.viewmat.double(), K=scene.K.double(), **size)
    pixels = (wanted * up.double()).sum(-1).flatten()
    total = sum(torch.autograd.grad(pixel, means2d, retain_graph=True)[0].abs() for pixel in pixels)
    drawn = (meta["radii"][0] > 0).all(-1)
    assert (meta["means2d"].absgrad[0] - total)[drawn].abs().max() < 1e-4 * total.abs().max()


@pytest.mark.parametrize("per_camera", [False, True])
def test_plain_colours(per_camera: bool) -> None:
    scene = make_scene(200, 0, seed=5)
    viewmats, Ks, _ = cameras(scene)
    shape = (CAMERAS, 200, 3) if per_camera else (200, 3)
    colors = torch.rand(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    splats = scene.tensors()[:4]
    size = {"width": scene.width, "height": scene.height}
    images, _, _ = rasterize(*splats, colors, viewmats=viewmats, Ks=Ks, **size)
    up = weights(images.shape, 6)
    images.backward(up)
    twin = colors.detach().double().requires_grad_()
    dense = [
        rasterize_dense(
            *(t.double() for t in splats), twin[c] if per_camera else twin, viewmat=viewmats[c].double(),
            K=Ks[c].double(), **size,
        )[0]
        for c in range(CAMERAS)
    ]  # fmt: skip
    torch.stack(dense).backward(up.double())
    assert (images - torch.stack(dense)).abs().max() < 5e-6
    assert (colors.grad - twin.grad).abs().max() < 1e-5 * twin.grad.abs().max()


def test_meta_has_what_strategies_read() -> None:
    scene = make_scene(50)
    viewmats, Ks, _ = cameras(scene)
    _, _, meta = rasterize(
        *scene.tensors()[:5], viewmats=viewmats, Ks=Ks, width=scene.width, height=scene.height, sh_degree=0
    )
    shapes = {"means2d": (3, 50, 2), "conics": (3, 50, 3), "depths": (3, 50), "opacities": (3, 50),
              "radii": (3, 50, 2), "tiles_per_gauss": (3, 50)}  # fmt: skip
    assert {name: tuple(meta[name].shape) for name in shapes} == shapes
    assert meta["radii"].dtype == torch.int32
    assert meta["gaussian_ids"] is None
    assert (meta["width"], meta["height"], meta["tile_size"], meta["n_cameras"]) == (70, 53, 16, 3)
    culled = (meta["radii"] == 0).any(-1)
    assert culled.any()
    assert not meta["means2d"][culled].any()


def test_shapes_that_do_not_fit_are_refused() -> None:
    scene = make_scene(10)
    view = {"viewmats": scene.viewmat, "Ks": scene.K, "width": 8, "height": 8}
    means, quats, scales, opacities, sh = scene.tensors()[:5]
    for splats, options in (
        ((means[:3], quats, scales, opacities, sh), {"sh_degree": 0}),
        ((means, quats, scales, opacities, sh), {"sh_degree": 1}),
        ((means, quats, scales, opacities, sh), {"sh_degree": 4}),
        ((means, quats, scales, opacities, sh), {}),
        ((means, quats, scales, opacities, sh[:, 0]), {"render_mode": "depth"}),
    ):
        with pytest.raises(ValueError, match=r"shape|sh_degree|mode"):
            rasterize(*splats, **view, **options)


def test_a_move_to_the_cpu_is_announced_once() -> None:
    announce_move.cache_clear()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        announce_move("mps")
        announce_move("mps")
    assert len(heard) == 1
    assert "'mps'" in str(heard[0].message)
