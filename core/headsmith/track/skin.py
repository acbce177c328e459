"""Points on the skin whose colours the texture knows: what the photometric term holds against the pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import sample_bilinear, srgb_to_linear
from headsmith.track.params import PhotoParams
from headsmith.track.points import HeadPoints, points_at
from headsmith.types import F32, I32, Bool, StaticTexture

INTER_OCULAR_M = 0.061
"""of a usual head: sizes of pixels on the skin need no more"""
CANDIDATES_PER_POINT = 4
LEAST_CONTRAST = 0.004
"""a step of linear colour per pixel; keeps some points on plain skin"""
OBSERVED = 0.3
SEED = 0


@dataclass(frozen=True)
class Skin:
    """K points; one set of colours for each level of the pictures."""

    model: HeadModel
    """without what only other identities need"""
    rest_m: F32
    """[V, 3]"""
    points: HeadPoints
    triangle: I32
    """[K]"""
    barycentric: F32
    """[K, 3]"""
    albedo: F32
    """[levels, K, 3] linear"""
    light_camera: F32
    """[9, 3] of the clip, in camera axes"""


def sample_skin(model: HeadModel, rest_m: F32, texture: StaticTexture, params: PhotoParams) -> Skin:
    """Points spread over the face where the photos showed it, more of them where its colour changes."""
    random = np.random.default_rng(SEED)
    face = model.regions["face"] * (1 - model.regions["inner_mouth"])
    usable = (face[model.faces].min(1) > 0.5) & model.faces_of("head")
    corners = rest_m[model.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2 * usable
    triangle = random.choice(len(area), CANDIDATES_PER_POINT * params.points, p=area / area.sum()).astype(np.int32)
    barycentric = random.dirichlet(np.ones(3), len(triangle))
    uv = (model.uvs[model.uv_faces[triangle]] * barycentric[..., None]).sum(1)
    seen = sample_bilinear(texture.observed[..., None], uv)[:, 0] > OBSERVED
    levels = _blurred_albedo(model, corners, usable, texture, params)
    contrast = sum(sample_bilinear(np.abs(g)[..., None], uv)[:, 0] for g in np.gradient(levels[-1].mean(-1)))
    chance = (contrast + LEAST_CONTRAST * _texel_share(levels[-1])) * seen
    kept = random.choice(len(triangle), min(params.points, int((chance > 0).sum())), replace=False,
                         p=chance / chance.sum())  # fmt: skip
    triangle, barycentric = triangle[kept], barycentric[kept]
    lean = replace(model, shapedirs=model.shapedirs[..., :0], arkit=model.arkit[:0])
    albedo = np.stack([sample_bilinear(level, uv[kept]) for level in levels])
    return Skin(lean, rest_m.astype(np.float32), points_at(model, rest_m, triangle, barycentric), triangle,
                barycentric, albedo, np.zeros((9, 3), np.float32))  # fmt: skip


def _blurred_albedo(
    model: HeadModel, corners: F32, usable: Bool, texture: StaticTexture, params: PhotoParams
) -> list[F32]:
    """The texture (linear, [T, T, 3]) as pictures of each level's resolution would show it."""
    side = texture.albedo.shape[0]
    uv = model.uvs[model.uv_faces] * side
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    texels = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    square_m = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    texels_per_m = np.sqrt(texels[usable].sum() / square_m[usable].sum())
    linear = srgb_to_linear(texture.albedo.astype(np.float32) / 255)
    sigmas = [params.blur_px * INTER_OCULAR_M / eye_px * texels_per_m for eye_px in params.eye_distances_px]
    return [gaussian_filter(linear, (sigma, sigma, 0)) for sigma in sigmas]


def _texel_share(level: F32) -> float:
    return 512 / level.shape[0]
