"""One call to turn splats into images, with gsplat's names: gsplat on CUDA, our kernels everywhere else."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from headsmith.splats import rasterize_cuda
from headsmith.splats.rasterize_cpu import rasterize_one

RasterizeMode = Literal["classic", "antialiased"]


def rasterize(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmats: Tensor, Ks: Tensor,
    width: int, height: int, sh_degree: int = 0, backgrounds: Tensor | None = None,
    rasterize_mode: RasterizeMode = "classic",
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Render splats: image [H, W, 3], alpha [H, W, 1], meta; with a leading camera axis where `viewmats` has one.

    Args:
        means: [N, 3] metres.
        quats: [N, 4] wxyz, any length.
        scales: [N, 3] standard deviations, metres.
        opacities: [N] 0..1.
        colors: [N, K, 3] spherical-harmonics coefficients, K >= (sh_degree + 1)^2.
        viewmats: [4, 4] or [C, 4, 4] world to camera, OpenCV axes (`Camera.T_camera_world`).
        Ks: [3, 3] or [C, 3, 3] intrinsics; pixel centres are at +0.5.
        sh_degree: 0..3.
        backgrounds: [3] or [C, 3] colour behind the splats; black where None.
        rasterize_mode: "antialiased" dims splats smaller than a pixel, as gsplat does.

    Differentiable in every tensor but `Ks`; splats that are not finite or not in front of the camera are not drawn and
    have zero gradients. On the CPU everything is float32 and bitwise the same for any number of threads.
    """
    single = viewmats.ndim == 2
    if single:
        viewmats, Ks = viewmats[None], Ks[None]
        backgrounds = None if backgrounds is None else backgrounds[None]
    if means.is_cuda and rasterize_cuda.is_available():
        images, alphas, meta = rasterize_cuda.rasterize_gsplat(
            means, quats, scales, opacities, colors, viewmats=viewmats, Ks=Ks, width=width, height=height,
            sh_degree=sh_degree, backgrounds=backgrounds, rasterize_mode=rasterize_mode,
        )  # fmt: skip
    else:
        device = means.device
        splats = [t.cpu() for t in (means, quats, scales, opacities, colors)]
        per_camera = [
            rasterize_one(
                *splats, viewmat=viewmats[c].cpu(), K=Ks[c].cpu(), width=width, height=height, sh_degree=sh_degree,
                background=None if backgrounds is None else backgrounds[c].cpu(),
                antialiased=rasterize_mode == "antialiased",
            )
            for c in range(len(viewmats))
        ]  # fmt: skip
        images = torch.stack([result[0] for result in per_camera]).to(device)
        alphas = torch.stack([result[1] for result in per_camera]).to(device)
        meta = {key: torch.stack([result[2][key] for result in per_camera]) for key in per_camera[0][2]}
        meta |= {"width": width, "height": height}
    return (images[0], alphas[0], meta) if single else (images, alphas, meta)
