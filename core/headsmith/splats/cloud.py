"""The splats in training: unknowns, limits and Adam's memory, which change together when splats come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.splats.bounds import Bounds, Home
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.params import SplatParams
from headsmith.splats.unknowns import NAMES, Unknowns

_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Change:
    """What becomes of the splats: row i of the new cloud comes from row `rows[i]` of the old one."""

    rows: Tensor
    """[N'] each new splat's parent, whose triangle, limits and colour it keeps"""
    fresh: Tensor
    """[N'] bool: Adam forgets these splats"""
    values: Mapping[str, Tensor]
    """new values [N', ...] of the unknowns so named; the others are the parents'"""
    log_shrink: Tensor
    """[N'] how far below its parent's least size (log) a splat may go"""


class Cloud:
    """Splats in training; `adapt` is the one way to add, move or remove some."""

    def __init__(self, splats: LocalSplats, params: SplatParams) -> None:
        self.start = splats
        self.unknowns = Unknowns.of(splats, params.device, params.sh_degree)
        self.bounds = Bounds.of(splats, params.limits, params.device)
        self.home = Home.of(self.unknowns, splats, params.pulls)
        self.origin = torch.arange(len(splats), device=params.device)
        """[N] the row of `start` from which each splat descends: its triangle and barycentric point"""
        self.first_log_scale = self.unknowns.log_scale.detach().clone()
        """[N, 3] of the splat at `origin`"""
        self.anchor = torch.from_numpy(np.where(splats.on_skin[:, None] > 0, 0, splats.offset).astype(np.float32)).to(
            params.device
        )
        """[N, 3] the place that the regulariser measures from: hair hangs over its triangle at a distance"""
        self.adam = torch.optim.Adam(
            [{"params": [getattr(self.unknowns, name)], "lr": getattr(params.rates, name)} for name in NAMES],
            betas=(0.9, 0.99), eps=1e-15, fused=True,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.unknowns)

    @torch.no_grad()
    def adapt(self, change: Change) -> None:
        """Adam's moments follow their splats, and are zero for the fresh ones; the limits are kept."""
        for group, name in zip(self.adam.param_groups, NAMES, strict=True):
            old: Tensor = getattr(self.unknowns, name)
            value = change.values.get(name)
            new = (old.detach()[change.rows] if value is None else value.detach().clone()).requires_grad_()
            state = self.adam.state.pop(old, None)
            if state:
                for moment in _MOMENTS:
                    state[moment] = state[moment][change.rows]
                    state[moment][change.fresh] = 0
                self.adam.state[new] = state
            group["params"] = [new]
            setattr(self.unknowns, name, new)
        self.origin = self.origin[change.rows]
        self.first_log_scale = self.first_log_scale[change.rows]
        self.anchor = self.anchor[change.rows]
        self.bounds = self.bounds.taken(change.rows, change.log_shrink)
        self.bounds.impose(self.unknowns)
        self.home = self.home.taken(change.rows, change.fresh, self.unknowns)

    @torch.no_grad()
    def overwrite(self, name: str, value: Tensor) -> None:
        """Sets one unknown of all splats; Adam forgets it."""
        unknown: Tensor = getattr(self.unknowns, name)
        unknown.copy_(value)
        for moment in _MOMENTS:
            if moment in self.adam.state[unknown]:
                self.adam.state[unknown][moment].zero_()

    def splats(self) -> LocalSplats:
        """The splats as they are now."""
        return self.unknowns.written_to(self.start.taken(self.origin.cpu().numpy()))
