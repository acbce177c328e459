"""What can be set about the static texture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextureParams:
    size_px: int = 2048
    """side of the square texture"""
    analysis_px: int = 1024
    """longer side of the head in the buffers in which visibility and matte edges are worked out"""
    facing_power: float = 3.0
    """how fast a view loses weight as the surface turns away from it"""
    light_steps: int = 50
    """re-weighted solves of the light with the albedo held constant over the skin"""
    refine_steps: int = 5
    """further solves in which the albedo may vary slowly over the skin"""
    min_irradiance: float = 0.4
    """the darkest irradiance on the seen skin, relative to its mean, that the light may have"""
    keep_tint: float = 0.35
    """how much of an unnatural colour of the skin is taken for skin rather than for light"""
    seed: int = 7
    """of all synthesised detail"""

    @staticmethod
    def draft() -> TextureParams:
        return TextureParams(size_px=1024, analysis_px=768)
