"""Losses on the splats themselves: near their triangles, not much larger than those, and no more opaque than needed."""

from __future__ import annotations

from torch import Tensor

from headsmith.splats.params import Regularisers


def penalty(offset: Tensor, log_scale: Tensor, logit: Tensor, anchor: Tensor, weights: Regularisers) -> Tensor | None:
    """The weighted sum, or None where all weights are 0.

    Args:
        offset, log_scale, logit: the unknowns [N, 3], [N, 3], [N].
        anchor: [N, 3] from where the distance of a splat counts: its triangle, or for hair its first place.
    """
    terms = []
    if weights.position_weight:
        terms.append(weights.position_weight * position_penalty(offset - anchor, weights.position_threshold))
    if weights.scale_weight:
        terms.append(weights.scale_weight * scale_penalty(log_scale, weights.scale_threshold))
    if weights.opacity_weight:
        terms.append(weights.opacity_weight * logit.sigmoid().mean())
    return sum(terms[1:], start=terms[0]) if terms else None


def position_penalty(offset: Tensor, threshold: float) -> Tensor:
    """Mean distance beyond `threshold` of offsets [N, 3]."""
    return (offset.norm(dim=1) - threshold).clamp_min(0).mean()


def scale_penalty(log_scale: Tensor, threshold: float) -> Tensor:
    """Mean length of the part of the scales [N, 3] beyond `threshold`."""
    beyond = (log_scale.exp() - threshold).clamp_min(0)
    # the root of zero has no slope
    return (beyond.square().sum(1) + 1e-20).sqrt().mean() - 1e-10
