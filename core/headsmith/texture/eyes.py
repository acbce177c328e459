"""Whole eyeballs: sclera, iris and pupil painted on the sphere in the colours that the photos show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.iris import (
    ACROSS,
    AROUND,
    IRIS_RADIUS_M,
    PUPIL,
    EyeLook,
    EyePoints,
    find_rim,
    measure_eyes,
    white_gain,
)
from headsmith.texture.lit import LitPhoto
from headsmith.texture.noise import lattice_noise
from headsmith.texture.project import smoothstep
from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool

EYES = ("eye_left", "eye_right")
LEAST_IRIS_PX = 9.0
"""radius in the photo from which the iris's own pattern is worth keeping"""
VEIN = np.array([0.78, 0.45, 0.42], np.float32)


def eye_look(model: HeadModel, atlas: Atlas, photo: LitPhoto) -> EyeLook:
    """Measure both eyes."""
    points, radius = _both_eyes(model, atlas, photo)
    look = measure_eyes(points, radius)
    if photo.pixels_per_m * IRIS_RADIUS_M < LEAST_IRIS_PX:
        return replace(look, fibres=np.zeros_like(look.fibres))
    return look


def balanced(model: HeadModel, atlas: Atlas, photo: LitPhoto) -> tuple[LitPhoto, F32]:
    """The photo with exposure and white balance corrected by the white of the eyes, and the factors [3] of its albedo;
    what it shows under its light stays the same."""
    if not any(part in model.part_names for part in EYES):
        return photo, np.ones(3, np.float32)
    gain = white_gain(*_both_eyes(model, atlas, photo))
    return replace(photo, albedo=photo.albedo * gain, light_sh=photo.light_sh / gain), gain


def _both_eyes(model: HeadModel, atlas: Atlas, photo: LitPhoto) -> tuple[EyePoints, float]:
    """Both eyes' points, and the radius of the iris."""
    parts = [name for name in EYES if name in model.part_names]
    eyes = [_centred(model, atlas, part, photo, model.faces_of(part)[atlas.triangle]) for part in parts]
    points = EyePoints(*(np.concatenate([getattr(e, n) for e, _ in eyes]) for n in ("place", "colour", "weight")))
    return points, float(np.mean([radius for _, radius in eyes]))


def _centred(model: HeadModel, atlas: Atlas, part: str, photo: LitPhoto, chosen: Bool) -> tuple[EyePoints, float]:
    """The seen points of one eye around the centre of its iris, and the iris's radius."""
    seen = chosen & (photo.seen > 0)
    place = eye_place(model, atlas.subset(seen), part)
    points = EyePoints(place, photo.albedo[seen], photo.seen[seen])
    centre, radius = find_rim(points, iris_angle(model, part))
    return replace(points, place=place - centre), radius


def paint_eye(model: HeadModel, atlas: Atlas, part: str, look: EyeLook, seed: int) -> F32:
    """[N, 3] sRGB of one eyeball's texels; both eyes get the same look, mirrored."""
    place = eye_place(model, atlas, part)
    angle = np.linalg.norm(place, axis=1)
    turn = np.arctan2(place[:, 1], place[:, 0]) / (2 * np.pi)
    random = np.random.default_rng(seed)
    iris = _iris(angle / look.radius, turn, look, random)
    white = _sclera(place, angle, turn, look, random)
    inside = (1 - smoothstep(0.93, 1.07, angle / look.radius))[:, None]
    return white * (1 - inside) + iris * inside


def iris_angle(model: HeadModel, part: str) -> float:
    """The angle under which an adult's iris is seen from the centre of this model's eyeball, radians."""
    _, radius_m = _ball(model, part)
    return float(np.arcsin(min(IRIS_RADIUS_M / radius_m, 0.7)))


def eye_place(model: HeadModel, atlas: Atlas, part: str) -> F32:
    """[N, 2] angles of the texels from the optical axis (+Z in rest), towards the temple and upwards, radians."""
    centre, _ = _ball(model, part)
    offset = atlas.at(model.v_template) - centre
    offset /= np.maximum(np.linalg.norm(offset, axis=1, keepdims=True), 1e-9)
    if part == "eye_right":
        offset = offset * np.array([-1, 1, 1], np.float32)
    angle = np.arccos(np.clip(offset[:, 2], -1, 1))
    sideways = np.maximum(np.hypot(offset[:, 0], offset[:, 1]), 1e-9)
    return (offset[:, :2] * (angle / sideways)[:, None]).astype(np.float32)


def _ball(model: HeadModel, part: str) -> tuple[F32, float]:
    points = model.v_template[np.unique(model.faces[model.faces_of(part)])]
    centre = (points.min(0) + points.max(0)) / 2
    return centre, float(np.median(np.linalg.norm(points - centre, axis=1)))


def _iris(ratio: F32, turn: F32, look: EyeLook, random: np.random.Generator) -> F32:
    along = np.clip((ratio - PUPIL) / (1 - PUPIL), 0, 1)
    fine = lattice_noise(random.standard_normal((170, 4)), turn + 0.004 * np.sin(9 * along), along)
    coarse = lattice_noise(random.standard_normal((47, 5)), turn, along)
    seen = lattice_noise(look.fibres, turn - 0.5 / AROUND, np.clip(along - 0.5 / ACROSS, 0, 1))
    collarette = np.exp(-(((along - 0.22) / 0.16) ** 2))
    rim = smoothstep(0.72, 1.0, along)
    brightness = (1 + 0.10 * fine + 0.08 * coarse + seen) * (0.92 + 0.28 * collarette) * (1 - 0.62 * rim)
    colour = look.iris * np.clip(brightness, 0.1, 1.8)[:, None]
    open_to_light = smoothstep(PUPIL - 0.05, PUPIL + 0.07, ratio)[:, None]
    return (0.02 * (1 - open_to_light) + colour * open_to_light).astype(np.float32)


def _sclera(place: F32, angle: F32, turn: F32, look: EyeLook, random: np.random.Generator) -> F32:
    """White near the iris, warmer and darker towards the corners and under the lids, with faint veins."""
    outward = smoothstep(1.1 * look.radius, 3.2 * look.radius, angle)
    under_lid = smoothstep(0.7 * look.radius, 2.0 * look.radius, place[:, 1])
    shade = 1 - 0.28 * outward - 0.22 * under_lid
    along = np.clip(angle / 1.6, 0, 1)
    wander = 0.03 * lattice_noise(random.standard_normal((11, 9)), turn, along)
    branch = lattice_noise(random.standard_normal((61, 7)), turn + wander, along)
    vein = np.exp(-((branch / 0.07) ** 2)) * smoothstep(1.3 * look.radius, 2.8 * look.radius, angle) * 0.16
    reddish = (0.10 * outward + vein)[:, None]
    return ((look.sclera * (1 - reddish) + VEIN * reddish) * shade[:, None]).astype(np.float32)
