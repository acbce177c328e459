"""Parameters that were found to suit a kind of capture, by measurement."""

from __future__ import annotations

from dataclasses import replace

from headsmith.splats.params import LearningRates, Limits, Pulls, Regularisers, SplatParams
from headsmith.splats.strategy_mcmc import MCMCStrategy

_FIRST_REFINEMENT, _LAST_REFINEMENT = 0.12, 0.8
"""shares of the steps"""
_REFINEMENTS = 16
"""from the one to the other"""


def many_views(max_splats: int = 50_000, steps: int = 3000, seed: int = 0, device: str = "cpu") -> SplatParams:
    """For dozens of pictures from all sides with known cameras and poses: they outweigh any first guess.

    Nothing pulls splats back to where they started; they may go, grow and shrink much farther than one photo allows,
    and those that nobody needs are put where many are needed. Found on the subject of `headsmith.bench.quality`.
    """
    first, last = round(_FIRST_REFINEMENT * steps), round(_LAST_REFINEMENT * steps)
    strategy = MCMCStrategy(
        # hair is narrow: noise would blur it, and the splats of the start are near enough to what they have to show
        noise_lr=0.0, min_opacity=0.02, refine_start_iter=first, refine_stop_iter=last,
        refine_every=max(1, (last - first) // _REFINEMENTS),
    )  # fmt: skip
    return SplatParams(
        max_splats=max_splats,
        steps=steps,
        seed=seed,
        device=device,
        alpha_weight=0.1,
        rates=LearningRates(offset=6e-2, quat=4e-2, log_scale=6e-2, logit=0.2, sh0=6e-2, last_fraction=0.02),
        pulls=Pulls(offset=0.0, quat=0.0, log_scale=0.0, sh0=0.0),
        limits=Limits(drift=20.0, growth=6.0, shrinkage=0.03, anisotropy=50.0, min_opacity=0.001,
                      min_hair_opacity=0.001, max_opacity=0.998),
        regularisers=Regularisers(opacity_weight=0.006),
        strategy=strategy,
        coarse_share=0.4,
    )  # fmt: skip


def from_clip(max_splats: int = 45_000, steps: int = 3000, seed: int = 0, device: str = "cpu") -> SplatParams:
    """For frames of a clip from one camera, tracked and matted with small errors, and views made for the unseen sides.

    As `many_views`, but cameras are corrected a little during training, what covers the head is left out, and
    structure counts for more of the loss: it forgives frames that are brighter, or laid a little beside. Pulls to where
    splats started cost 1 dB on frames that were held out of an ordinary clip; of a clip whose end shows expressions
    that its beginning has not, they gained 0.004 of SSIM.
    """
    return replace(
        many_views(max_splats, steps, seed, device),
        photo_share=0.85,
        ssim_share=0.5,
        pose_rate=0.1,
        doubt=0.15,
        moving_importance=2.0,
    )
