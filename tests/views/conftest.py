"""A made-up sitter: the default head with hair of known shape, photographed by our own rasteriser."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT
from headsmith.head_model.surface_nets import surface_nets
from headsmith.types import Camera, Frame, HeadFit, Mattes, StaticTexture, ViewFit

SIZE = 288
SKIN, HAIR, WALL = (205, 160, 135), (90, 60, 35), (20, 220, 40)


@dataclass(frozen=True)
class Sitter:
    model: HeadModel
    fit: HeadFit
    frames: tuple[Frame, ...]
    mattes: tuple[Mattes, ...]
    true_hair: tuple[np.ndarray, np.ndarray]
    """vertices and faces, in rest pose"""


def camera_from(yaw_deg: float, target_m: np.ndarray, distance_m: float = 1.0) -> Camera:
    yaw = np.radians(yaw_deg)
    back = np.array([np.sin(yaw), 0, np.cos(yaw)])
    T = np.eye(4, dtype=np.float32)
    T[:3, :3] = np.stack([np.cross(-back, [0, 1, 0]), [0, -1, 0], -back])
    T[:3, 3] = -T[:3, :3] @ (target_m + distance_m * back)
    return Camera(SIZE * distance_m / 0.42, (SIZE / 2, SIZE / 2), (SIZE, SIZE), T)


def cap(model: HeadModel, length_m: float) -> tuple[np.ndarray, np.ndarray]:
    """An egg-shaped mop that leaves the face free and ends `length_m` below the eyes."""
    scalp = model.v_template[model.regions["scalp"] > 0.5]
    low, high = scalp.min(0), scalp.max(0)
    middle, radius = 0.5 * (low + high), 0.5 * (high - low) + 0.022
    middle[1], radius[1] = 0.0, high[1] + 0.025
    axes = [np.arange(-0.16, 0.17, 0.003) + c for c in middle]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    egg = np.sqrt(sum(((p - c) / r) ** 2 for p, c, r in zip((x, y, z), middle, radius, strict=True)))
    # below the eyes it falls straight
    fall = np.sqrt(((x - middle[0]) / radius[0]) ** 2 + ((z - middle[2]) / radius[2]) ** 2)
    outside = (np.where(y > 0, egg, fall) - 1) * radius.min()
    field = np.maximum(outside, -length_m - y)
    face = np.minimum(0.055 - np.abs(x), np.minimum(0.045 - y, z - middle[2]))
    origin = np.array([a[0] for a in axes])
    return surface_nets(np.maximum(field, face), origin, 0.003)


def photograph(model: HeadModel, vertices: np.ndarray, hair: tuple, camera: Camera) -> tuple[Frame, Mattes]:
    """A frame before a green wall, and mattes without error."""
    head, shell = rasterize(vertices, model.faces, camera), rasterize(hair[0], hair[1], camera)
    is_hair = shell.depth_m < head.depth_m
    is_head = is_hair | (head.triangle >= 0)
    image = np.where(is_hair[..., None], HAIR, np.where(is_head[..., None], SKIN, WALL)).astype(np.uint8)
    matte = [m.astype(np.float32) for m in (is_head, is_head, is_hair, is_head & ~is_hair)]
    return Frame(image, camera=camera, source="sitter.png", sha256="0" * 64), Mattes(*matte)


def sit(hair: tuple, yaws_deg: tuple[float, ...]) -> Sitter:
    model = load_default_head()
    rest = model.v_template
    target = np.array([0, -0.01, rest[model.regions["scalp"] > 0.5][:, 2].mean()])
    views, frames, mattes = [], [], []
    smile = np.zeros(model.exprdirs.shape[2], np.float32)
    smile[model.expression_names.index("mouthSmileLeft")] = 0.5
    rotations = np.zeros((len(model.joint_names), 3), np.float32)
    for yaw in yaws_deg:
        camera = camera_from(yaw, target)
        frame, matte = photograph(model, model.pose(rest, smile, rotations), hair, camera)
        views.append(ViewFit(camera, smile, rotations, NEUTRAL_LIGHT))
        frames.append(frame)
        mattes.append(matte)
    fit = HeadFit(np.zeros(model.shapedirs.shape[2], np.float32), np.zeros_like(rest), tuple(views))
    return Sitter(model, fit, tuple(frames), tuple(mattes), hair)


@pytest.fixture(scope="session")
def bob() -> Sitter:
    """One front photo of hair that ends at the jaw."""
    return sit(cap(load_default_head(), 0.06), (0.0,))


@pytest.fixture(scope="session")
def bob_from_two_sides() -> Sitter:
    return sit(cap(load_default_head(), 0.06), (0.0, 90.0))


@pytest.fixture(scope="session")
def bald() -> Sitter:
    """The same head with a few loose pixels in the hair matte."""
    sitter = sit((np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)), (0.0,))
    hair = np.zeros((SIZE, SIZE), np.float32)
    hair[100:103, 140:143] = 1
    return replace(sitter, mattes=(replace(sitter.mattes[0], hair=hair),))


@pytest.fixture(scope="session")
def skin_texture() -> StaticTexture:
    albedo = np.full((64, 64, 3), SKIN, np.uint8)
    observed = np.zeros((64, 64), np.float32)
    observed[:, :32] = 1
    return StaticTexture(albedo, observed, NEUTRAL_LIGHT[None])
