"""What keeps splats on their triangles: limits that they may not pass, and pulls back to where they started."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.params import Limits, Pulls
from headsmith.splats.unknowns import Unknowns

_PULLED = ("offset", "quat", "log_scale", "sh0")


@dataclass(frozen=True)
class Bounds:
    """The limits as tensors, one row per splat."""

    home: Tensor
    drift: Tensor
    min_log_scale: Tensor
    max_log_scale: Tensor
    min_logit: Tensor
    max_logit: float
    max_log_ratio: float

    @staticmethod
    def of(splats: LocalSplats, limits: Limits, device: str) -> Bounds:
        """Around `splats` as they are at first."""
        floor = np.where(splats.on_skin > 0, np.float32(limits.min_opacity), np.float32(limits.min_hair_opacity))

        def tensor(a: np.ndarray) -> Tensor:
            return torch.from_numpy(a.astype(np.float32)).to(device)

        return Bounds(
            tensor(splats.offset), tensor(splats.spacing * limits.drift),
            tensor(splats.log_scales + np.log(limits.shrinkage)), tensor(splats.log_scales + np.log(limits.growth)),
            torch.logit(tensor(floor)), float(np.log(limits.max_opacity / (1 - limits.max_opacity))),
            float(np.log(limits.anisotropy)),
        )  # fmt: skip

    def taken(self, rows: Tensor, log_shrink: Tensor) -> Bounds:
        """Those of `rows` [N']: children stay where their parents may be, and may be smaller by `log_shrink` [N']."""
        return Bounds(
            self.home[rows], self.drift[rows], self.min_log_scale[rows] - log_shrink[:, None],
            self.max_log_scale[rows], self.min_logit[rows], self.max_logit, self.max_log_ratio,
        )  # fmt: skip

    @torch.no_grad()
    def impose(self, unknowns: Unknowns) -> None:
        """Moves whatever left its bounds back onto them, in place."""
        away = unknowns.offset - self.home
        shrink = (self.drift / away.norm(dim=1).clamp_min(1e-8)).clamp_max(1.0)
        unknowns.offset.copy_(self.home + away * shrink[:, None])
        scales = unknowns.log_scale
        scales.copy_(torch.minimum(torch.maximum(scales, self.min_log_scale), self.max_log_scale))
        in_plane = scales[:, :2]
        in_plane.copy_(torch.maximum(in_plane, in_plane.amax(1, keepdim=True) - self.max_log_ratio))
        unknowns.logit.copy_(torch.maximum(unknowns.logit, self.min_logit).clamp_max(self.max_logit))


@dataclass(frozen=True)
class Home:
    """Where the splats started, and how strongly each unknown is drawn back there."""

    values: tuple[Tensor, ...]
    strengths: tuple[Tensor, ...]
    """of each row; to be divided by the number of splats"""

    @staticmethod
    def of(unknowns: Unknowns, splats: LocalSplats, pulls: Pulls) -> Home:
        share = 2 * np.where(splats.on_skin > 0, 1.0, pulls.hair_share)
        of_each = (
            share * pulls.offset / splats.spacing**2,
            share * pulls.quat,
            share * pulls.log_scale,
            share * pulls.sh0,
        )
        pulled = [getattr(unknowns, name).detach() for name in _PULLED]
        strengths = (
            torch.from_numpy(strength.astype(np.float32)).reshape(-1, *[1] * (p.ndim - 1)).to(p.device)
            for strength, p in zip(of_each, pulled, strict=True)
        )
        return Home(tuple(p.clone() for p in pulled), tuple(strengths))

    def taken(self, rows: Tensor, fresh: Tensor, unknowns: Unknowns) -> Home:
        """Those of `rows` [N']; where `fresh` [N'], places and sizes are drawn to what `unknowns` now hold instead."""
        values = [value[rows] for value in self.values]
        for k, name in enumerate(_PULLED[:3]):
            values[k][fresh] = getattr(unknowns, name).detach()[fresh]
        return Home(tuple(values), tuple(strength[rows] for strength in self.strengths))

    @torch.no_grad()
    def pull(self, unknowns: Unknowns) -> None:
        """Adds the gradient of the mean squared distances to the unknowns' own."""
        for name, home, strength in zip(_PULLED, self.values, self.strengths, strict=True):
            unknown = getattr(unknowns, name)
            if unknown.grad is not None:
                unknown.grad.addcmul_(unknown - home, strength, value=1 / len(unknowns))
