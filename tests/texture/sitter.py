"""A known subject whose lips turn dark as the jaw opens, in pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.bench.subject import LIGHT, Shot, Subject, SubjectParams, make_subject, photograph
from headsmith.bench.subject_views import pose
from headsmith.texture.uv import build_atlas
from headsmith.types import F32, U8, HeadFit, StaticTexture, TrainingView
from headsmith.views.synthesise import Orbit, orbit_camera

SIZE_PX = 144


@dataclass(frozen=True)
class Sitter:
    subject: Subject
    lips: F32
    """[T, T, 1]"""

    def albedo(self, face: dict[str, float]) -> U8:
        """Lips turn dark as the jaw opens."""
        dark = self.subject.albedo * (1 - 0.6 * self.lips * face.get("jawOpen", 0.0))
        return np.round(dark).astype(np.uint8)

    def view(self, face: dict[str, float], yaw_deg: float) -> TrainingView:
        low, high = self.subject.rest_m[:, 1].min(), self.subject.rest_m[:, 1].max()
        orbit = Orbit(np.array([0, (low + high) / 2 + 0.03, 0], np.float32), 0.8, SIZE_PX * 3.2, SIZE_PX)
        shot = Shot(orbit_camera(orbit, yaw_deg, 0), *pose(self.subject.model, face))
        truth = photograph(replace(self.subject, albedo=self.albedo(face)), shot)
        return TrainingView(shot.camera, truth.image, truth.alpha, 1 - truth.hair, shot.expression,
                            shot.joint_rotations, True, LIGHT)  # fmt: skip

    @property
    def fit(self) -> HeadFit:
        return HeadFit(self.subject.identity, np.zeros_like(self.subject.rest_m), ())

    @property
    def texture(self) -> StaticTexture:
        albedo = self.subject.albedo
        return StaticTexture(albedo, np.ones(albedo.shape[:2], np.float32), LIGHT[None])


def make_sitter() -> Sitter:
    subject = make_subject(SubjectParams(texture_px=512, ribbons=50, supersample=2))
    model, atlas = subject.model, build_atlas(subject.model, 512)
    lips = atlas.image(np.clip(1.4 * atlas.at(model.regions["lips"]) - 0.2, 0, 1))
    return Sitter(subject, lips[..., None])
