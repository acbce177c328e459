"""Earrings, a pair: studs with post and butterfly, or hoops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.ears import Ear
from headsmith.accessories.geometry import nearest, unit
from headsmith.accessories.mesh import AccessoryMesh, Built, Part, PbrMaterial, Solid
from headsmith.accessories.params import checked, choice, color, length, share
from headsmith.accessories.solids import loop, tube
from headsmith.errors import InputError
from headsmith.types import F32

STYLES = ("stud", "hoop")
TURNS = 96
ROUND = 14
HOLE_M = 0.009
"""around the piercing, where a hoop may touch the ear"""


@dataclass(frozen=True)
class EarringParams:
    style: str = choice("stud", STYLES, "Studs or hoops")
    size_m: float = length(0.006, 0.003, 0.07, "Diameter of the stud or hoop")
    wire_m: float = length(0.0016, 0.0006, 0.006, "Thickness of a hoop, or of a stud's setting")
    metal_color: tuple[float, float, float] = color((0.95, 0.76, 0.40), "Colour of the metal")
    metal_roughness: float = share(0.15, "Roughness of the metal")
    gem_color: tuple[float, float, float] = color((0.93, 0.91, 0.87), "Colour of a stud's pearl")
    gem_roughness: float = share(0.2, "Roughness of a stud's pearl")

    @classmethod
    def of_style(cls, style: str) -> EarringParams:
        """Sizes that go with a style."""
        return checked(cls(style=style, size_m=0.024 if style == "hoop" else 0.0065))


def build_earrings(head: Anchors, params: EarringParams) -> AccessoryMesh:
    """A pair for one head. Raises InputError for sizes out of range and for a head without ears."""
    checked(params)
    if not head.ears:
        raise InputError("earrings", found="a head model without an 'ears' region", expected="ears to hang from",
                         action="rebuild the avatar with the default head or FLAME")  # fmt: skip
    metal = Part("metal", PbrMaterial(params.metal_color, 1.0, params.metal_roughness))
    gem = Part("gem", PbrMaterial(params.gem_color, 0.0, params.gem_roughness))
    solids: list[tuple[Part, Solid]] = []
    for ear in head.ears:
        if params.style == "hoop":
            solids.append((metal, _hoop(head, ear, params)))
        else:
            solids += _stud(ear, params, metal, gem)
    return Built(tuple(solids)).join("earrings", "lobe_left", head.joint)


def _stud(ear: Ear, params: EarringParams, metal: Part, gem: Part) -> list[tuple[Part, Solid]]:
    """A pearl in a cup, its post through the lobe, and the clasp behind."""
    radius, wire = params.size_m / 2, params.wire_m
    back = -ear.lobe_thickness_m
    cup = [[0.0002, 0.55], [0.0001, 0.78], [0.0005, 0.9], [0.0012, 0.98], [0.0015, 0.94], [0.0011, 0.8]]
    polar = np.linspace(0.97, 0.03, 17) * np.pi
    pearl = np.stack([radius * 1.02 + radius * np.cos(polar), radius * np.sin(polar)], 1) + np.array([0.0003, 0.0])
    post = [[back - 0.004, 0.2], [back - 0.0042, 0.42], [back - 0.0038, 0.5], [0.0004, 0.5], [0.0006, 0.3]]
    clasp = [[back - 0.0030, 0.45], [back - 0.0030, 1.5], [back - 0.0024, 1.9], [back - 0.0012, 1.9],
             [back - 0.0006, 1.5], [back - 0.0006, 0.45]]  # fmt: skip
    thin = np.array([1.0, min(wire, 0.0012)])
    return [(metal, _turned(ear, np.array(cup) * [wire / 0.0016, radius])), (gem, _turned(ear, pearl)),
            (metal, _turned(ear, np.array(post) * thin)), (metal, _turned(ear, np.array(clasp) * thin))]  # fmt: skip


def _turned(ear: Ear, profile: F32) -> Solid:
    """A solid of revolution about the piercing: `profile` [P, 2] = height out of the lobe, radius, in metres."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    around = np.cos(turn)[:, None] * ear.lobe_axes[:, 0] + np.sin(turn)[:, None] * ear.lobe_axes[:, 1]
    height, radius = profile[:, :1, None], profile[:, 1:, None]
    return tube(ear.lobe_m + height * ear.lobe_axes[:, 2] + radius * around)


def _hoop(head: Anchors, ear: Ear, params: EarringParams) -> Solid:
    """A ring through the lobe, turned about the vertical until it hangs clear of jaw and neck."""
    hole = ear.lobe_m - ear.lobe_axes[:, 2] * ear.lobe_thickness_m / 2
    radius = params.size_m / 2
    out = ear.lobe_axes[:, 2]
    start = np.arctan2(out[0] * ear.side, out[2])
    best = min(np.linspace(start, 0.0, 9), key=lambda yaw: _bite(head, ear, hole, radius, yaw) + 1e-4 * (start - yaw))
    rings = _ring(ear, hole, radius, float(best), params.wire_m / 2)
    return loop(rings)


def _bite(head: Anchors, ear: Ear, hole: F32, radius: float, yaw: float) -> float:
    """How deep the hoop's line goes into the skin away from the piercing, metres."""
    line = _ring(ear, hole, radius, yaw, 0.0).mean(1)[::3]
    free = line[np.linalg.norm(line - hole, axis=1) > HOLE_M]
    return float(np.maximum(-nearest(head.skin, free).distance_m, 0).max(initial=0.0)) if len(free) else 0.0


def _ring(ear: Ear, hole: F32, radius: float, yaw: float, wire_m: float) -> F32:
    """[TURNS, ROUND, 3] a torus whose top is in the hole, in the upright plane that holds the direction `yaw`."""
    along = unit(np.array([np.sin(yaw) * ear.side, 0.0, np.cos(yaw)]))
    up = np.array([0.0, 1, 0])
    side = np.cross(along, up)
    turn, round_ = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in (TURNS, ROUND))
    radial = np.sin(turn)[:, None] * along + np.cos(turn)[:, None] * up
    middle = hole - up * radius + radial * radius
    return middle[:, None] + wire_m * (np.cos(round_)[None, :, None] * radial[:, None]
                                       + np.sin(round_)[None, :, None] * side)  # fmt: skip
