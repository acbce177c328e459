"""The known subject's skin, eyes and mouth: painted procedurally, with detail down to half a millimetre."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.head_model.tints import BROW_X_M, BROW_Y_M
from headsmith.splats.sampling import triangle_areas
from headsmith.texture.eyes import EYES, iris_angle, paint_eye
from headsmith.texture.iris import ACROSS, AROUND, SCLERA, EyeLook
from headsmith.texture.lashes import LASH
from headsmith.texture.mouth import TOOTH, paint_cavity, paint_teeth, paint_tongue
from headsmith.texture.uv import Atlas, build_atlas, fill_between_charts
from headsmith.types import F32, U8

SKIN = np.array([0.80, 0.61, 0.52], np.float32)
RED = np.array([0.80, 0.42, 0.38], np.float32)
LIP = np.array([0.68, 0.36, 0.35], np.float32)
BROWN = np.array([0.45, 0.27, 0.19], np.float32)
BROW = np.array([0.22, 0.15, 0.11], np.float32)
UNDER_HAIR = np.array([0.16, 0.11, 0.08], np.float32)
IRIS = np.array([0.28, 0.38, 0.42], np.float32)
"""sRGB"""
_MOTTLING = ((0.020, 0.020), (0.006, 0.018), (0.002, 0.016), (0.0009, 0.018))
"""wavelength in metres and strength of the skin's unevenness"""
_FRECKLES, _FRECKLE_RADIUS_M, _FRECKLE_DARKNESS = 500, (0.0005, 0.0014), (0.10, 0.45)
_MOLES, _MOLE_RADIUS_M = 14, (0.0010, 0.0022)
_BROW_HALF_WIDTH_M = 0.0042
_BLUSH = ((0.040, -0.035, 0.022, 0.35), (-0.040, -0.035, 0.022, 0.35), (0.0, -0.033, 0.014, 0.40))
"""x, y, radius (metres) and strength of the red on cheeks and nose"""


def paint_subject(model: HeadModel, size_px: int, seed: int) -> U8:
    """[T, T, 3] sRGB albedo for the whole head; the same for the same seed."""
    atlas = build_atlas(model, size_px)
    random = np.random.default_rng(seed)
    albedo = _paint_skin(model, atlas, random)
    for part in EYES:
        chosen = model.faces_of(part)[atlas.triangle]
        look = EyeLook(iris_angle(model, part), IRIS, np.zeros((AROUND, ACROSS), np.float32), SCLERA)
        albedo[chosen] = paint_eye(model, atlas.subset(chosen), part, look, seed)
    for part in ("teeth_upper", "teeth_lower"):
        chosen = model.faces_of(part)[atlas.triangle]
        albedo[chosen] = paint_teeth(model, atlas.subset(chosen), part, TOOTH)
    chosen = model.faces_of("tongue")[atlas.triangle]
    albedo[chosen] = paint_tongue(model, atlas.subset(chosen), seed)
    albedo[model.faces_of("lashes")[atlas.triangle]] = LASH
    image = fill_between_charts(atlas.image(albedo), atlas)
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _paint_skin(model: HeadModel, atlas: Atlas, random: np.random.Generator) -> F32:
    """[N, 3] of every texel, as if all of it were skin."""
    place = atlas.at(model.v_template)
    color = np.tile(SKIN, (len(place), 1))
    front = np.clip(place[:, 2] / 0.01 + 3, 0, 1)
    for x, y, radius, strength in _BLUSH:
        near = np.exp(-((place[:, 0] - x) ** 2 + (place[:, 1] - y) ** 2) / radius**2)
        color = _towards(color, RED, strength * near * front)
    for wave_m, strength in _MOTTLING:
        color = color * (1 + strength * noise(place, wave_m, random))[:, None]
    color = _spotted(model, atlas, color, random)
    lips = np.clip(atlas.at(model.regions["lips"]) * 1.4 - 0.2, 0, 1)
    creases = 1 + 0.10 * noise(place * np.array([3.0, 0.6, 1.0], np.float32), 0.0022, random)
    color = _towards(color, LIP * creases[:, None], 0.85 * lips)
    color = _towards(color, BROW, _brows(place, random))
    inside = atlas.at(model.regions["inner_mouth"])
    color = _towards(color, paint_cavity(model, atlas), inside)
    return _towards(color, UNDER_HAIR, np.clip(2 * atlas.at(model.regions["scalp"]) - 0.4, 0, 1))


def _towards(color: F32, other: F32, share: F32) -> F32:
    return color + share[:, None] * (other - color)


def noise(points_m: F32, wave_m: float, random: np.random.Generator) -> F32:
    """[N] smooth values of mean 0 and deviation 1 at points [N, 3], that change over about half of `wave_m`."""
    table = ndimage.gaussian_filter(random.standard_normal((32, 32, 32)), 0.7, mode="wrap").astype(np.float32)
    at = (points_m / (wave_m / 2)).T
    return ndimage.map_coordinates(table / table.std(), at, order=1, mode="grid-wrap").astype(np.float32)


def _spotted(model: HeadModel, atlas: Atlas, color: F32, random: np.random.Generator) -> F32:
    """Freckles over the face, moles anywhere on the skin."""
    areas = triangle_areas(model.v_template, model.faces) * model.faces_of("head")
    face = model.regions["face"][model.faces].mean(1)
    place = atlas.at(model.v_template)
    for count, share, radii, darkness in (
        (_FRECKLES, face + 0.02, _FRECKLE_RADIUS_M, _FRECKLE_DARKNESS),
        (_MOLES, face + 0.4, _MOLE_RADIUS_M, (0.5, 0.8)),
    ):
        triangles = random.choice(len(areas), count, p=areas * share / (areas * share).sum())
        centres = (model.v_template[model.faces[triangles]] * random.dirichlet((1, 1, 1), count)[..., None]).sum(1)
        radius, dark = random.uniform(*radii, count), random.uniform(*darkness, count)
        distance, nearest = cKDTree(centres).query(place, distance_upper_bound=0.005)
        row = np.where(np.isfinite(distance), nearest, 0)
        cover = np.where(np.isfinite(distance), np.exp(-((distance / radius[row]) ** 4)), 0) * dark[row]
        color = _towards(color, BROWN, cover.astype(np.float32))
    return color


def _brows(place: F32, random: np.random.Generator) -> F32:
    """[N] 0..1: short hairs along an arch above each eye."""
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    ends = (np.array(BROW_X_M)[0] - 0.001, np.array(BROW_X_M)[-1] + 0.001)
    across = np.exp(-(((y - np.interp(x, BROW_X_M, BROW_Y_M)) / _BROW_HALF_WIDTH_M) ** 4))
    slanted = np.stack([0.35 * x - 1.0 * y, 1.6 * x + 0.5 * y, 0 * z], 1)
    hairs = 0.75 + 0.35 * noise(slanted.astype(np.float32), 0.0016, random)
    return (across * np.clip(hairs, 0, 1) * (x > ends[0]) * (x < ends[1]) * (z > -0.02)).astype(np.float32)
