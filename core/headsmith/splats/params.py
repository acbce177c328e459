"""What can be set about the splats."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headsmith.splats.strategy import Strategy


@dataclass(frozen=True)
class LearningRates:
    """Of Adam, per step; lengths in units of the triangle's scale."""

    offset: float = 2e-3
    quat: float = 1e-3
    log_scale: float = 5e-3
    logit: float = 2e-2
    sh0: float = 1.5e-2
    shN: float = 1.5e-3
    last_fraction: float = 0.1
    """of each rate in the last step, reached exponentially"""


@dataclass(frozen=True)
class Limits:
    """Where the optimiser may not go, so that splats stay on their triangles and move well with them."""

    drift: float = 1.5
    """how far a splat may leave its first place, or its first ancestor's, in neighbour spacings"""
    growth: float = 2.0
    """how much wider than at first a splat may be"""
    shrinkage: float = 0.4
    anisotropy: float = 4.0
    """longest over shortest axis in the triangle's plane"""
    min_opacity: float = 0.6
    """of splats on the skin: what lies behind must not shine through in other poses; 0 where a strategy prunes"""
    min_hair_opacity: float = 0.02
    max_opacity: float = 0.995


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
class Regularisers:
    """Weights and thresholds of the losses on the splats themselves; lengths in units of the triangle's scale.

    The first four are GaussianAvatars' (Qian et al. 2023, arXiv 2312.02069, section 3.4), with their values; the
    weights are 0 where `Limits` and `Pulls` do the same work.
    """

    position_weight: float = 0.0
    """0.01 there"""
    position_threshold: float = 1.0
    scale_weight: float = 0.0
    """1.0 there"""
    scale_threshold: float = 0.6
    opacity_weight: float = 0.0
    """of the mean opacity (arXiv 2404.09591, section 4.3): needless splats fade, for a strategy to use elsewhere"""


@dataclass(frozen=True)
class SplatParams:
    max_splats: int = 45_000
    """never more than this, whatever the strategy"""
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
    strategy: Strategy | None = None
    """how splats come and go; None: those of the start stay"""
    start_share: float = 1.0
    """of `max_splats` that there are at first"""
    sh_degree: int = 0
    """0..3: of colours that depend on the direction of view; one photo tells nothing about them"""
    sh_share: float = 0.5
    """of the steps until all bands are learnt, one after the other"""
    coarse_share: float = 0.0
    """of the steps, the first, that see the views at half their size"""
    regularisers: Regularisers = field(default_factory=Regularisers)
    exposure_weight: float = 0.1
    """of the squared logarithm of each photo's gain, where there are several; inf: all gains stay 1"""
    exposure_rate: float = 2e-3
    """of Adam, for the gains"""
    pose_rate: float = 0.0
    """of Adam, for corrections of the photos' cameras in units of usual tracking errors; 0: cameras are exact"""
    pose_weight: float = 1e-3
    """of the mean squared correction"""
    doubt: float = math.inf
    """difference (0..1) around a pixel of a photo at which it counts half: something covers the head there"""
    moving_importance: float = 1.0
    """how many times as many splats as usual eyes, lids and mouth begin with"""
    perceptual_weight: float = 0.0
    """of the perceptual loss (`headsmith.metrics.perceptual`), in the last steps on photos"""
    perceptual_share: float = 0.3
    """of the steps that have it: the last"""
