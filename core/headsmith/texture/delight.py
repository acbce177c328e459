"""The light of a photo, told apart from the colour of the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.shading import sh_basis
from headsmith.texture.params import TextureParams
from headsmith.texture.surface import solve_field
from headsmith.types import F32, I32

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""of linear RGB (Rec. 709)"""
BAND_RIDGE = np.array([0, 1e-3, 1e-3, 1e-3, 8e-3, 8e-3, 8e-3, 8e-3, 8e-3])
"""pull of each coefficient towards zero, relative to the weight of all observations"""
TINT_RIDGE = 8.0
"""how much more a coloured gradient is held back than a white one"""
ALBEDO_STIFFNESS = 40.0
MEAN_IRRADIANCE = 1.0
"""of the seen skin, so that the albedo is about as bright as a well exposed photo"""
SKIN_LUMINANCE = (0.05, 0.45)
"""plausible albedo of human skin, linear"""
SKIN_RED_TO_GREEN = (1.25, 2.3)
SKIN_BLUE_TO_GREEN = (0.5, 0.92)


@dataclass(frozen=True)
class SkinObservations:
    """The skin as one photo shows it, on the vertices of the head."""

    faces: I32
    """[F, 3]"""
    mirror: I32
    """[V]"""
    colour: F32
    """[V, 3] linear RGB"""
    normal: F32
    """[V, 3]"""
    weight: F32
    """[V] 0 where not seen or not skin"""


def fit_light(skin: SkinObservations, params: TextureParams) -> F32:
    """[9, 3] the irradiance that, times an even skin colour, explains the photo best (robust least squares)."""
    if float(skin.weight.sum()) <= 0:
        return _white(np.ones(3, np.float32))
    colour = _robust_mean(skin.colour, skin.weight)
    light = _white(np.ones(3, np.float32))
    albedo = np.broadcast_to(colour, skin.colour.shape)
    for _ in range(params.light_steps):
        light, before = _solve_light(skin, albedo, light), light
        if np.abs(light - before).max() < 1e-4:
            break
    for _ in range(params.refine_steps):
        albedo = _smooth_albedo(skin, light, colour)
        light = _solve_light(skin, albedo, light)
    return _normalised(_without_darkness(light, skin, params.min_irradiance), skin, params)


def irradiance(normal: F32, light_sh: F32, params: TextureParams) -> F32:
    """[N, 3] at unit normals [N, 3]; held above a floor so that dividing by it cannot clip."""
    floor = 0.6 * params.min_irradiance * MEAN_IRRADIANCE
    return np.maximum(sh_basis(normal) @ light_sh, floor)


def _white(colour: F32) -> F32:
    out = np.zeros((9, 3), np.float32)
    out[0] = colour / 0.282095
    return out


def _robust_mean(values: F32, weight: F32) -> F32:
    luminance = values @ LUMINANCE
    low, high = np.quantile(luminance[weight > 0], [0.15, 0.95])
    chosen = weight * ((luminance >= low) & (luminance <= high))
    return (chosen @ values / max(float(chosen.sum()), 1e-9)).astype(np.float32)


def _solve_light(skin: SkinObservations, albedo: F32, light: F32) -> F32:
    """One re-weighted least-squares step: a white light first, then its tint, which is held back more."""
    basis = sh_basis(skin.normal).astype(np.float64)
    target = skin.colour / np.maximum(albedo, 1e-3)
    residual = np.abs(target - basis @ light).mean(1)
    weight = skin.weight / np.maximum(residual, 0.05)
    weight = weight / weight.sum()
    white = _ridge(basis, target.mean(1, keepdims=True), weight, 1.0)
    tint = _ridge(basis, target - basis @ white, weight, TINT_RIDGE)
    return (white + tint).astype(np.float32)


def _ridge(basis: F32, target: F32, weight: F32, strength: float) -> F32:
    system = basis.T @ (weight[:, None] * basis) + np.diag(BAND_RIDGE * strength + 1e-9)
    return np.linalg.solve(system, basis.T @ (weight[:, None] * target))


def _smooth_albedo(skin: SkinObservations, light: F32, colour: F32) -> F32:
    """[V, 3] the skin's slow changes, the same on both sides, half way towards one colour."""
    albedo = skin.colour / np.maximum(sh_basis(skin.normal) @ light, 0.2)
    both = skin.weight + skin.weight[skin.mirror]
    weighted = skin.weight[:, None] * albedo
    even = (weighted + weighted[skin.mirror]) / np.maximum(both, 1e-9)[:, None]
    pull = np.minimum(both / max(float(np.median(both[both > 0])), 1e-9), 1.0)
    slow = solve_field(skin.faces, np.clip(even, 0.3 * colour, 2 * colour), pull, stiffness=ALBEDO_STIFFNESS)
    return 0.5 * colour + 0.5 * slow


def _without_darkness(light: F32, skin: SkinObservations, least: float) -> F32:
    """The light, its contrast reduced until no seen skin gets less than `least` of the mean."""
    seen = skin.weight > 0.05 * skin.weight.max()
    shading = sh_basis(skin.normal[seen]) @ light
    mean = float(np.average(shading.mean(1), weights=skin.weight[seen]))
    lowest = float(np.quantile(shading, 0.01))
    constant = light[0] * 0.282095
    if lowest >= least * mean:
        return light
    keep = float(np.clip((constant.mean() - least * mean) / max(constant.mean() - lowest, 1e-6), 0, 1))
    out = light * np.float32(keep)
    out[0] = light[0]
    return out


def _normalised(light: F32, skin: SkinObservations, params: TextureParams) -> F32:
    """The light scaled, and tinted where the skin would else have an impossible colour."""
    shading = sh_basis(skin.normal) @ light
    mean = np.average(shading, axis=0, weights=skin.weight)
    light = light * (MEAN_IRRADIANCE / float(mean.mean()))
    albedo = _robust_mean(skin.colour / np.maximum(sh_basis(skin.normal) @ light, 0.2), skin.weight)
    return light * (albedo / np.maximum(plausible_skin(albedo, params.keep_tint), 1e-4))


def plausible_skin(albedo: F32, keep: float) -> F32:
    """[3] the linear colour moved towards those that skin can have; `keep` of what exceeds them stays."""
    albedo = np.maximum(albedo, 1e-4)
    red, green, blue = albedo
    red_ratio = _towards_range(red / green, SKIN_RED_TO_GREEN, keep)
    blue_ratio = _towards_range(blue / green, SKIN_BLUE_TO_GREEN, keep)
    moved = np.array([red_ratio, 1.0, blue_ratio]) * green
    moved *= float(albedo @ LUMINANCE) / float(moved @ LUMINANCE)
    luminance = float(moved @ LUMINANCE)
    return (moved * (np.clip(luminance, *SKIN_LUMINANCE) / luminance)).astype(np.float32)


def _towards_range(value: float, allowed: tuple[float, float], keep: float) -> float:
    inside = float(np.clip(value, *allowed))
    return inside * (value / inside) ** keep
