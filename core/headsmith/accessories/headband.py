"""Headbands: an elastic band around the head, or an arc over it from ear to ear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.geometry import unit
from headsmith.accessories.mesh import AccessoryMesh, Built, Part, PbrMaterial, Solid
from headsmith.accessories.params import checked, choice, color, length, share
from headsmith.accessories.scalp import directions
from headsmith.accessories.solids import loop, tube
from headsmith.types import F32

STYLES = ("sport", "arc")
ALONG, ARC_ALONG = 144, 97
ARC_END_RAD = 1.72
"""how far down each side an arc reaches, from the top"""
ARC_LEAN_RAD = 0.15
"""an arc stands this far in front of the scalp's own upright plane"""


@dataclass(frozen=True)
class HeadbandParams:
    style: str = choice("sport", STYLES, "Around the head, or an arc over it")
    width_m: float = length(0.045, 0.006, 0.09, "Width of the band")
    thickness_m: float = length(0.0035, 0.001, 0.012, "Thickness of the band")
    hair_share: float = share(0.3, "How much of the hair's thickness stays under the band")
    gap_m: float = length(0.0006, 0.0, 0.02, "Between head and band")
    shift_m: float = length(0.008, -0.02, 0.04, "How far up the head a sport band sits, or how far forward an arc")
    band_color: tuple[float, float, float] = color((0.45, 0.03, 0.04), "Colour of the band")
    metallic: float = share(0.0, "Metal")
    roughness: float = share(0.9, "Roughness")

    @classmethod
    def of_style(cls, style: str) -> HeadbandParams:
        """Sizes and materials that go with a style."""
        if style == "arc":
            return cls(style=style, width_m=0.016, thickness_m=0.0032, hair_share=0.8, gap_m=0.0004,
                       band_color=(0.02, 0.016, 0.014), roughness=0.35)  # fmt: skip
        return checked(cls(style=style))


def build_headband(head: Anchors, params: HeadbandParams) -> AccessoryMesh:
    """A headband for one head. Raises InputError for sizes out of range."""
    checked(params)
    cloth = PbrMaterial(params.band_color, params.metallic, params.roughness, sheen=0.2 * (params.roughness > 0.6))
    part = Part("band", cloth, covers_hair=True)
    solid = _around(head, params) if params.style == "sport" else _over(head, params)
    return Built(((part, solid),)).join("headband", "forehead" if params.style == "sport" else "crown", head.joint)


def _section(params: HeadbandParams) -> tuple[F32, F32]:
    """Around the band's section: place across (-1..1) and distance from its inner side (0..1 of the thickness)."""
    across = np.linspace(-1, 1, 11)
    puff = (1 - np.abs(across) ** 3) ** 0.5
    outer = np.stack([across, 0.35 + 0.65 * puff], 1)
    # an elastic band is ribbed along both edges
    outer[[2, 8], 1] -= 0.16 * (params.style == "sport")
    edge = np.array([[1.015, 0.24], [1.0, 0.08]])
    inner = np.stack([across[::-1] * 0.97, np.zeros(11)], 1)
    ring = np.concatenate([outer, edge, inner[1:-1], edge[::-1] * [-1, 1]])
    return ring[:, 0], ring[:, 1]


def _around(head: Anchors, params: HeadbandParams) -> Solid:
    azimuth = 2 * np.pi * np.arange(ALONG) / ALONG
    radius = float(head.scalp.radius(np.array([0, 0, 1.0]), params.hair_share))
    across, out = _section(params)
    elevation = (params.shift_m + across * params.width_m / 2) / radius
    toward = directions(azimuth[:, None], elevation[None])
    return loop(head.scalp.points(toward, params.hair_share, params.gap_m + out * params.thickness_m))


def _over(head: Anchors, params: HeadbandParams) -> Solid:
    turn = np.linspace(-ARC_END_RAD, ARC_END_RAD, ARC_ALONG)
    across, out = _section(params)
    # narrower towards the ends, and rounded there
    left = (ARC_END_RAD - np.abs(turn)) / ARC_END_RAD
    taper = (0.45 + 0.55 * np.clip(left / 0.6, 0, 1)) * np.sqrt(np.clip(left / 0.035, 0.02, 1))
    radius = float(head.scalp.radius(np.array([0, 1.0, 0]), params.hair_share))
    lean = ARC_LEAN_RAD + (params.shift_m + taper[:, None] * across * params.width_m / 2) / radius
    arc = np.stack([np.sin(turn), np.cos(turn)], 1)
    toward = np.stack([np.broadcast_to(arc[:, :1], lean.shape), arc[:, 1:] * np.cos(lean), np.sin(lean)], -1)
    out = out * np.sqrt(np.clip(left / 0.035, 0.05, 1))[:, None]
    # a spring: its ends press on the head behind the ears
    hair = params.hair_share * (0.2 + 0.8 * np.clip(left / 0.5, 0, 1) ** 1.5)[:, None]
    return tube(head.scalp.points(unit(toward), hair, params.gap_m + out * params.thickness_m))
