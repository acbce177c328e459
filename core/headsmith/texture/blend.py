"""Several photos become one: their slow differences blended widely, their details taken from the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.texture.surface import solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32

PULL = 30.0
"""weight of a well seen vertex against one edge of the mesh"""
DETAIL_SHARPNESS = 4.0
"""power of the weights in the high band: nearly the best photo alone, so that details are not averaged away"""
CONFIDENT = (0.03, 0.2)
"""weights at which a texel begins to count as seen, and fully does"""


@dataclass(frozen=True)
class Layer:
    """One photo without its light, on the N texels."""

    albedo: F32
    """[N, 3] sRGB 0..1"""
    weight: F32
    """[N] >= 0"""


def vertex_pull(total: F32) -> F32:
    """[V] the summed weights of the texels around each vertex, as a weight for `solve_field`."""
    seen = total[total > 0]
    typical = float(np.median(seen)) if len(seen) else 1.0
    return (PULL * np.clip(total / (0.3 * typical), 0, 1)).astype(np.float32)


def match_exposure(layers: list[Layer]) -> list[F32]:
    """Per photo the gain [3] on sRGB values that agrees with the first photo where both (or a chain of them) see."""
    gains: list[F32] = []
    total = np.zeros(len(layers[0].weight), np.float32)
    mean = np.zeros_like(layers[0].albedo)
    for layer in layers:
        shared = np.minimum(total, layer.weight)
        gain = np.ones(3, np.float32)
        if float(shared.sum()) > 1e-3 * len(shared) ** 0.5:
            chosen = shared > 0.5 * float(np.quantile(shared[shared > 0], 0.9))
            ratio = (mean[chosen] / np.maximum(total[chosen], 1e-9)[:, None]) / np.maximum(layer.albedo[chosen], 0.02)
            gain = np.clip(np.median(ratio, axis=0), 0.5, 2.0).astype(np.float32)
        gains.append(gain)
        mean += layer.albedo * gain * layer.weight[:, None]
        total += layer.weight
    return gains


def blend_over(base: F32, layers: Sequence[Layer], atlas: Atlas, faces: I32) -> tuple[F32, F32]:
    """What the photos add to `base` [N, 3]: differences [N, 3] and how far they are seen [N] 0..1."""
    slow_weight = [_slow_weight(layer, atlas, faces) for layer in layers]
    slow_total = np.maximum(sum(slow_weight), 1e-6)
    slow = np.zeros((atlas.vertex_count, 3), np.float32)
    quick, quick_total = np.zeros_like(base), np.full(len(base), 1e-12, np.float32)
    for layer, weight in zip(layers, slow_weight, strict=True):
        difference = layer.albedo - base
        means, total = atlas.vertex_means(difference, layer.weight)
        field = solve_field(faces, means, vertex_pull(total))
        slow += (weight / slow_total)[:, None] * field
        sharp = (layer.weight + 1e-6) ** DETAIL_SHARPNESS * (layer.weight > 0)
        quick += sharp[:, None] * (difference - atlas.at(field))
        quick_total += sharp
    seen = np.max([layer.weight for layer in layers], axis=0)
    return quick / quick_total[:, None] + atlas.at(slow), confidence(seen)


def confidence(weight: F32) -> F32:
    """[N] weights to 0..1."""
    t = np.clip((weight - CONFIDENT[0]) / (CONFIDENT[1] - CONFIDENT[0]), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _slow_weight(layer: Layer, atlas: Atlas, faces: I32) -> F32:
    mean, total = atlas.vertex_means(layer.weight[:, None], np.ones_like(layer.weight))
    smooth = solve_field(faces, mean * (total > 0)[:, None], np.full(len(mean), 1.0, np.float32), stiffness=2.0)
    return np.maximum(smooth[:, 0], 0) + 1e-4
