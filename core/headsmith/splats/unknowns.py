"""What the optimiser changes, as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headsmith.asset.harmonics import SH_C0
from headsmith.splats.local_splats import LocalSplats

NAMES = ("offset", "quat", "log_scale", "logit", "sh0", "shN")


@dataclass
class Unknowns:
    """Before activation; lengths in units of the triangle's scale, directions in the triangle's frame."""

    offset: Tensor
    """[N, 3]"""
    quat: Tensor
    """[N, 4] wxyz, any length"""
    log_scale: Tensor
    """[N, 3]"""
    logit: Tensor
    """[N] of the opacity"""
    sh0: Tensor
    """[N, 1, 3]"""
    shN: Tensor
    """[N, K, 3], K = 0 where colours are the same from everywhere"""

    def __len__(self) -> int:
        return len(self.offset)

    @staticmethod
    def of(splats: LocalSplats, device: str, sh_degree: int = 0) -> Unknowns:
        """Leaves of the graph, with bands up to `sh_degree`; those that `splats` lack start at zero."""
        n, count = len(splats), (sh_degree + 1) ** 2 - 1
        shN = np.zeros((n, count, 3), np.float32)
        if splats.shN is not None:
            known = min(count, splats.shN.shape[1])
            shN[:, :known] = splats.shN[:, :known]
        sh0 = (splats.colors[:, None] - 0.5) / SH_C0
        logit = torch.logit(torch.from_numpy(splats.opacities), 1e-3).numpy()
        arrays = (splats.offset, splats.quats, splats.log_scales, logit, sh0, shN)
        return Unknowns(*(torch.tensor(a, dtype=torch.float32, device=device, requires_grad=True) for a in arrays))

    def written_to(self, splats: LocalSplats) -> LocalSplats:
        """`splats` with these values; quaternions of unit length."""
        values = {
            "offset": self.offset, "quats": torch.nn.functional.normalize(self.quat, dim=1),
            "log_scales": self.log_scale, "opacities": torch.sigmoid(self.logit),
            "colors": 0.5 + SH_C0 * self.sh0[:, 0], "shN": self.shN,
        }  # fmt: skip
        arrays: dict[str, Any] = {name: value.detach().cpu().numpy() for name, value in values.items()}
        if not arrays["shN"].shape[1]:
            arrays["shN"] = splats.shN
        return replace(splats, **arrays)
