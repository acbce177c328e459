"""Small clouds of splats in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scene:
    means: Tensor
    quats: Tensor
    scales: Tensor
    opacities: Tensor
    sh: Tensor
    viewmat: Tensor
    K: Tensor
    background: Tensor
    width: int
    height: int
    sh_degree: int

    def tensors(self) -> tuple[Tensor, ...]:
        """All that has gradients."""
        return (self.means, self.quats, self.scales, self.opacities, self.sh, self.viewmat, self.background)


def make_scene(count: int, sh_degree: int = 0, seed: int = 0, size_px: tuple[int, int] = (70, 53)) -> Scene:
    """Splats in a ball of 1 m, 4 m before a turned camera whose frustum is a little narrower than the ball."""
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    width, height = size_px
    turn = torch.linalg.qr(normal(3, 3))[0]
    viewmat = torch.eye(4)
    viewmat[:3, :3] = turn * torch.sign(torch.linalg.det(turn))
    viewmat[2, 3] = 4.0
    focal = 2.2 * width
    return Scene(
        means=0.5 * normal(count, 3),
        quats=normal(count, 4),
        scales=0.02 + 0.1 * torch.rand(count, 3, generator=g),
        opacities=0.05 + 0.95 * torch.rand(count, generator=g),
        sh=torch.cat([normal(count, 1, 3), 0.2 * normal(count, (sh_degree + 1) ** 2 - 1, 3)], 1),
        viewmat=viewmat,
        K=torch.tensor([[focal, 0, width / 2 + 3], [0, 1.1 * focal, height / 2 - 2], [0, 0, 1]]),
        background=torch.rand(3, generator=g),
        width=width,
        height=height,
        sh_degree=sh_degree,
    )
