"""Which photos show the same fine detail as the others: sharp ones whose head stands where the fit says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.texture.surface import smooth_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32

FINE, COARSE = 1 / 600, 1 / 130
"""standard deviations of the band of detail that is compared, in texture widths"""
WINDOW_STIFFNESS = 3.0
"""of the field in which detail is compared around each vertex"""
DOUBT = 0.35
"""pull of a photo's own mean on the comparison around a vertex, relative to the usual amount of detail"""
ROUNDS = 3
LEAST = 0.05


@dataclass(frozen=True)
class Detail:
    """The fine detail of one photo on the N texels."""

    value: F32
    """[N] band of the logarithm of brightness"""
    weight: F32
    """[N] trust in it"""


def band(atlas: Atlas, log_brightness: F32, weight: F32, scale: float = 1.0) -> F32:
    """[N] the band of detail, `scale` times as wide as usual, of what has `weight` [N] alone."""
    known = atlas.image((weight > 0.02).astype(np.float32))
    image = atlas.image(log_brightness * (weight > 0.02))
    smooth = []
    for width in (FINE, COARSE):
        sigma = scale * width * atlas.size_px
        total = np.maximum(ndimage.gaussian_filter(known, sigma), 1e-3)
        smooth.append((ndimage.gaussian_filter(image, sigma) / total).reshape(-1)[atlas.texel])
    return (np.clip(smooth[0] - smooth[1], -0.5, 0.5) * (weight > 0.02)).astype(np.float32)


def detail_quality(model: HeadModel, atlas: Atlas, details: list[Detail]) -> F32:
    """[n, V] 0..1 how much of the detail that the others agree on each photo shows around each vertex; best is 1.

    The slope of a photo's detail against the others' is smaller for blurred, covered or misplaced pictures alike.
    """
    overall = np.ones(len(details), np.float32)
    local: F32 = np.ones((len(details), atlas.vertex_count), np.float32)
    for _ in range(ROUNDS):
        trust = [d.weight * atlas.at(q) ** 2 for d, q in zip(details, local, strict=True)]
        total = np.sum(trust, axis=0)
        mean = np.sum([w * d.value for w, d in zip(trust, details, strict=True)], axis=0)
        products = [_products(atlas, d, mean - w * d.value, total - w) for d, w in zip(details, trust, strict=True)]
        overall = np.array([p[:, 0].sum() / max(float(p[:, 1].sum()), 1e-9) if p[:, 1].any() else np.nan
                            for p in products], np.float32)  # fmt: skip
        overall = _filled(overall)
        local = np.stack([_local(model, p, float(q)) for p, q in zip(products, overall, strict=True)])
        local = np.clip(local / max(float(np.quantile(overall, 0.9)), 1e-3), LEAST, 1).astype(np.float32)
    return local


def _filled(slopes: F32) -> F32:
    """Slopes [n], the median for photos that share no texel with another; 1 where none does."""
    known = np.isfinite(slopes)
    if not known.any():
        return np.ones_like(slopes)
    return np.where(known, slopes, np.median(slopes[known])).clip(LEAST, None).astype(np.float32)


def _products(atlas: Atlas, detail: Detail, others: F32, others_weight: F32) -> F32:
    """[V, 2] around each vertex: this photo's detail times the others', and the others' squared."""
    shared = others_weight > 0.3
    reference = np.where(shared, others / np.maximum(others_weight, 1e-3), 0)
    pair = np.stack([detail.value * reference, reference**2], 1)
    mean, weight = atlas.vertex_means(pair, detail.weight * shared)
    return mean * weight[:, None]


def _local(model: HeadModel, products: F32, overall: float) -> F32:
    """[V] the slope around each vertex, near the photo's own mean where there is little detail to compare."""
    usual = float(products[:, 1][products[:, 1] > 0].mean()) if products[:, 1].any() else 1.0
    smooth = smooth_field(model.faces, products / usual, WINDOW_STIFFNESS)
    return np.maximum((smooth[:, 0] + DOUBT * overall) / (np.maximum(smooth[:, 1], 0) + DOUBT), 0)
