"""Teeth, gums, tongue and inner mouth: painted by shape, because photos show too little of them."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb
from headsmith.texture.delight import LUMINANCE
from headsmith.texture.project import smoothstep
from headsmith.texture.uv import Atlas
from headsmith.types import F32

TOOTH = np.array([0.90, 0.86, 0.79], np.float32)
GUM = np.array([0.72, 0.43, 0.42], np.float32)
TONGUE = np.array([0.70, 0.40, 0.39], np.float32)
CAVITY = np.array([0.50, 0.22, 0.21], np.float32)
THROAT = np.array([0.20, 0.06, 0.06], np.float32)
"""sRGB"""
UPPER_WIDTHS_M = np.array([8.5, 6.5, 7.6, 7.0, 6.8, 10.2, 9.6, 9.0]) * 1e-3
LOWER_WIDTHS_M = np.array([5.3, 5.9, 6.8, 7.0, 7.1, 11.0, 10.5, 10.0]) * 1e-3
"""mean widths of adult teeth from the middle to the back (Wheeler's Dental Anatomy)"""
CROWN_SHARE = 0.6
"""of the height of a row of teeth, from the biting edge to the gum"""
SEEN_TEETH = (0.22, 0.75)
"""linear luminance between which a seen texel may be a tooth"""


def tooth_colour(albedo: F32, weight: F32) -> F32:
    """[3] sRGB from the teeth's texels in the photos [N, 3] linear; a usual one where none is clearly seen."""
    luminance = albedo @ LUMINANCE
    pale = albedo.min(1) > 0.55 * albedo.max(1)
    chosen = (weight > 0.3) & pale & (luminance > SEEN_TEETH[0]) & (luminance < SEEN_TEETH[1])
    if int(chosen.sum()) < 0.01 * max(len(weight), 1) or int(chosen.sum()) < 50:
        return TOOTH
    seen = linear_to_srgb(np.median(albedo[chosen], axis=0))
    return np.clip(seen / seen.mean() * np.clip(seen.mean(), 0.76, 0.90), TOOTH - 0.12, TOOTH + 0.08)


def paint_teeth(model: HeadModel, atlas: Atlas, part: str, tooth: F32) -> F32:
    """[N, 3] sRGB of one row: crowns with gaps and rounded shading, a scalloped gum above (or below) them."""
    lower = part == "teeth_lower"
    position = atlas.at(model.v_template)
    points = model.v_template[np.unique(model.faces[model.faces_of(part)])]
    arc, height = _along_arch(position, points), _height(position, points, lower)
    widths = LOWER_WIDTHS_M if lower else UPPER_WIDTHS_M
    widths = widths * (float(_along_arch(points, points).max()) / float(widths.sum()))
    edges = np.concatenate([[0], np.cumsum(widths)])
    tooth_index = np.clip(np.searchsorted(edges, arc, side="right") - 1, 0, len(widths) - 1)
    across = (arc - edges[tooth_index]) / widths[tooth_index] * 2 - 1
    gap_m = (1 - np.abs(across)) * widths[tooth_index] / 2
    gum_line = CROWN_SHARE - 0.11 * across**2 - 0.02 * (tooth_index == 1)
    brightness = (1 - 0.07 * across**2) * (1 - 0.32 * np.exp(-((gap_m / 3.5e-4) ** 2)))
    brightness *= 1 - 0.03 * (tooth_index % 3) - 0.12 * smoothstep(12e-3, 40e-3, arc)
    warm = smoothstep(0.2, CROWN_SHARE, height)[:, None] * np.array([0.02, 0.05, 0.10], np.float32)
    edge = (1 - smoothstep(0.0, 0.10, height))[:, None] * np.array([0.04, 0.04, 0.03], np.float32)
    crown = tooth * brightness[:, None] * (1 - warm - edge)
    shadow = 1 - 0.25 * np.exp(-(((height - gum_line) / 0.03) ** 2))
    gum = GUM * (0.88 + 0.12 * np.cos(np.pi * across))[:, None]
    is_gum = smoothstep(-0.02, 0.02, height - gum_line)[:, None]
    return ((crown * (1 - is_gum) + gum * is_gum) * shadow[:, None]).astype(np.float32)


def paint_tongue(model: HeadModel, atlas: Atlas, seed: int) -> F32:
    """[N, 3] sRGB: pink, darker to the back and in the middle line, finely mottled."""
    position = atlas.at(model.v_template)
    back = smoothstep(0.0, 1.0, (position[:, 2].max() - position[:, 2]) / max(float(np.ptp(position[:, 2])), 1e-6))
    groove = np.exp(-((position[:, 0] / 1.5e-3) ** 2))
    speckle = np.random.default_rng(seed).standard_normal(len(position)).astype(np.float32)
    return TONGUE * (1 - 0.35 * back - 0.10 * groove + 0.015 * speckle)[:, None]


def paint_cavity(model: HeadModel, atlas: Atlas) -> F32:
    """[N, 3] sRGB of the inside of the mouth: reddish behind the lips, dark towards the throat."""
    depth_m = _front_of_mouth(model) - atlas.at(model.v_template)[:, 2]
    back = smoothstep(0.006, 0.045, depth_m)[:, None]
    return (CAVITY * (1 - back) + THROAT * back).astype(np.float32)


def _front_of_mouth(model: HeadModel) -> float:
    inner = model.regions["inner_mouth"] > 0.5
    return float(np.quantile(model.v_template[inner, 2], 0.98))


def _along_arch(position_m: F32, points_m: F32) -> F32:
    """[N] metres along the dental arch from the midline, by the angle around the middle of the arch."""
    middle = np.array([0.0, np.quantile(points_m[:, 2], 0.3)])
    angle = _arch_angle(position_m, middle)
    ends = _arch_angle(points_m, middle)
    bins = np.linspace(0, float(ends.max()) + 1e-6, 24)
    radius = np.hypot(points_m[:, 0], points_m[:, 2] - middle[1])
    outer = np.array([radius[np.abs(ends - b) < 0.25].max(initial=0.0) for b in bins])
    outer = np.where(outer > 0, outer, radius.max())
    x, z = outer * np.sin(bins), outer * np.cos(bins)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    return np.interp(angle, bins, length).astype(np.float32)


def _arch_angle(position_m: F32, middle: F32) -> F32:
    return np.arctan2(np.abs(position_m[:, 0]), position_m[:, 2] - middle[1])


def _height(position_m: F32, points_m: F32, lower: bool) -> F32:
    """[N] 0 at the biting edge, 1 at the root, by the row's own extent at that distance from the front."""
    depth, sign = points_m[:, 2], -1 if lower else 1
    bins = np.linspace(depth.min(), depth.max(), 9)
    near = [np.abs(depth - b) < np.ptp(depth) / 6 for b in bins]
    low = np.array([(sign * points_m[n, 1]).min() for n in near])
    high = np.array([(sign * points_m[n, 1]).max() for n in near])
    bottom, top = (np.interp(position_m[:, 2], bins, edge) for edge in (low, high))
    return np.clip((sign * position_m[:, 1] - bottom) / np.maximum(top - bottom, 1e-6), 0, 1).astype(np.float32)
