"""Compiles the kernels once, so that the first build need not: `python -m headsmith.splats.warm`."""

from __future__ import annotations

import torch
from torch import Tensor

from headsmith.splats.binding_kernel import Deform
from headsmith.splats.binding_torch import SplatFrames
from headsmith.splats.kernel_ssim import weighted_ssim
from headsmith.splats.rasterize import rasterize

SIZE_PX = 32
SH_DEGREES = (0, 1, None)
"""of photo builds, of `headsmith bench`, and plain colours, by which splats are chosen for an export"""


def warm() -> None:
    """A tiny training step for each kind of colour; what it compiles lies in numba's cache afterwards."""
    n = 16
    generator = torch.Generator().manual_seed(0)
    unit = torch.tensor([1.0, 0, 0, 0]).repeat(n, 1)
    frames = SplatFrames(torch.zeros(n, 3), torch.eye(3).repeat(n, 1, 1), unit, torch.ones(n, 1))
    local = [(0.1 * torch.randn(n, k, generator=generator)).requires_grad_() for k in (3, 4)]
    splats = Deform.apply(*local, torch.full((n, 3), -3.0, requires_grad=True), frames)
    loss = torch.stack([_loss(splats, sh_degree) for sh_degree in SH_DEGREES]).sum()
    loss.backward()


def _loss(splats: tuple[Tensor, ...], sh_degree: int | None) -> Tensor:
    means, quats, scales = splats
    n, view = len(means), torch.eye(4)
    view[2, 3] = 1.0
    K = torch.tensor([[SIZE_PX, 0, SIZE_PX / 2], [0, SIZE_PX, SIZE_PX / 2], [0, 0, 1.0]])
    colors = torch.zeros(n, 3) if sh_degree is None else torch.zeros(n, (sh_degree + 1) ** 2, 3)
    image, alpha, _ = rasterize(
        means, quats, scales, torch.full((n,), 0.7), colors.requires_grad_(), viewmats=view, Ks=K, width=SIZE_PX,
        height=SIZE_PX, sh_degree=sh_degree)  # fmt: skip
    weight = torch.full((SIZE_PX, SIZE_PX), SIZE_PX**-2.0)
    return weighted_ssim(image, torch.zeros_like(image), weight) + alpha.mean()


if __name__ == "__main__":
    warm()
