"""Training as sampling (Kheradmand et al. 2024, "3D Gaussian Splatting as Markov Chain Monte Carlo", arXiv 2404.09591).

Splats that fade away are put where others do the work, in a way that leaves the image as it was; the cloud grows in
the same way up to its budget; and noise moves the faint ones about until they find something to show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headsmith.splats.cloud import Change, Cloud
from headsmith.splats.strategy import axes

_MOST_COPIES = 51
"""at one place, as in the authors' code: the binomial sum loses its digits beyond"""
_SIGMOID_SLOPE, _SIGMOID_MIDDLE = 100.0, 0.995
"""of the noise's fading with opacity (equation 10)"""
_GROWTH = 1.05
"""of the number of splats in each refinement, as in the authors' code"""


@dataclass(frozen=True)
class MCMCStrategy:
    """gsplat's settings under its names."""

    cap_max: int = 1_000_000
    """most splats; the smaller one of this and the run's budget counts"""
    noise_lr: float = 800.0
    """times the rate of the offsets; lengths are in units of the triangle's scale, hence not gsplat's 5e5"""
    refine_start_iter: int = 500
    refine_stop_iter: int = 25_000
    refine_every: int = 100
    min_opacity: float = 0.005
    """splats of no more opacity are dead"""

    def begin(self, max_splats: int, seed: int) -> Sampler:
        return Sampler(self, max_splats, seed)


class Sampler:
    """An `MCMCStrategy` at work."""

    absgrad = False

    def __init__(self, settings: MCMCStrategy, max_splats: int, seed: int) -> None:
        self.settings, self.max_splats = settings, min(max_splats, settings.cap_max)
        self.random = torch.Generator().manual_seed(seed)

    def before_backward(self, meta: dict[str, Any]) -> None:
        """Asks for nothing."""

    def observe(self, meta: dict[str, Any]) -> None:
        """Learns nothing from gradients."""

    def adapt(self, step: int, cloud: Cloud) -> bool:
        s, changed = self.settings, False
        if s.refine_start_iter < step < s.refine_stop_iter and step % s.refine_every == 0:
            changed = self._relocate(cloud)
            changed = self._grow(cloud) or changed
        self._shake(cloud)
        return changed

    @torch.no_grad()
    def _relocate(self, cloud: Cloud) -> bool:
        """Puts dead splats where living ones are."""
        opacity = torch.sigmoid(cloud.unknowns.logit)
        dead = opacity <= self.settings.min_opacity
        if not dead.any() or dead.all():
            return False
        drawn = self._draw(torch.where(dead, 0.0, opacity), int(dead.sum()))
        rows = torch.arange(len(cloud), device=dead.device)
        rows[dead] = drawn
        cloud.adapt(shared_out(cloud, rows, self.settings.min_opacity))
        return True

    @torch.no_grad()
    def _grow(self, cloud: Cloud) -> bool:
        """Adds copies of living splats up to the budget."""
        more = min(self.max_splats, int(_GROWTH * len(cloud))) - len(cloud)
        if more <= 0:
            return False
        drawn = self._draw(torch.sigmoid(cloud.unknowns.logit), more)
        rows = torch.cat([torch.arange(len(cloud), device=drawn.device), drawn])
        cloud.adapt(shared_out(cloud, rows, self.settings.min_opacity))
        return True

    def _draw(self, weight: Tensor, count: int) -> Tensor:
        """[count] rows, with replacement, as likely as their weight [N]."""
        total = weight.double().cpu().cumsum(0)
        at = torch.rand(count, generator=self.random, dtype=torch.float64) * total[-1]
        return torch.searchsorted(total, at, right=True).clamp_max(len(weight) - 1).to(weight.device)

    @torch.no_grad()
    def _shake(self, cloud: Cloud) -> None:
        """Noise in the shape of each splat, for the faint ones (equation 10)."""
        u = cloud.unknowns
        faint = torch.sigmoid(_SIGMOID_SLOPE * (torch.sigmoid(-u.logit) - _SIGMOID_MIDDLE))
        rate = cloud.adam.param_groups[0]["lr"] * self.settings.noise_lr
        normal = torch.randn(len(cloud), 3, generator=self.random).to(u.offset) * (faint * rate)[:, None]
        shape = axes(u.quat, u.log_scale)
        along = (shape.transpose(1, 2) * normal[:, None, :]).sum(-1)
        u.offset += (shape * along[:, None, :]).sum(-1)


def shared_out(cloud: Cloud, rows: Tensor, min_opacity: float) -> Change:
    """The change to `rows`, in which all splats of one parent share its opacity and size (`relocation`)."""
    u = cloud.unknowns
    copies = torch.bincount(rows, minlength=len(cloud))[rows]
    opacity, shrink = relocation(torch.sigmoid(u.logit)[rows], copies)
    shared = copies > 1
    logit = torch.where(shared, torch.logit(opacity.clamp(min_opacity, 1 - 1e-6)), u.logit[rows])
    log_shrink = torch.where(shared, shrink.log(), 0.0)
    log_scale = u.log_scale[rows] + log_shrink[:, None]
    return Change(rows, shared, {"logit": logit, "log_scale": log_scale}, (-log_shrink).clamp_min(0))


def relocation(opacity: Tensor, copies: Tensor) -> tuple[Tensor, Tensor]:
    """Opacity [N] and factor of size [N] of each of `copies` [N] >= 1 splats at one place that together look like one
    of `opacity` [N] (equation 9).

    Their common light in the middle is the same, and so is the image's integral: the size's factor is the old opacity
    over sum_{i=1..N} sum_{k=0..i-1} C(i-1, k) (-1)^k new^(k+1) / sqrt(k+1).
    """
    n = copies.clamp(1, _MOST_COPIES)
    old = opacity.double()
    new = 1 - (1 - old) ** (1 / n)
    total = torch.zeros_like(old)
    for i in range(1, int(n.max()) + 1):
        inner = sum((-1) ** k * math.comb(i - 1, k) / math.sqrt(k + 1) * new ** (k + 1) for k in range(i))
        total += torch.where(n >= i, inner, 0.0)
    return new.to(opacity), (old / total.clamp_min(1e-12)).to(opacity)
