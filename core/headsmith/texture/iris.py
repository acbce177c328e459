"""The iris as the photos show it: where its rim is, and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.shading import linear_to_srgb
from headsmith.texture.delight import LUMINANCE
from headsmith.types import F32

IRIS_RADIUS_M = 0.00585
"""the visible iris is 11.7 mm wide in nearly all adults (Rüfer et al. 2005)"""
LEAST_CONTRAST = 0.02
"""linear luminance between sclera and iris for the rim to be believed"""
LEAST_POINTS = 60
SEEN_WHITE = np.array([0.62, 0.54, 0.48], np.float32)
"""linear; what the white of the eye comes to in well exposed photos of faces, divided by the light on the skin"""
EXPOSURE_TRUST, TINT_TRUST = (0.35, 0.6), (0.1, 0.9)
"""deviation (logarithm) up to which it is let be, and the share of the rest that is corrected"""
FALLBACK_IRIS = np.array([0.30, 0.21, 0.14], np.float32)
SCLERA = np.array([0.81, 0.77, 0.75], np.float32)
"""sRGB"""
SCLERA_BRIGHTNESS = (0.5, 0.78)
PUPIL = 0.36
"""radius of the pupil in iris radii"""
AROUND, ACROSS = 64, 10


@dataclass(frozen=True)
class EyePoints:
    """Points of one or both eyeballs as photos show them."""

    place: F32
    """[M, 2] radians to the subject's temple and upwards from the optical axis"""
    colour: F32
    """[M, 3] linear RGB without the light"""
    weight: F32
    """[M]"""


@dataclass(frozen=True)
class EyeLook:
    radius: float
    """of the iris, radians"""
    iris: F32
    """[3] sRGB"""
    fibres: F32
    """[AROUND, ACROSS] relative brightness from the pupil's edge to the rim, 0 where unknown"""
    sclera: F32
    """[3] sRGB"""


def find_rim(points: EyePoints, expected: float) -> tuple[F32, float]:
    """Centre [2] and radius of the iris, in radians: the circle across which brightness rises most."""
    still = (np.zeros(2, np.float32), expected)
    if len(points.weight) < LEAST_POINTS:
        return still
    luminance = np.minimum(points.colour @ LUMINANCE, np.quantile(points.colour @ LUMINANCE, 0.9))
    best, found = LEAST_CONTRAST, still
    for x in np.linspace(-0.45, 0.45, 13) * expected:
        for y in np.linspace(-0.3, 0.3, 7) * expected:
            distance = np.hypot(points.place[:, 0] - x, points.place[:, 1] - y)
            for radius in np.linspace(0.88, 1.14, 7) * expected:
                contrast = _rise(distance / radius, luminance, points.weight)
                if contrast > best:
                    best, found = contrast, (np.array([x, y], np.float32), float(radius))
    return found


def _rise(ratio: F32, luminance: F32, weight: F32) -> float:
    inside, outside = (ratio > 0.6) & (ratio < 0.97), (ratio > 1.03) & (ratio < 1.45)
    share_in, share_out = float(weight[inside].sum()), float(weight[outside].sum())
    least = 0.05 * float(weight.sum())
    if share_in < least or share_out < least:
        return 0.0
    rise = weight[outside] @ luminance[outside] / share_out - weight[inside] @ luminance[inside] / share_in
    return float(rise)


def measure_eyes(points: EyePoints, radius: float) -> EyeLook:
    """The colours of eyes whose points are already centred on the iris; sensible ones where too little is seen."""
    ratio = np.linalg.norm(points.place, axis=1) / radius
    iris, white = _ring(points, ratio, 0.45, 0.88), _ring(points, ratio, 1.25, 2.4)
    unknown = np.zeros((AROUND, ACROSS), np.float32)
    if len(iris.weight) < LEAST_POINTS or len(white.weight) < LEAST_POINTS:
        return EyeLook(radius, FALLBACK_IRIS, unknown, SCLERA)
    # the eye lies in the shade of its lids: the white tells how much light was there
    seen_white = _between(white, 0.5, 0.9)
    gain = np.clip(0.5 / max(float(seen_white @ LUMINANCE), 1e-3), 0.8, 1.4)
    colour = linear_to_srgb(_between(iris, 0.15, 0.7) * gain)
    white_srgb = linear_to_srgb(seen_white * gain)
    tint = white_srgb / white_srgb.mean()
    sclera = (0.65 * SCLERA / SCLERA.mean() + 0.35 * tint) * np.clip(white_srgb.mean(), *SCLERA_BRIGHTNESS)
    return EyeLook(
        radius, np.clip(colour, 0.05, 0.65).astype(np.float32), _fibres(iris, radius), sclera.astype(np.float32)
    )


def white_gain(points: EyePoints, radius: float) -> F32:
    """[3] factors for linear albedo that bring the white of the eyes near its usual colour: exposure and white balance.

    Eyes lie in shade to an unknown degree, so that small deviations are left alone; ones where the eyes are not
    clearly seen.
    """
    ratio = np.linalg.norm(points.place, axis=1) / radius
    iris, white = _ring(points, ratio, 0.45, 0.88), _ring(points, ratio, 1.25, 2.4)
    if len(iris.weight) < LEAST_POINTS or len(white.weight) < LEAST_POINTS:
        return np.ones(3, np.float32)
    seen = np.maximum(_between(white, 0.5, 0.9), 1e-3)
    if seen @ LUMINANCE < 1.8 * _between(iris, 0.15, 0.7) @ LUMINANCE:
        return np.ones(3, np.float32)
    brightness = np.log((SEEN_WHITE @ LUMINANCE) / (seen @ LUMINANCE))
    tint = np.log(SEEN_WHITE / seen) - brightness
    exposure = np.clip(_beyond(brightness, *EXPOSURE_TRUST), -0.5, 0.85)
    balance = np.clip(_beyond(tint, *TINT_TRUST), -0.5, 0.5)
    return np.exp(exposure + balance).astype(np.float32)


def _beyond(value: F32, dead: float, share: float) -> F32:
    return np.sign(value) * np.maximum(np.abs(value) - dead, 0) * share


def _ring(points: EyePoints, ratio: F32, low: float, high: float) -> EyePoints:
    chosen = (ratio > low) & (ratio < high) & (points.weight > 0)
    return EyePoints(points.place[chosen], points.colour[chosen], points.weight[chosen])


def _between(points: EyePoints, low: float, high: float) -> F32:
    """[3] mean colour of the points whose luminance lies between two quantiles: no catchlight, no lash."""
    luminance = points.colour @ LUMINANCE
    bounds = np.quantile(luminance, [low, high])
    chosen = points.weight * ((luminance >= bounds[0]) & (luminance <= bounds[1]))
    return (chosen @ points.colour / max(float(chosen.sum()), 1e-9)).astype(np.float32)


def _fibres(iris: EyePoints, radius: float) -> F32:
    """[AROUND, ACROSS] brightness relative to each radius's own median; what lids hide is 0."""
    luminance = iris.colour @ LUMINANCE
    across = np.linalg.norm(iris.place, axis=1) / radius
    ring = np.clip(((across - PUPIL) / (1 - PUPIL) * ACROSS).astype(int), 0, ACROSS - 1)
    sector = ((np.arctan2(iris.place[:, 1], iris.place[:, 0]) / (2 * np.pi)) % 1.0 * AROUND).astype(int) % AROUND
    medians = np.array([np.median(luminance[ring == r]) if (ring == r).any() else 1.0 for r in range(ACROSS)])
    relative = np.clip(luminance / np.maximum(medians[ring], 1e-3) - 1, -0.5, 0.5)
    cell = sector * ACROSS + ring
    total = np.bincount(cell, iris.weight, AROUND * ACROSS)
    mean = np.bincount(cell, iris.weight * relative, AROUND * ACROSS) / np.maximum(total, 1e-9)
    return mean.reshape(AROUND, ACROSS).astype(np.float32)
