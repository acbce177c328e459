"""What a photo adds to the smooth colours of skin and hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.texture.surface import solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32

PULL = 30.0
"""weight of a well seen vertex against one edge of the mesh"""
CONFIDENT = (0.03, 0.2)
"""weights at which a texel begins to count as seen, and fully does"""


@dataclass(frozen=True)
class Layer:
    """A photo without its light, on the N texels."""

    albedo: F32
    """[N, 3] sRGB 0..1"""
    weight: F32
    """[N] >= 0"""


def vertex_pull(total: F32) -> F32:
    """[V] the summed weights of the texels around each vertex, as a weight for `solve_field`."""
    seen = total[total > 0]
    typical = float(np.median(seen)) if len(seen) else 1.0
    return (PULL * np.clip(total / (0.3 * typical), 0, 1)).astype(np.float32)


def blend_over(base: F32, layer: Layer, atlas: Atlas, faces: I32) -> tuple[F32, F32]:
    """What a photo adds to `base` [N, 3]: differences [N, 3] and how far they are seen [N] 0..1."""
    difference = layer.albedo - base
    means, total = atlas.vertex_means(difference, layer.weight)
    slow = atlas.at(solve_field(faces, means, vertex_pull(total)))
    return np.where(layer.weight[:, None] > 0, difference, slow), confidence(layer.weight)


def confidence(weight: F32) -> F32:
    """[N] weights to 0..1."""
    t = np.clip((weight - CONFIDENT[0]) / (CONFIDENT[1] - CONFIDENT[0]), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
