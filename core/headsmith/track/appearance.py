"""How the skin looks in one clip: its light, and what albedo and light together do not explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headsmith.head_model.shading import sh_basis, srgb_to_linear
from headsmith.track.params import PhotoParams
from headsmith.track.photometric import expected_colors, visible_skin
from headsmith.track.pictures import Picture, sample
from headsmith.track.points import camera_points
from headsmith.track.problem import Problem
from headsmith.track.skin import Skin
from headsmith.track.states import States
from headsmith.types import F32, Bool

RIDGE = 0.01
"""of the higher coefficients, by observation: nothing faces away from the camera"""
TRIMMED = 0.12
"""linear difference beyond which a pixel shows something else"""
ROUNDS = 3
SURPRISING = 3.0
"""standard deviations beyond which a colour counts less"""


def observed(problem: Problem, skin: Skin, states: States, pictures: Sequence[Picture]) -> tuple[F32, F32, Bool]:
    """Colours [N, K, 3] sRGB and normals [N, K, 3] (camera space) of the points in N frames, and where seen [N, K]."""
    colors, normals, seen = [], [], []
    for row, picture in enumerate(pictures):
        visible, turned = visible_skin(skin, states, row)
        camera_m = camera_points(skin.points, states, row)
        shown, _, inside = sample(picture, problem.focal_px * camera_m[:, :2] / camera_m[:, 2:])
        colors.append(shown)
        normals.append(turned)
        seen.append(visible & inside)
    return np.stack(colors), np.stack(normals), np.stack(seen)


def with_light(skin: Skin, look: tuple[F32, F32, Bool]) -> Skin:
    """The light of what was `observed`, in camera axes: robust least squares in nine spherical harmonics."""
    colors, normals, seen = look
    basis = sh_basis(normals[seen]).astype(np.float64)
    albedo = np.broadcast_to(skin.albedo[-1], colors.shape)[seen].astype(np.float64)
    target = srgb_to_linear(colors[seen])
    weight = np.ones(len(target))
    ridge = RIDGE * len(target) * np.diag([0.0] + [1.0] * 8)
    light = np.zeros((9, 3))
    for _ in range(ROUNDS):
        for channel in range(3):
            A = basis * albedo[:, channel, None]
            scale = np.square(albedo[:, channel]).mean()
            normal = (A * weight[:, None]).T @ A + ridge * scale
            light[:, channel] = np.linalg.solve(normal, (A * weight[:, None]).T @ target[:, channel])
        miss = np.abs(albedo * (basis @ light) - target).max(1)
        weight = 1 / (1 + np.square(miss / TRIMMED)) ** 2
    return replace(skin, light_camera=light.astype(np.float32))


def spread(skin: Skin, look: tuple[F32, F32, Bool]) -> float:
    """Standard deviation of the observed colours from the expected ones, sRGB, whatever covers some of the skin."""
    colors, normals, seen = look
    expected = np.stack([expected_colors(skin, -1, n) for n in normals])
    return float(1.4826 * np.median(np.abs(colors - expected)[seen]))


def color_cost(skin: Skin, look: tuple[F32, F32, Bool], params: PhotoParams) -> float:
    """Mean robust squared difference of the observed from the expected colours (Geman and McClure 1985)."""
    colors, normals, seen = look
    expected = np.stack([expected_colors(skin, -1, n) for n in normals])
    squared = np.square((colors - expected)[seen] / params.std).sum(1)
    return float((squared / (1 + squared / SURPRISING**2)).mean())
