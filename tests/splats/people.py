"""A subject for the trainer: the default head with a procedural texture, its hair, and rendered views of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import NEUTRAL_LIGHT, render_textured
from headsmith.types import Camera, HairShell, HeadFit, StaticTexture, TrainingView, ViewFit

SIZE_PX = 96
TEXTURE_PX = 256


@dataclass(frozen=True)
class Subject:
    model: HeadModel
    fit: HeadFit
    texture: StaticTexture
    hair: HairShell
    views: tuple[TrainingView, ...]
    """without the hair"""


@cache
def make_subject() -> Subject:
    model = load_default_head()
    identity = np.zeros(model.shapedirs.shape[2], np.float32)
    identity[:4] = [1, -1, 0.5, 0.5]
    texture = StaticTexture(_checks(), np.ones((TEXTURE_PX, TEXTURE_PX), np.float32), NEUTRAL_LIGHT[None])
    smile = np.zeros(model.exprdirs.shape[2], np.float32)
    smile[list(model.expression_names).index("jawOpen")] = 0.3
    rotations = np.zeros((len(model.joint_names), 3), np.float32)
    rest = model.rest_vertices(identity)
    shots = [(yaw, smile if yaw == 0 else 0 * smile) for yaw in (0, -45, 45, 180)]
    views = tuple(_view(model, rest, texture, yaw, expression, rotations) for yaw, expression in shots)
    fit = HeadFit(identity, np.zeros_like(rest), (ViewFit(views[0].camera, smile, rotations, NEUTRAL_LIGHT),))
    return Subject(model, fit, texture, _cap(model, rest), views)


def camera_at(yaw_deg: float, size_px: int = SIZE_PX) -> Camera:
    """1 m from the head, looking at it; positive yaw sees its left side."""
    T = np.eye(4, dtype=np.float32)
    T[:3, :3] = np.diag([1, -1, -1]) @ rotation_matrices(np.radians([[0, -yaw_deg, 0]]))[0]
    T[:3, 3] = np.array([0, 0, 1.0]) - T[:3, :3] @ np.array([0, -0.05, -0.06])
    return Camera(2.6 * size_px, (size_px / 2, size_px / 2), (size_px, size_px), T)


def _checks() -> np.ndarray:
    """[T, T, 3] sRGB: skin with soft coloured checks."""
    y, x = np.mgrid[0:TEXTURE_PX, 0:TEXTURE_PX] / TEXTURE_PX
    wave = np.sin(40 * x) * np.sin(40 * y)
    color = np.array([200, 150, 130]) + wave[..., None] * np.array([30, 40, -40])
    return np.clip(color, 0, 255).astype(np.uint8)


def _view(
    model: HeadModel, rest: np.ndarray, texture: StaticTexture, yaw_deg: float, *pose: np.ndarray
) -> TrainingView:
    """Rendered at twice the size and averaged, so that edges are soft."""
    camera = camera_at(yaw_deg, 2 * SIZE_PX)
    vertices = model.pose(rest, *pose)
    image, buffers = render_textured(vertices, model.faces, model.uvs, model.uv_faces, texture.albedo, camera)
    shape = (SIZE_PX, 2, SIZE_PX, 2)
    small = image.reshape(*shape, 3).mean((1, 3))
    alpha = (buffers.triangle >= 0).reshape(shape).mean((1, 3)).astype(np.float32)
    return TrainingView(
        camera_at(yaw_deg), np.round(small * 255).astype(np.uint8), alpha, np.ones_like(alpha), *pose, real=yaw_deg == 0
    )  # fmt: skip


def _cap(model: HeadModel, rest: np.ndarray) -> HairShell:
    """Red hair of 1 cm: the scalp, moved outwards, and closed by the scalp itself."""
    scalp = model.faces[(model.regions["scalp"][model.faces] > 0.6).all(1)]
    used, faces = np.unique(scalp, return_inverse=True)
    faces = faces.reshape(-1, 3)
    inner = rest[used]
    outer = inner + 0.01 * vertex_normals(rest, model.faces)[used]
    n = len(used)
    return HairShell(
        np.concatenate([outer, inner]).astype(np.float32),
        np.concatenate([faces, faces[:, ::-1] + n]).astype(np.int32),
        np.tile(np.array([200, 30, 20], np.uint8), (2 * n, 1)), np.ones(2 * n, np.float32),
        np.full(2 * n, 0.01, np.float32),
    )  # fmt: skip
