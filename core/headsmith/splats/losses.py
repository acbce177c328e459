"""What the optimiser minimises: one training view against its render."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from headsmith.metrics.perceptual import weighted_distance
from headsmith.splats.kernel_ssim import weighted_ssim
from headsmith.splats.params import SplatParams
from headsmith.types import TrainingView

_AROUND_PX = 9


@dataclass(frozen=True)
class Target:
    """A training view as tensors."""

    image: Tensor
    """[H, W, 3] 0..1, on black"""
    alpha: Tensor
    """[H, W, 1]"""
    weight: Tensor
    """[H, W, 1] summing to 1"""

    def to(self, device: str) -> Target:
        return Target(self.image.to(device), self.alpha.to(device), self.weight.to(device))

    @staticmethod
    def of(view: TrainingView) -> Target:
        """Raises ValueError for a view that is not to be trusted anywhere."""
        total = float(view.weight.sum())
        if total <= 0:
            raise ValueError("a training view has weight 0 everywhere")
        return Target(
            torch.from_numpy(view.image).float() / 255,
            torch.from_numpy(view.alpha).float()[..., None],
            torch.from_numpy(view.weight).float()[..., None] / total,
        )

    def halved(self) -> Target:
        """At half the size, a last odd row or column left out; weights are of the averaged pixels."""
        height, width = (n // 2 for n in self.image.shape[:2])

        def mean(t: Tensor) -> Tensor:
            return t[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).mean((1, 3))

        weight = mean(self.weight)
        return Target(mean(self.image), mean(self.alpha), weight / weight.sum().clamp_min(1e-12))


def view_loss(image: Tensor, alpha: Tensor, target: Target, background: Tensor, params: SplatParams) -> Tensor:
    """Render (image [H, W, 3] on black, alpha [H, W, 1]) and target, both laid over `background` [3], compared.

    The background changes from step to step: only a right alpha suits them all.
    """
    shown = image + (1 - alpha) * background
    wanted = target.image + (1 - target.alpha) * background
    absolute = (target.weight * (shown - wanted).abs()).sum() / 3
    structure = 1 - weighted_ssim(shown, wanted, target.weight[..., 0])
    silhouette = (target.weight * (alpha - target.alpha).abs()).sum()
    color = (1 - params.ssim_share) * absolute + params.ssim_share * structure
    return color + params.alpha_weight * silhouette


def without_covers(image: Tensor, target: Target, doubt: float) -> Target:
    """The target with less weight where the render [H, W, 3] differs from it by about `doubt` or more all around.

    Hands and the like differ over an area; edges that are a pixel off do not.
    """
    if math.isinf(doubt):
        return target
    with torch.no_grad():
        difference = ((image - target.image).abs() * (target.weight > 0)).mean(-1)
        around = torch.nn.functional.avg_pool2d(difference[None, None], _AROUND_PX, 1, _AROUND_PX // 2)[0, 0]
        weight = target.weight / (1 + (around / doubt) ** 2)[..., None]
        return replace(target, weight=weight / weight.sum().clamp_min(1e-12))


def perceptual_loss(image: Tensor, target: Target) -> Tensor:
    """Render [H, W, 3] on black and target compared by a network's features, pixels weighted as in `view_loss`."""
    return weighted_distance(image, target.image, target.weight[..., 0])
