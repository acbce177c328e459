"""A baseball cap: a crown of six panels with seams, a curved visor with rows of stitches, eyelets and a button.

The crown is drawn over the scalp's smooth functions (`scalp.Scalp`), so that it clears the skull and presses the hair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.geometry import unit
from headsmith.accessories.mesh import AccessoryMesh, Built, Part, PbrMaterial, Solid
from headsmith.accessories.params import angle, checked, color, length, share
from headsmith.accessories.scalp import Scalp, directions
from headsmith.accessories.solids import loop, tube
from headsmith.accessories.visor import VisorSizes, visor
from headsmith.types import F32

PANELS = 6
SEAM_M = np.array([0.0, 0.0006, 0.0013, 0.0022, 0.0034])
"""distances from a seam at which the cloth has vertices, and how far it is raised there"""
SEAM_RISE_M = np.array([-0.0006, -0.0001, 0.0004, 0.0004, 0.0])
PLAIN = 8
"""columns between the seams of a panel"""
BUTTON_M = 0.0085


@dataclass(frozen=True)
class CapParams:
    hair_share: float = share(0.28, "How much of the hair's thickness stays under the cap")
    gap_m: float = length(0.0025, 0.0, 0.03, "Between head and cloth")
    height_m: float = length(0.008, 0.0, 0.06, "Room above the head")
    front_m: float = length(0.010, 0.0, 0.03, "How far the front panels stand up")
    lower_m: float = length(0.0, -0.02, 0.03, "How much lower than the hair line the cap sits")
    thickness_m: float = length(0.0016, 0.0006, 0.005, "Cloth")
    visor_m: float = length(0.068, 0.03, 0.11, "Length of the visor")
    visor_drop_rad: float = angle(0.2, -0.3, 0.8, "Visor's slope down")
    visor_curve_m: float = length(0.017, 0.0, 0.04, "How much lower the visor's sides are than its middle")
    crown_color: tuple[float, float, float] = color((0.028, 0.055, 0.13), "Colour of the crown")
    visor_color: tuple[float, float, float] = color((0.028, 0.055, 0.13), "Colour of the visor")
    roughness: float = share(0.85, "Roughness of the cloth")


def build_cap(head: Anchors, params: CapParams) -> AccessoryMesh:
    """A cap for one head. Raises InputError for sizes out of range."""
    checked(params)
    crown = Part("crown", PbrMaterial(params.crown_color, roughness=params.roughness, sheen=0.15), covers_hair=True)
    peak = Part("visor", PbrMaterial(params.visor_color, roughness=params.roughness, sheen=0.15))
    shape = CrownShape(head.scalp, params)
    plate = VisorSizes(params.visor_m, params.visor_drop_rad, params.visor_curve_m)
    solids = [(crown, _crown(shape)), (crown, _button(shape)), *((crown, ring) for ring in _eyelets(shape)),
              (peak, visor(shape.rim, plate))]  # fmt: skip
    return Built(tuple(solids)).join("cap", "crown", head.joint)


@dataclass(frozen=True)
class CrownShape:
    """The cloth's inner side: a point for each azimuth and each share of the way from rim (0) to top (1)."""

    scalp: Scalp
    params: CapParams

    def inner(self, azimuth: F32, way: F32) -> F32:
        """[..., 3] head space."""
        p = self.params
        lowest = -p.lower_m / float(self.scalp.radius(np.array([0.0, 0.0, 1.0]), p.hair_share))
        elevation = lowest + way * (np.pi / 2 - lowest)
        toward = directions(azimuth, elevation)
        forward = np.clip(np.cos(azimuth), 0, 1) ** 2
        stand = p.front_m * forward * np.sin(np.clip(way, 0, 1) * np.pi) ** 1.5
        return self.scalp.points(toward, p.hair_share, p.gap_m + p.height_m * np.sin(elevation).clip(0) ** 1.2 + stand)

    def normal(self, azimuth: F32, way: F32) -> F32:
        """[..., 3] unit, outwards."""
        step = 1e-3
        across = self.inner(azimuth + step, way) - self.inner(azimuth - step, way)
        along = self.inner(azimuth, np.minimum(way + step, 0.9995)) - self.inner(azimuth, way - step)
        return unit(np.cross(across, along))

    def rim(self, azimuth: F32) -> F32:
        """[..., 3] the inner edge."""
        return self.inner(azimuth, np.zeros_like(azimuth))


def _crown(shape: CrownShape) -> Solid:
    """One closed shell: the outside from the top to the rim, around the hem, and the inside back up."""
    thickness = shape.params.thickness_m
    ways = np.concatenate([[0.985, 0.965], np.linspace(0.93, 0.06, 22), [0.035, 0.018, 0.008]])
    rings = [_outside(shape, way) for way in ways]
    azimuth, _ = _columns(0.0)
    rim, out = shape.rim(azimuth), shape.normal(azimuth, np.zeros_like(azimuth))
    down = -shape.scalp.axes[:, 1]
    for turn in np.linspace(0.1, np.pi - 0.1, 6):
        rings.append(rim + out * thickness * (0.5 + 0.5 * np.cos(turn)) + down * 0.6 * thickness * np.sin(turn))
    rings += [shape.inner(_columns(way)[0], np.full(len(azimuth), way)) for way in np.linspace(0.03, 0.985, 14)]
    return tube(np.stack(rings))


def _outside(shape: CrownShape, way: float) -> F32:
    azimuth, rise = _columns(way)
    full = np.full(len(azimuth), way)
    # the stitched hem: a shallow valley a centimetre above the rim
    radius = np.linalg.norm(shape.rim(np.zeros(1))[0] - shape.scalp.centre_m)
    hem = -0.0005 * np.exp(-(((way * np.pi / 2 * radius) - 0.018) ** 2) / 0.0012**2)
    lift = shape.params.thickness_m + rise * np.clip((1 - way) / 0.06, 0, 1) + hem
    return shape.inner(azimuth, full) + shape.normal(azimuth, full) * lift[:, None]


def _columns(way: float) -> tuple[F32, F32]:
    """Azimuths [PANELS * (2 * 5 - 1 + PLAIN)] and the cloth's rise there: seams at the front and each 60 degrees."""
    radius = max(0.09 * np.cos(way * np.pi / 2), 1e-4)
    share_ = min(1.0, 0.4 * (np.pi / PANELS) * radius / SEAM_M[-1])
    offset = SEAM_M * share_ / radius
    plain = np.linspace(offset[-1], 2 * np.pi / PANELS - offset[-1], PLAIN + 2)[1:-1]
    one = np.concatenate([-offset[:0:-1], offset, plain])
    rise = np.concatenate([SEAM_RISE_M[:0:-1], SEAM_RISE_M, 0 * plain]) * share_
    azimuth = np.concatenate([one + k * 2 * np.pi / PANELS for k in range(PANELS)])
    return azimuth, np.tile(rise, PANELS)


def _button(shape: CrownShape) -> Solid:
    up = shape.scalp.axes[:, 1]
    top = shape.inner(np.zeros(1), np.full(1, 0.999))[0] + up * (shape.params.thickness_m - 0.0008)
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    flat = np.cos(turn)[:, None] * shape.scalp.axes[:, 0] + np.sin(turn)[:, None] * shape.scalp.axes[:, 2]
    height = np.array([0.0, 0.0012, 0.0026, 0.0038, 0.0046, 0.0050])
    wide = np.array([0.97, 1.0, 0.95, 0.76, 0.47, 0.2]) * BUTTON_M
    return tube(top + up * height[:, None, None] + flat * wide[:, None, None])


def _eyelets(shape: CrownShape) -> list[Solid]:
    """Stitched rings, one in each panel."""
    middle = (np.arange(PANELS) + 0.5) * 2 * np.pi / PANELS
    way = np.full(PANELS, 0.62)
    spots, out = shape.inner(middle, way), shape.normal(middle, way)
    return [_eyelet(spot + n * shape.params.thickness_m, n) for spot, n in zip(spots, out, strict=True)]


def _eyelet(spot: F32, out: F32) -> Solid:
    side = unit(np.cross([0.0, 1.0, 0.0], out))
    up = np.cross(out, side)
    turn, round_ = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in (24, 10))
    radial = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * up
    circle = np.stack([np.cos(round_) * 0.0011, np.sin(round_) * 0.0007], 1)
    return loop(spot + radial[:, None] * (0.0030 + circle[None, :, :1]) + out * circle[None, :, 1:])
