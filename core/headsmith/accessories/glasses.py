"""Glasses: rims on the pupils, a bridge on the nose, arms to the ears, lenses.

Everything is drawn on a curved, tilted front (`lenses.Front`) that is brought towards the face until a rim, the bridge
or a lens is as near as it may be; arms and pads are laid on the head afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.accessories.anchors import Anchors
from headsmith.accessories.geometry import cast, unit
from headsmith.accessories.lenses import Front, outline, outline_normals, outset
from headsmith.accessories.mesh import AccessoryMesh, Built, Part, PbrMaterial, Solid
from headsmith.accessories.params import angle, checked, choice, color, length, share
from headsmith.accessories.solids import (
    ellipse,
    loop,
    mirrored,
    rounded_rectangle,
    smooth_path,
    sweep,
    tube,
)
from headsmith.accessories.temples import WIRE_M, TempleSizes, temple_solids
from headsmith.errors import InputError
from headsmith.types import F32

HEIGHT_SHARES = {"rounded": 0.72, "round": 1.0, "aviator": 0.88}
"""heights of lenses by their widths"""
SHAPES = tuple(HEIGHT_SHARES)
GROOVE_M = 0.0006
"""how deep a lens sits in its rim"""
CLEAR_M = 0.0008
"""between frame and skin"""


@dataclass(frozen=True)
class GlassesParams:
    shape: str = choice("rounded", SHAPES, "Outline of the lenses")
    lens_width_m: float = length(0.0, 0.03, 0.065, "Width of a lens", automatic=True)
    lens_height_m: float = length(0.0, 0.02, 0.06, "Height of a lens", automatic=True)
    bridge_m: float = length(0.018, 0.012, 0.028, "Between the lenses")
    drop_m: float = length(0.003, -0.005, 0.012, "Lenses' middle below the pupils")
    vertex_m: float = length(0.013, 0.009, 0.025, "From the cornea to the lens")
    tilt_rad: float = angle(0.13, -0.1, 0.3, "Lean of the lenses towards the cheeks")
    rim_width_m: float = length(0.0042, 0.001, 0.008, "Rim, seen from the front")
    rim_depth_m: float = length(0.0036, 0.001, 0.007, "Rim, seen from the side")
    temple_height_m: float = length(0.0062, 0.0015, 0.02, "Height of the arms")
    temple_depth_m: float = length(0.0030, 0.0012, 0.006, "Thickness of the arms")
    frame_color: tuple[float, float, float] = color((0.018, 0.012, 0.009), "Colour of the frame")
    frame_metallic: float = share(0.0, "Metal of the frame")
    frame_roughness: float = share(0.22, "Roughness of the frame")
    lens_color: tuple[float, float, float] = color((0.5, 0.56, 0.6), "Colour of the lenses")
    lens_alpha: float = share(0.05, "How much of what is behind the lenses they hide")

    @classmethod
    def of_shape(cls, shape: str) -> GlassesParams:
        """Sizes and materials that go with a shape."""
        metal = cls(shape=shape, rim_width_m=0.0018, rim_depth_m=0.0022, temple_height_m=0.0024,
                    temple_depth_m=0.0014, frame_color=(0.83, 0.61, 0.30), frame_metallic=1.0)  # fmt: skip
        if shape == "round":
            return replace(metal, bridge_m=0.02)
        if shape == "aviator":
            return replace(metal, bridge_m=0.015, drop_m=0.007, lens_color=(0.035, 0.045, 0.035),
                           lens_alpha=0.86)  # fmt: skip
        return checked(cls(shape=shape))


@dataclass(frozen=True)
class Drawing:
    """The left lens on the front's plane; the right one is its mirror image."""

    lens: F32
    """[P, 2] edge of the lens, counter-clockwise"""
    rim: F32
    """[P, 2] middle of the rim"""
    centre: F32
    """[2]"""
    half: F32
    """[2] half width and half height of the lens"""

    def rim_at(self, height: float, nasal: bool) -> F32:
        """[2] the rim's point at `height` (-1..1 of the lens) on the nose's or the ear's side."""
        side = self.rim[(self.rim[:, 0] < self.centre[0]) == nasal]
        return side[np.abs(side[:, 1] - self.centre[1] - height * self.half[1]).argmin()]


def build_glasses(head: Anchors, params: GlassesParams) -> AccessoryMesh:
    """Glasses for one head. Raises InputError for sizes out of range and for a head without ears."""
    checked(params)
    if not head.ears:
        raise InputError("glasses", found="a head model without an 'ears' region", expected="ears to rest on",
                         action="rebuild the avatar with the default head or FLAME")  # fmt: skip
    drawing = _draw(head, params)
    front = _settle(head, params, drawing)
    frame, lens, pad = _parts(params)
    left = [(lens, _lens(front, drawing)), (frame, _rim(front, drawing, params))]
    solids = [*left, *((part, _other_side(front, solid)) for part, solid in left)]
    solids += [(frame, solid) for solid in _bridges(front, drawing, params)]
    for ear in head.ears:
        sizes = TempleSizes(params.temple_height_m, params.temple_depth_m, params.rim_width_m, params.rim_depth_m)
        start = front.place(_sided(drawing.rim_at(0.45 if _is_wire(params) else 0.62, nasal=False), ear.side))
        solids += [(frame, solid) for solid in temple_solids(head, ear, start, sizes)]
        on_nose, arm = _pad(head, front, drawing, ear.side)
        solids += [(pad, on_nose), (frame, arm)]
    return Built(tuple(solids)).join("glasses", "bridge", head.joint)


def _parts(params: GlassesParams) -> tuple[Part, Part, Part]:
    frame = PbrMaterial(params.frame_color, params.frame_metallic, params.frame_roughness)
    lens = PbrMaterial(params.lens_color, roughness=0.02, alpha=params.lens_alpha)
    pad = PbrMaterial((0.85, 0.82, 0.78), roughness=0.3, alpha=0.55, ior=1.41)
    return Part("frame", frame), Part("lens", lens), Part("nose_pad", pad)


def _is_wire(params: GlassesParams) -> bool:
    return params.rim_width_m < WIRE_M


def _draw(head: Anchors, params: GlassesParams) -> Drawing:
    # lenses a little wider than the pupils ask for look right and are what opticians sell
    width = params.lens_width_m or min(max(head.interpupillary_m - params.bridge_m + 0.004, 0.03), 0.06)
    height = params.lens_height_m or HEIGHT_SHARES[params.shape] * width
    half = np.array([width, height]) / 2
    centre = np.array([(params.bridge_m + width) / 2, -params.drop_m])
    lens = centre + outline(params.shape) * half
    return Drawing(lens, outset(lens, params.rim_width_m / 2 - GROOVE_M), centre, half)


def _settle(head: Anchors, params: GlassesParams, drawing: Drawing) -> Front:
    """The front as near to the face as rims, bridge and lenses allow."""
    middle = head.pupils_m.mean(0)
    front = Front(middle, params.tilt_rad)
    both = np.concatenate([outset(drawing.rim, d) for d in (-params.rim_width_m / 2, 0, params.rim_width_m / 2)])
    nasal = drawing.rim_at(0.45, nasal=True)
    across = np.stack([np.linspace(-nasal[0], nasal[0], 9), np.full(9, nasal[1])], 1)
    flat = np.concatenate([both, both * [-1, 1], across])
    back = front.place(flat, -params.rim_depth_m / 2 - CLEAR_M)
    hits = cast(head.skin, back + np.array([0, 0, 0.2]), np.array([0, 0, -1.0]))
    met = np.isfinite(hits.distance_m) & (hits.points_m[:, 2] > middle[2] - 0.03)
    skin_asks = (hits.points_m[met, 2] - back[met, 2]).max(initial=-0.1)
    at_pupil = front.place((head.pupils_m - middle)[:, :2], -0.001)[:, 2]
    eyes_ask = (head.pupils_m[:, 2] + params.vertex_m - at_pupil).max()
    return Front(middle + np.array([0, 0, max(skin_asks, eyes_ask)]), params.tilt_rad)


def _sided(flat: F32, side: float) -> F32:
    return flat * [side, 1]


def _other_side(front: Front, solid: Solid) -> Solid:
    """Mirrored in the front's own middle, which need not be x = 0."""
    shift = np.array([front.origin_m[0], 0, 0])
    moved = mirrored(replace(solid, vertices=solid.vertices - shift))
    return replace(moved, vertices=moved.vertices + shift)


def _rim(front: Front, drawing: Drawing, params: GlassesParams) -> Solid:
    radius = 0.42 * min(params.rim_width_m, params.rim_depth_m)
    profile = rounded_rectangle(params.rim_width_m, params.rim_depth_m, radius, 5)
    flat = drawing.rim
    out = front.direction(flat, outline_normals(flat))
    # acetate is stronger along the brow; the extra goes outwards, so that the groove keeps its place
    extra = 1 + 0.3 * np.clip((flat[:, 1] - drawing.centre[1]) / drawing.half[1], 0, 1) * (not _is_wire(params))
    width = (profile[None, :, :1] + params.rim_width_m / 2) * extra[:, None, None] - params.rim_width_m / 2
    rings = front.place(flat)[:, None] + width * out[:, None] + profile[:, 1:] * front.normal(flat)[:, None]
    return loop(rings)


def _lens(front: Front, drawing: Drawing) -> Solid:
    """A shell 1.8 mm thick whose edge hides in the rim."""
    share_ = np.array([0.12, 0.3, 0.5, 0.7, 0.86, 1.0])
    flat = drawing.centre + (drawing.lens - drawing.centre) * share_[:, None, None]
    return tube(np.concatenate([front.place(flat, 0.0009), front.place(flat[::-1], -0.0009)]))


def _bridges(front: Front, drawing: Drawing, params: GlassesParams) -> list[Solid]:
    metal = _is_wire(params)
    bars = [_bar(front, drawing, params, 0.42 if metal else 0.40, 0.0022 if metal else 0.0012)]
    if params.shape == "aviator":
        bars.append(_bar(front, drawing, params, 0.86, 0.0004))
    return bars


def _bar(front: Front, drawing: Drawing, params: GlassesParams, height: float, arch_m: float) -> Solid:
    """A bar between the rims, arched up and forward, its ends flared into them."""
    x, y = drawing.rim_at(height, nasal=True)
    t = np.linspace(-1, 1, 25)
    flat = np.stack([t * x, y + arch_m * (1 - t**2)], 1)
    path = front.place(flat, 0.5 * arch_m * (1 - t**2))
    flare = np.stack([1 + 0.15 * np.abs(t) ** 6, 1 + 0.75 * np.abs(t) ** 5], 1)
    tall = params.rim_width_m * 1.05
    profile = rounded_rectangle(params.rim_depth_m * 0.86, tall, 0.45 * min(params.rim_depth_m * 0.86, tall), 4)
    rings = sweep(path, front.direction(flat, np.broadcast_to([0.0, 1], flat.shape)), profile, flare)
    return tube(rings)


def _pad(head: Anchors, front: Front, drawing: Drawing, side: float) -> tuple[Solid, Solid]:
    """The pad on the nose's flank, and the wire that holds it."""
    rim = front.place(_sided(drawing.rim_at(-0.12, nasal=True), side))
    spot, out = _flank(head, rim, side)
    centre = spot + out * 0.0016
    up = unit(np.array([0.0, 1, 0]) - out[1] * out)
    t = np.sin(np.linspace(-1, 1, 13) * np.pi / 2 * 0.97)
    width = np.sqrt(1 - t**2)
    path = centre + up * (0.0062 * t)[:, None]
    pad = tube(sweep(path, out, ellipse(0.0074, 0.0024, 16), np.stack([width, np.sqrt(width)], 1)))
    back = centre + out * 0.0009
    elbow = (rim + back) / 2 + [side * 0.0008, 0.001, -0.0022]
    wire = smooth_path(np.stack([rim, rim * 0.72 + elbow * 0.28 + [0, 0, -0.0015], elbow, back]), 18)
    return pad, tube(sweep(wire, np.array([0, 1.0, 0]), ellipse(0.0011, 0.0011, 10)))


def _flank(head: Anchors, rim: F32, side: float) -> tuple[F32, F32]:
    """The nose's side below and behind the rim: a point [3] and the skin's outside [3] there."""
    tries = np.array(
        [[side * 0.004, dy, dz] for dz in (-0.006, -0.008, -0.010, -0.004) for dy in (-0.003, -0.006, 0.0)]
    )
    middle = head.pupils_m[:, 0].mean()
    hits = cast(head.skin, rim + tries, np.array([-side, 0, 0.0]))
    good = np.isfinite(hits.distance_m) & ((hits.points_m[:, 0] - middle) * side > 0.002) & (hits.distance_m < 0.014)
    row = int(good.argmax())
    if not good[row]:
        return rim + np.array([-side * 0.003, -0.003, -0.005]), unit(np.array([side, 0.0, 0.6]))
    a, b, c = head.skin.vertices[head.skin.faces[np.searchsorted(head.skin.rows, hits.triangle[row])]].astype(float)
    return hits.points_m[row], unit(np.cross(b - a, c - a))
