"""Splats in the frames of their triangles: what initialisation makes and the optimiser changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

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
    shN: F32 | None = None
    """[N, K, 3] harmonics of bands >= 1 in the triangle's frame; None where colours are the same from everywhere"""

    def __len__(self) -> int:
        return len(self.triangle)

    def taken(self, rows: I32) -> Self:
        """The splats `rows` [M], in that order."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        taken: dict[str, Any] = {name: None if value is None else value[rows] for name, value in values.items()}
        return type(self)(**taken)

    @classmethod
    def joined(cls, *clouds: Self) -> Self:
        """All splats of `clouds`, in order; those have harmonics of the same bands, or none."""
        parts: dict[str, Any] = {f.name: [getattr(cloud, f.name) for cloud in clouds] for f in fields(cls)}
        joint: dict[str, Any] = {
            k: None if values[0] is None else np.concatenate(values) for k, values in parts.items()
        }
        return cls(**joint)
