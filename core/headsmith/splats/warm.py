"""Compiles the kernels once, so that the first build need not: `python -m headsmith.splats.warm`."""

from __future__ import annotations

import torch

from headsmith.splats.binding_kernel import Deform
from headsmith.splats.binding_torch import SplatFrames
from headsmith.splats.kernel_ssim import weighted_ssim
from headsmith.splats.rasterize import rasterize

SIZE_PX = 32


def warm() -> None:
    """One tiny training step; what it compiles lies in numba's cache afterwards."""
    n = 16
    generator = torch.Generator().manual_seed(0)
    unit = torch.tensor([1.0, 0, 0, 0]).repeat(n, 1)
    frames = SplatFrames(torch.zeros(n, 3), torch.eye(3).repeat(n, 1, 1), unit, torch.ones(n, 1))
    local = [(0.1 * torch.randn(n, k, generator=generator)).requires_grad_() for k in (3, 4)]
    means, quats, scales = Deform.apply(*local, torch.full((n, 3), -3.0, requires_grad=True), frames)
    sh = torch.zeros(n, 1, 3, requires_grad=True)
    view = torch.eye(4)
    view[2, 3] = 1.0
    K = torch.tensor([[SIZE_PX, 0, SIZE_PX / 2], [0, SIZE_PX, SIZE_PX / 2], [0, 0, 1.0]])
    image, alpha, _ = rasterize(
        means, quats, scales, torch.full((n,), 0.7), sh, viewmats=view, Ks=K, width=SIZE_PX,
        height=SIZE_PX, sh_degree=0)  # fmt: skip
    weight = torch.full((SIZE_PX, SIZE_PX), SIZE_PX**-2.0)
    (weighted_ssim(image, torch.zeros_like(image), weight) + alpha.mean()).backward()


if __name__ == "__main__":
    warm()
