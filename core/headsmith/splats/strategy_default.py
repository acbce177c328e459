"""Densification by the gradient of the splats' places in the image (Kerbl et al. 2023, arXiv 2308.04079, section 5).

Splats that the loss wants to move are too few there: small ones are duplicated, large ones split in two. Transparent
and overgrown ones go, and from time to time all opacities are lowered, so that only needed splats come back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headsmith.splats.cloud import Change, Cloud
from headsmith.splats.strategy import axes, best

_SPLIT_SHRINK = 1.6
"""a split splat's children are smaller than it by this (Kerbl et al. 2023)"""
_RESET_FACTOR = 2.0
"""opacities are reset to this times `prune_opa`, so that a reset alone prunes nothing"""


@dataclass(frozen=True)
class DefaultStrategy:
    """gsplat's settings under its names; sizes are relative to a splat's first, which is its neighbours' spacing."""

    prune_opa: float = 0.005
    """splats of less opacity are removed"""
    grow_grad2d: float = 0.0002
    """splats whose mean image gradient is higher grow, those with the highest first where the budget ends"""
    grow_scale3d: float = 1.0
    """wider ones, relative to their first size, are split, others duplicated"""
    prune_scale3d: float = 10.0
    """wider ones, relative to their first size, are removed after the first reset"""
    refine_start_iter: int = 500
    refine_stop_iter: int = 15_000
    reset_every: int = 3000
    """steps between two resets of the opacities; 0: never"""
    refine_every: int = 100
    pause_refine_after_reset: int = 0
    absgrad: bool = False
    """sum the gradients' absolute values over the pixels (AbsGS, arXiv 2404.10484); wants `grow_grad2d` = 0.0008"""
    revised_opacity: bool = False
    """children of a split let as much light through as their parent (arXiv 2404.06109)"""

    def begin(self, max_splats: int, seed: int) -> GradientDensifier:
        return GradientDensifier(self, max_splats, seed)


class GradientDensifier:
    """A `DefaultStrategy` at work."""

    def __init__(self, settings: DefaultStrategy, max_splats: int, seed: int) -> None:
        self.settings, self.max_splats, self.absgrad = settings, max_splats, settings.absgrad
        self.random = torch.Generator().manual_seed(seed)
        self.total = self.count = torch.zeros(0)
        """[N] image gradients seen since the last change, in half image sizes, and in how many views"""

    def before_backward(self, meta: dict[str, Any]) -> None:
        meta["means2d"].retain_grad()

    @torch.no_grad()
    def observe(self, meta: dict[str, Any]) -> None:
        means2d, size = meta["means2d"], torch.tensor([meta["width"], meta["height"]])
        gradient = means2d.absgrad if self.absgrad else means2d.grad
        length = (gradient * (size.to(gradient) / 2)).norm(dim=-1)
        if len(self.total) != length.shape[-1]:
            self.total, self.count = torch.zeros_like(length[0]), torch.zeros_like(length[0])
        self.total += length.sum(0)
        self.count += (meta["radii"] > 0).all(-1).sum(0)

    def adapt(self, step: int, cloud: Cloud) -> bool:
        s, changed = self.settings, False
        since_reset = step % s.reset_every if s.reset_every and step >= s.reset_every else step
        refining = s.refine_start_iter < step < s.refine_stop_iter and step % s.refine_every == 0
        if refining and (since_reset == step or since_reset >= s.pause_refine_after_reset):
            cloud.adapt(self._change(cloud, prune_wide=bool(s.reset_every) and step > s.reset_every))
            self.total = self.count = torch.zeros(0)
            changed = True
        if s.reset_every and step > 0 and step % s.reset_every == 0 and step < s.refine_stop_iter:
            highest = torch.tensor(_RESET_FACTOR * s.prune_opa, device=cloud.unknowns.logit.device).logit()
            cloud.overwrite("logit", cloud.unknowns.logit.clamp_max(highest))
        return changed

    @torch.no_grad()
    def _change(self, cloud: Cloud, prune_wide: bool) -> Change:
        s, u = self.settings, cloud.unknowns
        kept = torch.sigmoid(u.logit) >= s.prune_opa
        relative = torch.exp(u.log_scale.amax(1) - cloud.first_log_scale.amax(1))
        if prune_wide:
            kept &= relative <= s.prune_scale3d
        room = self.max_splats - int(kept.sum())
        score = self.total / self.count.clamp_min(1) if len(self.total) else torch.zeros(len(u))
        score = torch.where(kept & (score.to(kept.device) > s.grow_grad2d), score.to(kept.device), -1.0)
        grown = best(score, min(room, int((score > 0).sum())))
        split = relative[grown] > s.grow_scale3d
        return self._grown(cloud, kept, grown[~split], grown[split])

    def _grown(self, cloud: Cloud, kept: Tensor, duplicated: Tensor, split: Tensor) -> Change:
        """The kept splats but the split ones in their order, then the duplicates, then two children of each split."""
        u, n = cloud.unknowns, len(split)
        kept = kept.clone()
        kept[split] = False
        rows = torch.cat([kept.nonzero()[:, 0], duplicated, split, split])
        child = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
        child[len(rows) - 2 * n :] = True
        fresh = child.clone()
        fresh[len(rows) - 2 * n - len(duplicated) :] = True
        offset, log_scale, logit = u.offset[rows], u.log_scale[rows], u.logit[rows]
        normal = torch.randn(2 * n, 3, generator=self.random).to(offset)
        offset[child] += (axes(u.quat[rows[child]], log_scale[child]) * normal[:, None, :]).sum(-1)
        log_scale[child] -= math.log(_SPLIT_SHRINK)
        if self.settings.revised_opacity:
            # 1 - sqrt(1 - opacity), as a logit
            clear = torch.sqrt(torch.sigmoid(-logit[child]))
            logit[child] = torch.log((1 - clear).clamp_min(1e-6)) - torch.log(clear)
        shrink = torch.where(child, math.log(_SPLIT_SHRINK), 0.0)
        return Change(rows, fresh, {"offset": offset, "log_scale": log_scale, "logit": logit}, shrink)
