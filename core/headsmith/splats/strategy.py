"""How splats come and go during training: what every strategy offers, and what they share.

Source of names and defaults: gsplat 1.5 (https://docs.gsplat.studio/main/apis/strategy.html).
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from headsmith.splats.cloud import Cloud
from headsmith.splats.reference import rotation_matrices


class Densifier(Protocol):
    """A strategy at work on one cloud."""

    absgrad: bool
    """whether `observe` wants `meta["means2d"].absgrad`"""

    def before_backward(self, meta: dict[str, Any]) -> None:
        """Called with the rasteriser's meta before the gradients are computed."""

    def observe(self, meta: dict[str, Any]) -> None:
        """Called with the same meta after."""

    def adapt(self, step: int, cloud: Cloud) -> bool:
        """Called after Adam's step `step` (from 0); True where splats came, went or moved to another parent."""


class Strategy(Protocol):
    """The settings of a way to densify."""

    def begin(self, max_splats: int, seed: int) -> Densifier:
        """One run that never has more than `max_splats` splats; the same for the same seed."""


def axes(quat: Tensor, log_scale: Tensor) -> Tensor:
    """[N, 3, 3] the splats' axes, as columns, of the length of their standard deviations, in the triangle's frame."""
    return rotation_matrices(quat) * log_scale.exp()[:, None, :]


def best(score: Tensor, count: int) -> Tensor:
    """[min(count, N)] the rows with the highest score, in ascending order; of equal ones the first."""
    order = torch.argsort(score, descending=True, stable=True)
    return order[: max(count, 0)].sort().values
