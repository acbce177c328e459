"""Our maths against gsplat's: its own torch versions on the CPU, its CUDA kernels where there is a GPU."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from torch import Tensor

from headsmith.splats.rasterize import RENDER_MODES, rasterize
from headsmith.splats.rasterize_cpu import Canvas, See
from splats.scenes import Scene, make_scene

torch_impl = pytest.importorskip("gsplat.cuda._torch_impl", reason="gsplat is not installed")
needs_gpu = pytest.mark.skipif(
    not (torch.cuda.is_available() and importlib.util.find_spec("gsplat")), reason="no CUDA GPU with gsplat"
)


def leaves(scene: Scene, dtype: torch.dtype) -> list[Tensor]:
    tensors = (*scene.tensors()[:5], scene.viewmat[None])
    return [t.detach().to(dtype, copy=True).requires_grad_() for t in tensors]


def gsplat_projection(scene: Scene, t: list[Tensor], degree: int, antialiased: bool) -> tuple[Tensor, list[Tensor]]:
    """radii and (means2d, conics, depths, opacities, colors), each with one camera."""
    means, quats, scales, opacities, sh, viewmats = t
    covariances, _ = torch_impl._quat_scale_to_covar_preci(quats, scales, True, False, triu=False)
    radii, means2d, depths, conics, compensations = torch_impl._fully_fused_projection(
        means, covariances, viewmats, scene.K.double()[None], scene.width, scene.height,
        calc_compensations=antialiased,
    )  # fmt: skip
    directions = means - torch.inverse(viewmats)[0, :3, 3]
    colors = (torch_impl._spherical_harmonics(degree, directions, sh) + 0.5).clamp_min(0)[None]
    opacities = opacities[None] * compensations if antialiased else opacities[None]
    return radii, [means2d, conics, depths, opacities, colors]


@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_projection_and_colour_equal_gsplat_torch(degree: int, antialiased: bool) -> None:
    scene = make_scene(400, degree, seed=degree)
    ours, theirs = leaves(scene, torch.float32), leaves(scene, torch.float64)
    canvas = Canvas(scene.width, scene.height, (degree + 1) ** 2, antialiased)
    *results, radii = See.apply(*ours, scene.K[None], canvas)
    their_radii, wanted = gsplat_projection(scene, theirs, degree, antialiased)
    drawn = (radii > 0).all(-1)
    assert drawn.sum() > 250
    # ours end where alpha does, which is never beyond gsplat's 3.33 standard deviations; ties may round either way
    assert (radii <= their_radii + 1)[drawn].all()
    upstream = [torch.randn(r.shape, generator=torch.Generator().manual_seed(k)) for k, r in enumerate(results)]
    for result, want in zip(results, wanted, strict=True):
        assert (result[drawn] - want[drawn]).abs().max() < 1e-5 * want[drawn].abs().max()
    torch.autograd.backward(results, [u * _column(drawn, u) for u in upstream])
    torch.autograd.backward(wanted, [u.double() * _column(drawn, u) for u in upstream])
    for name, a, b in zip(("means", "quats", "scales", "opacities", "sh", "viewmats"), ours, theirs, strict=True):
        assert (a.grad - b.grad).abs().max() < 1e-4 * b.grad.abs().max(), name


def _column(mask: Tensor, like: Tensor) -> Tensor:
    return mask if like.ndim == 2 else mask[..., None]


@needs_gpu
@pytest.mark.parametrize("rasterize_mode", ["classic", "antialiased"])
@pytest.mark.parametrize("render_mode", RENDER_MODES)
def test_cuda_and_cpu_draw_the_same(render_mode: str, rasterize_mode: str) -> None:
    scene = make_scene(2000, 2, seed=9, size_px=(200, 150))
    results = []
    for device in ("cpu", "cuda"):
        t = [x.detach().to(device).requires_grad_() for x in (*scene.tensors()[:5], scene.viewmat[None])]
        images, alphas, meta = rasterize(
            *t[:5], viewmats=t[5], Ks=scene.K[None].to(device), width=scene.width, height=scene.height, sh_degree=2,
            backgrounds=scene.background[None].to(device), render_mode=render_mode, absgrad=True,
            rasterize_mode=rasterize_mode,
        )  # fmt: skip
        meta["means2d"].retain_grad()
        upstream = torch.randn(images.shape, generator=torch.Generator().manual_seed(1)).to(device)
        torch.autograd.backward([images, alphas], [upstream, torch.ones_like(alphas)])
        gradients = [*(x.grad for x in t), meta["means2d"].grad, meta["means2d"].absgrad]
        results.append([x.detach().cpu() for x in (images, alphas, *gradients)])
    (image, alpha, *ours), (cuda_image, cuda_alpha, *theirs) = results
    difference = (image - cuda_image).abs()
    if "D" in render_mode:  # metres, of about 4
        difference[..., -1] /= 4
    assert difference.max() <= 2 / 255
    assert difference.mean() < 0.1 / 255
    assert (alpha - cuda_alpha).abs().max() <= 2 / 255
    for a, b in zip(ours, theirs, strict=True):
        assert (a - b).norm() < 0.01 * b.norm()
