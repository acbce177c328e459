"""What can be set about the splats."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LearningRates:
    """Of Adam, per step; lengths in units of the triangle's scale."""

    offset: float = 2e-3
    quat: float = 1e-3
    log_scale: float = 5e-3
    logit: float = 2e-2
    sh0: float = 1.5e-2
    last_fraction: float = 0.1
    """of each rate in the last step, reached exponentially"""


@dataclass(frozen=True)
class Limits:
    """Where the optimiser may not go, so that splats stay on their triangles and move well with them."""

    drift: float = 1.5
    """how far a splat may leave its first place, in neighbour spacings"""
    growth: float = 2.0
    """how much wider than at first a splat may be"""
    shrinkage: float = 0.4
    anisotropy: float = 4.0
    """longest over shortest axis in the triangle's plane"""
    min_opacity: float = 0.6
    """of splats on the skin: what lies behind must not shine through in other poses"""


@dataclass(frozen=True)
class Pulls:
    """Weights of the squared distance from where splats started, averaged over all splats.

    Splats are finer than a photo's pixels: without a pull, all that the pixels do not see turns to noise.
    """

    offset: float = 0.06
    """of the distance in neighbour spacings"""
    quat: float = 2.0
    log_scale: float = 0.04
    sh0: float = 0.01
    hair_share: float = 0.2
    """of all these for hair, of which no texture knows the detail"""


@dataclass(frozen=True)
class SplatParams:
    max_splats: int = 45_000
    steps: int = 900
    seed: int = 0
    device: str = "cpu"
    """a torch device"""
    photo_share: float = 0.5
    """of the steps that are spent on photos"""
    ssim_share: float = 0.2
    """of the colour loss"""
    alpha_weight: float = 0.3
    """of the silhouette's loss beside the colour's"""
    rates: LearningRates = field(default_factory=LearningRates)
    pulls: Pulls = field(default_factory=Pulls)
    limits: Limits = field(default_factory=Limits)
