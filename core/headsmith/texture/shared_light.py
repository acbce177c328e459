"""The light of each of many photos, told apart from one albedo that all of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.shading import sh_basis
from headsmith.texture.delight import BAND_RIDGE, LUMINANCE, SkinObservations, fit_light, irradiance
from headsmith.texture.params import TextureParams
from headsmith.types import F32

ROUNDS = 8
BRIGHTER, DARKER = 0.05, 0.12
"""deviation of log(colour) from the shared skin at which a vertex counts half in a photo: shine only ever adds light"""
COMMON_RIDGE = 4.0
"""how much more a photo's light is drawn to the light of all photos than to darkness"""
LOG_FLOOR = 0.01
"""linear colour below which logarithms say nothing"""


@dataclass(frozen=True)
class SharedSkin:
    """What many photos agree on."""

    lights: F32
    """[n, 9, 3]"""
    albedo: F32
    """[V, 3] linear RGB; the mean where no photo shows any"""
    known: F32
    """[V] the photos' summed weights"""


def share_light(photos: list[SkinObservations], params: TextureParams) -> SharedSkin:
    """One light per photo and one albedo, by turns: least squares, robust against what only one photo shows.

    What all photos have in common (a light that turns with the head) stays as the photos show it one by one.
    """
    weight = np.stack([p.weight / max(float(p.weight.max()), 1e-9) for p in photos])
    rough = replace(params, light_steps=12, refine_steps=1)
    lights = _exposed_alike(photos, weight, np.stack([fit_light(photo, rough) for photo in photos]), params)
    albedo = _albedo(photos, lights, weight, params)
    level = _level(albedo, weight.sum(0))
    for _ in range(ROUNDS):
        steady = weight * _agreement(photos, lights, albedo, params)
        common = lights.mean(0)
        lights = np.stack([_light(p, w, albedo, common) for p, w in zip(photos, steady, strict=True)])
        albedo = _albedo(photos, lights, steady, params)
        gain = level / np.maximum(_level(albedo, weight.sum(0)), 1e-4)
        albedo, lights = albedo * gain, lights / gain
    return SharedSkin(lights.astype(np.float32), albedo, weight.sum(0))


def further_light(photo: SkinObservations, shared: SharedSkin, params: TextureParams) -> F32:
    """[9, 3] the light of a photo that was not among those."""
    common, light = shared.lights.mean(0), shared.lights.mean(0)
    for _ in range(3):
        odd = deviation(log_residual(photo, light, shared.albedo, params))
        light = _light(photo, photo.weight / (1 + odd**2), shared.albedo, common)
    return light


def log_residual(photo: SkinObservations, light: F32, albedo: F32, params: TextureParams) -> F32:
    """[V, 3] logarithm of a photo's colour over what albedo [V, 3] and light [9, 3] say."""
    shown = photo.colour / irradiance(photo.normal, light, params)
    return np.log(np.maximum(shown, LOG_FLOOR) / np.maximum(albedo, LOG_FLOOR))


def _agreement(photos: list[SkinObservations], lights: F32, albedo: F32, params: TextureParams) -> F32:
    """[n, V] 0..1"""
    pairs = zip(photos, lights, strict=True)
    return np.stack([1 / (1 + deviation(log_residual(p, light, albedo, params)) ** 2) for p, light in pairs])


def deviation(residual: F32) -> F32:
    """[V] of log residuals [V, 3], in the deviations `BRIGHTER` and `DARKER`."""
    odd = np.where(residual > 0, residual / BRIGHTER, residual / -DARKER)
    return odd.mean(1)


def _exposed_alike(photos: list[SkinObservations], weight: F32, lights: F32, params: TextureParams) -> F32:
    """The lights [n, 9, 3] scaled so that each photo agrees with those before it where both see the skin."""
    total, mean = np.zeros(weight.shape[1]), np.zeros((weight.shape[1], 3))
    out = []
    for photo, w, light in zip(photos, weight, lights, strict=True):
        albedo = photo.colour / irradiance(photo.normal, light, params)
        shared = np.minimum(total, w)
        gain = np.ones(3)
        if float(shared.sum()) > 1:
            chosen = shared > 0.5 * float(np.quantile(shared[shared > 0], 0.9))
            ratio = mean[chosen] / np.maximum(total[chosen], 1e-9)[:, None] / np.maximum(albedo[chosen], LOG_FLOOR)
            gain = np.clip(np.median(ratio, axis=0), 0.3, 3.0)
        out.append(light / gain)
        mean += albedo * gain * w[:, None]
        total += w
    return np.stack(out).astype(np.float32)


def _albedo(photos: list[SkinObservations], lights: F32, weight: F32, params: TextureParams) -> F32:
    """[V, 3] the weighted mean of the photos without their lights."""
    total = np.zeros((len(photos[0].weight), 3))
    for photo, light, w in zip(photos, lights, weight, strict=True):
        total += w[:, None] * photo.colour / irradiance(photo.normal, light, params)
    seen = weight.sum(0)
    albedo = total / np.maximum(seen, 1e-9)[:, None]
    if (seen > 1e-3).any():
        albedo[seen <= 1e-3] = np.median(albedo[seen > 1e-3], axis=0)
    return albedo.astype(np.float32)


def _level(albedo: F32, weight: F32) -> F32:
    """[3] the typical colour of well seen skin."""
    if not weight.any():
        return np.ones(3, np.float32)
    return np.median(albedo[weight >= 0.5 * np.median(weight[weight > 0])], axis=0)


def _light(photo: SkinObservations, weight: F32, albedo: F32, common: F32) -> F32:
    """[9, 3] the photo's light: that of all photos, and what this one shows beyond it."""
    total = float(weight.sum())
    if total <= 0:
        return common
    basis = sh_basis(photo.normal).astype(np.float64)
    pull = (weight * (albedo @ LUMINANCE) / total)[:, None]
    target = photo.colour / np.maximum(albedo, 1e-3)
    scale = float(pull.sum())
    common = common * ((pull * target).sum(0) / np.maximum((pull * (basis @ common)).sum(0), 1e-6))
    rest = target - basis @ common
    system = basis.T @ (pull * basis) + np.diag((COMMON_RIDGE * BAND_RIDGE + 1e-9) * scale)
    return (common + np.linalg.solve(system, basis.T @ (pull * rest))).astype(np.float32)
