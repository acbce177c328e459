"""How far an expression stretches, squeezes or wrinkles the skin: such skin is better taken from another frame."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.surface import edges_of, smooth_field
from headsmith.types import F32

STRAIN = 0.18
"""mean change of the logarithm of the edges' lengths at which a frame counts half"""
LEAST = 0.08
"""share that a frame keeps however much it is strained: some skin is only seen in such frames"""


def neutral_share(model: HeadModel, rest_m: F32, posed_m: F32) -> F32:
    """[V] 0..1 how near the skin is to its neutral shape; vertices [V, 3] of the rest head and of the frame's."""
    i, j = edges_of(model.faces).T
    before, after = (np.linalg.norm(v[i] - v[j], axis=1) for v in (rest_m, posed_m))
    change = np.abs(np.log(np.maximum(after, 1e-5) / np.maximum(before, 1e-5)))
    both = np.concatenate([i, j])
    count = np.maximum(np.bincount(both, minlength=len(rest_m)), 1)
    mean = np.bincount(both, np.tile(np.minimum(change, 1.0), 2), len(rest_m)) / count
    strain = smooth_field(model.faces, mean[:, None].astype(np.float32), 1.0)[:, 0]
    return (LEAST + (1 - LEAST) / (1 + (strain / STRAIN) ** 2)).astype(np.float32)
