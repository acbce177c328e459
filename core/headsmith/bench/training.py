"""The three things that are timed: an image, an image with its gradients, and a whole training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from headsmith.bench.scene import SH_DEGREE, Scene
from headsmith.bench.timing import Work
from headsmith.splats.kernel_ssim import weighted_ssim
from headsmith.splats.rasterize import rasterize

SSIM_SHARE = 0.2
TARGET_SHIFT_PX = 3


class Unknowns(NamedTuple):
    """What training changes, before activation."""

    means: Tensor
    quats: Tensor
    log_scales: Tensor
    sh: Tensor
    logits: Tensor


Renderer = Callable[[Unknowns, Scene], Tensor]
"""Unknowns and a scene's camera to an image [H, W, 3] over white."""


def unknowns_of(scene: Scene) -> Unknowns:
    """Leaves of the graph, equal to the scene's splats."""
    values = (scene.means, scene.quats, scene.scales.log(), scene.sh, torch.logit(scene.opacities))
    return Unknowns(*(value.clone().requires_grad_() for value in values))


def render_ours(unknowns: Unknowns, scene: Scene) -> Tensor:
    """`headsmith.splats.rasterize` of the scene."""
    images, _, _ = rasterize(
        unknowns.means, unknowns.quats, unknowns.log_scales.exp(), torch.sigmoid(unknowns.logits), unknowns.sh,
        viewmats=scene.viewmat[None], Ks=scene.K[None], width=scene.size_px, height=scene.size_px,
        sh_degree=SH_DEGREE, backgrounds=torch.ones(1, 3),
    )  # fmt: skip
    return images[0]


def forward_of(render: Renderer, scene: Scene) -> Work:
    """The image alone."""
    unknowns = unknowns_of(scene)

    def forward() -> Tensor:
        with torch.no_grad():
            return render(unknowns, scene)

    return forward


def forward_backward_of(render: Renderer, scene: Scene) -> Work:
    """The image and the gradients of all unknowns, for a fixed random gradient of the image."""
    unknowns = unknowns_of(scene)
    upstream = torch.randn(scene.size_px, scene.size_px, 3, generator=torch.Generator().manual_seed(1))

    def forward_backward() -> None:
        for value in unknowns:
            value.grad = None
        render(unknowns, scene).backward(upstream)

    return forward_backward


def mean_ssim(image: Tensor, target: Tensor) -> Tensor:
    """Mean SSIM of two images [H, W, 3], by the kernels that training uses."""
    return weighted_ssim(image, target, torch.full(image.shape[:2], 1 / target[..., 0].numel()))


def step_of(render: Renderer, scene: Scene, ssim: Callable[[Tensor, Tensor], Tensor] = mean_ssim) -> Work:
    """A training step: 0.8 L1 + 0.2 (1 - SSIM) against a shifted picture, and fused Adam at rate 0, so that every
    step has the same work."""
    unknowns = unknowns_of(scene)
    with torch.no_grad():
        target = render(unknowns, scene).roll(TARGET_SHIFT_PX, 0)
    adam = torch.optim.Adam([{"params": [value], "lr": 0.0} for value in unknowns], fused=True)

    def step() -> None:
        adam.zero_grad()
        image = render(unknowns, scene)
        absolute = (image - target).abs().mean()
        loss = (1 - SSIM_SHARE) * absolute + SSIM_SHARE * (1 - ssim(image, target))
        loss.backward()
        adam.step()

    return step
