"""Splats in the frames of their triangles: what initialisation makes and the optimiser changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from headsmith.types import F32, I32


@dataclass(frozen=True)
class LocalSplats:
    """As `headsmith.asset.avatar.Binding`, with appearance; lengths in units of the triangle's scale."""

    triangle: I32
    """[N]"""
    barycentric: F32
    """[N, 3]"""
    offset: F32
    """[N, 3]"""
    quats: F32
    """[N, 4] wxyz"""
    log_scales: F32
    """[N, 3]"""
    opacities: F32
    """[N] 0..1"""
    colors: F32
    """[N, 3] sRGB 0..1"""
    spacing: F32
    """[N] distance to the neighbours"""
    on_skin: F32
    """[N] 1 for splats of the mesh's surface, 0 for hair"""

    def __len__(self) -> int:
        return len(self.triangle)

    @classmethod
    def joined(cls, *clouds: Self) -> Self:
        """All splats of `clouds`, in order."""
        return cls(**{f.name: np.concatenate([getattr(cloud, f.name) for cloud in clouds]) for f in fields(cls)})
