"""The settings with which splats are trained on one photo or a few, and on views made from them."""

from __future__ import annotations

from headsmith.splats.params import LearningRates, SplatParams


def from_photos(max_splats: int, steps: int, seed: int = 0, device: str = "cpu") -> SplatParams:
    """Found on the sample portrait: in few steps, large ones; the limits and pulls keep them safe.

    No strategy: the texture's detail tells beforehand where splats are needed, and to grow them from fewer gave worse
    pictures in the same number of steps.
    """
    rates = LearningRates(offset=1.6e-2, quat=8e-3, log_scale=4e-2, logit=0.12, sh0=6e-2)
    return SplatParams(max_splats, steps, seed, device, rates=rates)
