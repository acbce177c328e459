"""Parameters that were found to suit a kind of capture, by measurement."""

from __future__ import annotations

from headsmith.splats.params import LearningRates, Limits, Pulls, SplatParams


def many_views(max_splats: int = 50_000, steps: int = 3000, seed: int = 0, device: str = "cpu") -> SplatParams:
    """For dozens of pictures from all sides with known cameras and poses: they outweigh any first guess.

    Nothing pulls splats back to where they started; they may go, grow and shrink much farther than one photo allows.
    Found on the subject of `headsmith.bench.quality`.
    """
    return SplatParams(
        max_splats=max_splats,
        steps=steps,
        seed=seed,
        device=device,
        alpha_weight=0.1,
        rates=LearningRates(offset=2.5e-2, quat=2e-2, log_scale=4e-2, logit=0.12, sh0=2.5e-2, last_fraction=0.02),
        pulls=Pulls(offset=0.0, quat=0.0, log_scale=0.0, sh0=0.0),
        limits=Limits(drift=20.0, growth=4.0, shrinkage=0.05, anisotropy=30.0, min_opacity=0.3),
    )
