"""The light of a clip, by which its frames are compared with the mesh: one for all frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.asset import Avatar
from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, rotated_light, sample_bilinear, sh_basis, srgb_to_linear
from headsmith.types import F32, U8, Bool, Camera

LEAST_PIXELS = 200
MOST_PIXELS = 8000
"""of a frame that are looked at, evenly chosen"""
RIDGE = 0.01
"""of the neutral light, per pixel"""
ROUNDS = 4
"""of re-weighting: highlights and shadows that the texture does not have count less"""
SCALE = 0.05
"""linear difference at which a pixel counts half"""


@dataclass(frozen=True)
class LitFrame:
    """A frame and the mesh in it."""

    image: U8
    """[H, W, 3] sRGB"""
    skin: Bool
    """[H, W] pixels that show bare skin"""
    camera: Camera
    vertices_m: F32
    """[V, 3] posed"""


@dataclass(frozen=True)
class ClipLight:
    """A light that stands still, either as the camera does or as the head does."""

    light_sh: F32
    """[9, 3] in the axes of the camera or of the head"""
    with_camera: bool

    def at(self, camera: Camera) -> F32:
        """[9, 3] in head space."""
        return rotated_light(self.light_sh, camera.T_camera_world[:3, :3].T) if self.with_camera else self.light_sh


def clip_light(avatar: Avatar, frames: Sequence[LitFrame]) -> ClipLight:
    """The light under which the static texture looks most like `frames`; of the two kinds the better one."""
    samples = [_samples(avatar, frame) for frame in frames]
    kinds = [_solved(samples, frames, with_camera) for with_camera in (True, False)]
    return min(kinds, key=lambda kind: kind[1])[0]


def _samples(avatar: Avatar, frame: LitFrame) -> tuple[F32, F32, F32]:
    """Normals [N, 3] in head space, albedo [N, 3] and colour [N, 3], linear, of the skin's pixels."""
    head = avatar.head
    buffers = rasterize(frame.vertices_m, head.faces, frame.camera)
    inside = np.argwhere(frame.skin & (buffers.triangle >= 0))
    chosen = tuple(inside[:: max(1, len(inside) // MOST_PIXELS)].T)
    normals = buffers.interpolate(vertex_normals(frame.vertices_m, head.faces)[head.faces])[chosen]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-8)
    albedo = sample_bilinear(avatar.material.static_texture, buffers.interpolate(head.uvs[head.uv_faces])[chosen])
    return normals, srgb_to_linear(albedo), srgb_to_linear(frame.image[chosen].astype(np.float32) / 255)


def _solved(
    samples: Sequence[tuple[F32, F32, F32]], frames: Sequence[LitFrame], with_camera: bool
) -> tuple[ClipLight, float]:
    """The light of one kind, and the mean difference that it leaves."""
    turns = [frame.camera.T_camera_world[:3, :3] if with_camera else np.eye(3) for frame in frames]
    normals = np.concatenate([n @ R.T for (n, _, _), R in zip(samples, turns, strict=True)])
    albedo, colour = (np.concatenate([s[k] for s in samples]) for k in (1, 2))
    if len(normals) < LEAST_PIXELS:
        return ClipLight(NEUTRAL_LIGHT, with_camera=False), np.inf
    basis, light = sh_basis(normals).astype(np.float64), NEUTRAL_LIGHT.astype(np.float64)
    weight = np.ones(len(basis))
    for _ in range(ROUNDS):
        light = np.stack([_ridge(basis * albedo[:, c : c + 1], colour[:, c], weight, NEUTRAL_LIGHT[:, c])
                          for c in range(3)], 1)  # fmt: skip
        apart = np.abs(albedo * (basis @ light) - colour).mean(1)
        weight = 1 / (1 + (apart / SCALE) ** 2)
    return ClipLight(light.astype(np.float32), with_camera), float(np.minimum(apart, SCALE).mean())


def _ridge(matrix: F32, wanted: F32, weight: F32, prior: F32) -> F32:
    ridge = RIDGE * float(weight @ np.square(matrix).mean(1)) * np.eye(9)
    weighted = matrix * weight[:, None]
    return np.linalg.solve(weighted.T @ matrix + ridge, weighted.T @ wanted + ridge @ prior)
