"""One gain per colour channel and photo, for photos that were not exposed alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Exposure:
    """Gains that are learnt beside the splats; their geometric mean over the photos is 1, so that the splats keep the
    photos' common brightness. Synthesised views, and a photo that is alone, have gain 1."""

    def __init__(self, real: Sequence[bool], weight: float, rate: float, device: str = "cpu") -> None:
        photos = [view for view, is_real in enumerate(real) if is_real]
        self.row = {view: row for row, view in enumerate(photos)} if len(photos) > 1 and weight < float("inf") else {}
        self.weight = weight
        self.log_gains = torch.zeros(len(self.row), 3, device=device, requires_grad=True)
        self.adam = torch.optim.Adam([self.log_gains], lr=rate)

    def gains(self) -> Tensor:
        """[photos, 3]"""
        return (self.log_gains - self.log_gains.mean(0)).exp()

    def applied(self, image: Tensor, view: int) -> Tensor:
        """A render [H, W, 3] on black as the camera of `view` would have exposed it."""
        return image * self.gains()[self.row[view]] if view in self.row else image

    def penalty(self, view: int) -> Tensor | None:
        """What the gain of `view` costs; None where it is fixed."""
        if view not in self.row:
            return None
        return self.weight * (self.log_gains - self.log_gains.mean(0))[self.row[view]].square().mean()

    def step(self, view: int) -> None:
        """After the backward pass of `view`."""
        if view in self.row:
            self.adam.step()
            self.adam.zero_grad(set_to_none=True)
