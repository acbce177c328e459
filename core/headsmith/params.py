"""How much a build spends: the three qualities, as numbers, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.errors import InputError

MOST_SPLATS = 1_000_000


@dataclass(frozen=True)
class Quality:
    """The sizes that trade time for detail."""

    name: str
    photo_px: int
    """longer side of the crop around the head"""
    texture_px: int
    view_px: int
    """longer side of the synthesised views"""
    view_count: int
    splats: int
    splat_steps: int
    key_frames: int
    """of a clip that the head is fitted to"""
    clip_frames: int
    """of Clip-B that texture and splats learn from"""
    clip_steps: int
    """of the splats, on a clip"""
    refine_steps: int
    """of the static texture, on a clip"""
    dynamic_steps: int
    """of the dynamic texture, on a clip"""
    shade_mixtures: int
    """random faces from which the shading of expressions is learnt, beside fixed ones"""


QUALITIES = {
    quality.name: quality
    for quality in (
        Quality(
            "draft",
            photo_px=384,
            texture_px=1024,
            view_px=224,
            view_count=8,
            splats=25_000,
            splat_steps=250,
            key_frames=12,
            clip_frames=40,
            clip_steps=600,
            refine_steps=150,
            dynamic_steps=800,
            shade_mixtures=20,
        ),
        Quality(
            "standard",
            photo_px=512,
            texture_px=2048,
            view_px=320,
            view_count=20,
            splats=45_000,
            splat_steps=600,
            key_frames=20,
            clip_frames=100,
            clip_steps=3000,
            refine_steps=400,
            dynamic_steps=1500,
            shade_mixtures=60,
        ),
        Quality(
            "high",
            photo_px=1024,
            texture_px=2048,
            view_px=512,
            view_count=32,
            splats=90_000,
            splat_steps=1500,
            key_frames=24,
            clip_frames=160,
            clip_steps=4000,
            refine_steps=600,
            dynamic_steps=2500,
            shade_mixtures=120,
        ),
    )
}


def quality_named(name: str) -> Quality:
    """Raises InputError for an unknown name."""
    if name not in QUALITIES:
        choices = ", ".join(QUALITIES)
        raise InputError("--quality", found=f"'{name}'", expected=f"one of {choices}", action="choose one")
    return QUALITIES[name]


def parsed_max_splats(text: str) -> int:
    """A budget of splats, 1 to `MOST_SPLATS`; raises InputError."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= MOST_SPLATS):
        raise InputError("--max-splats", found=f"'{text}'", expected=f"a number from 1 to {MOST_SPLATS}",
                         action="correct it")  # fmt: skip
    return int(digits)
