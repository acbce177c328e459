"""A subject whose skin and light are known: the default head with a procedural albedo, rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import render_textured
from headsmith.texture.uv import Atlas, build_atlas, fill_between_charts
from headsmith.types import F32, Camera, Frame, HeadFit, Mattes, ViewFit

BACKGROUND = np.array([0.05, 0.75, 0.15], np.float32)
PHOTO_PX = 384
TEXTURE_PX = 512


def camera_at(yaw_rad: float) -> Camera:
    """A camera 0.75 m from the head, turned around it; positive yaw shows the subject's left."""
    target = np.array([0, -0.03, -0.04])
    position = target + 0.75 * np.array([np.sin(yaw_rad), 0.05, np.cos(yaw_rad)])
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    T = np.eye(4)
    T[:3, :3] = [right, np.cross(forward, right), forward]
    T[:3, 3] = -T[:3, :3] @ position
    return Camera(1.9 * PHOTO_PX, (PHOTO_PX / 2, PHOTO_PX / 2), (PHOTO_PX, PHOTO_PX), T.astype(np.float32))


def lamp() -> F32:
    """[9, 3] a soft light from above and the subject's left."""
    light = np.zeros((9, 3), np.float32)
    light[0], light[1], light[2], light[3], light[4] = 0.85 / 0.282095, 0.25, 0.35, 0.4, 0.05
    return light


@dataclass(frozen=True)
class Subject:
    model: HeadModel
    atlas: Atlas
    albedo: F32
    """[T, T, 3] sRGB"""

    def shoot(self, yaw_rad: float, light: F32, hair: bool = True) -> tuple[Frame, Mattes, ViewFit]:
        m, camera = self.model, camera_at(yaw_rad)
        image, buffers = render_textured(m.v_template, m.faces, m.uvs, m.uv_faces, self.albedo, camera, light)
        on = (buffers.triangle >= 0).astype(np.float32)
        image[on == 0] = BACKGROUND
        scalp = buffers.interpolate(m.regions["scalp"][m.faces][..., None])[..., 0] > 0.5
        hairy = on * scalp * hair
        frame = Frame(np.round(image * 255).astype(np.uint8), camera, "subject.png", "0" * 64)
        still = np.zeros((len(m.joint_names), 3), np.float32)
        view = ViewFit(camera, np.zeros(len(m.expression_names), np.float32), still, light)
        return frame, Mattes(on, on, hairy.astype(np.float32), (on * (1 - hairy)).astype(np.float32)), view

    def fit(self, *views: ViewFit) -> HeadFit:
        return HeadFit(np.zeros(self.model.shapedirs.shape[2], np.float32), np.zeros_like(self.model.v_template), views)

    def part(self, name: str) -> np.ndarray:
        """[N] True for the atlas's texels of one part."""
        return self.model.faces_of(name)[self.atlas.triangle]


@pytest.fixture(scope="session")
def subject() -> Subject:
    model = load_default_head()
    atlas = build_atlas(model, TEXTURE_PX)
    position = atlas.at(model.v_template)
    freckles = np.sin(position @ np.array([[900, 0, 350], [100, 800, 0], [0, 420, 700]])).prod(1)
    albedo = np.array([0.72, 0.54, 0.45]) * (1 + 0.05 * freckles)[:, None]
    lips = atlas.at(model.regions["lips"])[:, None]
    albedo = albedo * (1 - lips) + np.array([0.66, 0.36, 0.35]) * lips
    hair = np.array([0.25, 0.17, 0.10]) * (1 + 0.3 * freckles)[:, None]
    albedo = np.where(atlas.at(model.regions["scalp"])[:, None] > 0.5, hair, albedo)
    for name, colour in (("eye_left", 0.78), ("eye_right", 0.78), ("teeth_upper", 0.8), ("teeth_lower", 0.8)):
        albedo[model.faces_of(name)[atlas.triangle]] = colour
    return Subject(model, atlas, fill_between_charts(atlas.image(albedo.astype(np.float32)), atlas))


@pytest.fixture(scope="session")
def light() -> F32:
    return lamp()
