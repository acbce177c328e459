"""People drawn from the default head, whose true shape and pose are known, as the fit would see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.default import load_default_head
from headsmith.head_model.landmark_sets import inter_ocular_px
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, Camera, Frame, HeadFit, Landmarks, Mattes

SIZE_PX, FOCAL_PX = 512, 900.0
NOISE = 0.006
"""of a landmark, as a fraction of the inter-ocular distance"""
YAWS_RAD = (0.0, 0.5, -0.5, 0.25, -0.25, 0.8, -0.8)
Y_AND_Z_BACK = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Person:
    identity: F32
    rest_m: F32
    frames: tuple[Frame, ...]
    landmarks: tuple[Landmarks, ...]
    mattes: tuple[Mattes, ...]
    cameras: tuple[Camera, ...]
    expressions: tuple[F32, ...]


@pytest.fixture(scope="session")
def model() -> HeadModel:
    return load_default_head()


@pytest.fixture(scope="session")
def make_person(model: HeadModel) -> Callable[..., Person]:
    """make_person(seed, views=1, smile=0.0, yaw=0.0, clip=False): the first photo is turned by `yaw` radians.

    The photos of a clip have one focal length and show one expression.
    """

    def make(seed: int, views: int = 1, smile: float = 0.0, yaw: float = 0.0, clip: bool = False) -> Person:
        rng = np.random.default_rng(seed)
        identity = rng.normal(0, 0.8, model.shapedirs.shape[2]).astype(np.float32)
        rest = model.rest_vertices(identity)
        sittings = [np.random.default_rng(seed + 1000) if clip else rng for _ in range(views)]
        seen = [_photo(model, rest, (yaw + YAWS_RAD[i], smile), (rng, sittings[i])) for i in range(views)]
        frames, landmarks, mattes, cameras, expressions = zip(*seen, strict=True)
        return Person(identity, rest, frames, landmarks, mattes, cameras, expressions)

    return make


def _photo(
    model: HeadModel, rest: F32, pose: tuple[float, float], random: tuple[np.random.Generator, np.random.Generator]
) -> tuple[Frame, Landmarks, Mattes, Camera, F32]:
    """`pose` is yaw and smile; expression and told focal length are drawn by the second generator."""
    (yaw, smile), (rng, sitting) = pose, random
    expression = np.zeros(len(ARKIT_52), np.float32)
    for name in ("browInnerUp", "jawOpen", "eyeBlinkLeft"):
        expression[ARKIT_52.index(name)] = sitting.uniform(0, 0.3)
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        expression[ARKIT_52.index(name)] = smile
    T = np.eye(4, dtype=np.float32)
    T[:3, :3] = Y_AND_Z_BACK @ rotation_matrices(np.array([rng.uniform(-0.15, 0.15), yaw, rng.uniform(-0.1, 0.1)]))
    T[:3, 3] = [0.01, 0.02, 0.8]
    camera = Camera(FOCAL_PX, (SIZE_PX / 2, SIZE_PX / 2), (SIZE_PX, SIZE_PX), T)
    vertices = model.pose(rest, expression, np.zeros((5, 3), np.float32))
    px, z = camera.project(model.landmarks(vertices))
    unit = inter_ocular_px(px)
    depth = (z - z.mean()) * FOCAL_PX / z.mean() + rng.normal(0, 0.05 * unit, len(z))
    scores = np.clip(expression + rng.normal(0, 0.1, len(expression)) * (expression > 0), 0, 1)
    covered = (rasterize(vertices, model.faces, camera).triangle >= 0).astype(np.float32)
    untold = Camera(FOCAL_PX * float(np.exp(sitting.normal(0, 0.08))), camera.principal_px, camera.size_px, np.eye(4))
    frame = Frame(np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8), untold, "drawn.png", "0" * 64)
    landmarks = Landmarks((px + rng.normal(0, NOISE * unit, px.shape)).astype(np.float32), depth.astype(np.float32),
                          scores.astype(np.float32), np.eye(4, dtype=np.float32))  # fmt: skip
    return frame, landmarks, Mattes(covered, covered, np.zeros_like(covered), covered), camera, expression


@pytest.fixture(scope="session")
def face_error_mm(model: HeadModel) -> Callable[[F32, F32], float]:
    """Mean distance of the face's vertices after the best similarity transform, millimetres."""
    from headsmith.asset.alignment import similarity

    face = model.regions["face"] > 0.5

    def error(found: F32, true: F32) -> float:
        scale, R, t = similarity(found[face], true[face], np.ones(face.sum()))
        return float(1e3 * np.linalg.norm(scale * found[face] @ R.T + t - true[face], axis=1).mean())

    return error


@pytest.fixture(scope="session")
def rest_of(model: HeadModel) -> Callable[[HeadFit], F32]:
    return lambda fit: model.rest_vertices(fit.identity, fit.offsets_m)
