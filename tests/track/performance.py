"""A known head that talks, blinks, looks about and turns, and the landmarks that a detector would see of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Camera, ClipInfo, ClipLandmarks, Frame, HeadFit, HeadTrack

FRAMES, FPS, FOCAL_PX, SIZE_PX = 44, 25.0, 620.0, (480, 360)
NOISE = 0.002
"""of a landmark, as a fraction of the inter-ocular distance"""


@dataclass(frozen=True)
class Performance:
    """The truth."""

    model: HeadModel
    fit: HeadFit
    expression: F32
    """[T, E]"""
    joint_rotations: F32
    """[T, J, 3]"""
    T_camera_world: F32
    """[T, 4, 4]"""
    seen: ClipLandmarks


@dataclass(frozen=True)
class GreyClip:
    """A clip whose pictures show nothing."""

    info: ClipInfo

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        width, height = self.info.size_px
        camera = Camera(self.info.focal_px, (width / 2, height / 2), self.info.size_px, np.eye(4, dtype=np.float32))
        for index in indices:
            image = np.full((height, width, 3), 128, np.uint8)
            yield Frame(image, camera, self.info.source, self.info.sha256, None, float(self.info.timestamps_s[index]))


def perform(model: HeadModel | None = None, offsets_m: F32 | None = None) -> Performance:
    """Two seconds of it; the same every time."""
    model = model or load_default_head()
    random = np.random.default_rng(3)
    identity = np.clip(random.normal(0, 0.7, model.shapedirs.shape[2]), -2, 2).astype(np.float32)
    fit = HeadFit(identity, np.zeros_like(model.v_template) if offsets_m is None else offsets_m, ())
    t = np.arange(FRAMES) / FPS
    expression = _faces(model, t)
    turns = np.zeros((FRAMES, len(model.joint_names), 3), np.float32)
    T = np.stack([_pose(s) for s in t])
    return Performance(model, fit, expression, turns, T, _seen(model, fit, (expression, turns, T), random))


def head_directions(model: HeadModel, track: HeadTrack) -> F32:
    """[T, 3, 3] rotations of the head in camera space, whatever share of them the neck has."""
    neck = model.joint_names.index("neck")
    return track.T_camera_world[:, :3, :3] @ rotation_matrices(track.joint_rotations[:, neck])


def posed_landmarks(model: HeadModel, fit: HeadFit, state: tuple[F32, F32, F32]) -> F32:
    """[T, 478, 3] in camera space, of expressions, joint rotations and poses."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float32)
    return np.stack([model.landmarks(model.pose(rest, expression, turns)) @ T[:3, :3].T + T[:3, 3]
                     for expression, turns, T in zip(*state, strict=True)])  # fmt: skip


def _faces(model: HeadModel, t: F32) -> F32:
    out = np.zeros((len(t), len(model.expression_names)), np.float32)

    def put(name: str, values: F32) -> None:
        out[:, model.expression_names.index(name)] = np.clip(values, 0, 1)

    put("jawOpen", 0.3 + 0.3 * np.sin(2 * np.pi * 2.5 * t))
    for side in ("Left", "Right"):
        put(f"mouthSmile{side}", np.exp(-0.5 * ((t - 1.2) / 0.2) ** 2))
        put(f"eyeBlink{side}", 1.2 - np.abs(t - 0.6) / 0.08)
    aside = 0.5 * np.sin(2 * np.pi * t / 1.3)
    for one, other in (("OutLeft", "InLeft"), ("InRight", "OutRight")):
        put(f"eyeLook{one}", aside)
        put(f"eyeLook{other}", -aside)
    put("browInnerUp", 0.8 * np.exp(-0.5 * ((t - 0.4) / 0.2) ** 2))
    return out


def _pose(s: float) -> F32:
    yaw, pitch, roll = 0.35 * np.sin(3 * s), 0.1 * np.cos(4 * s), 0.08 * np.sin(5 * s)
    head = rotation_matrices(np.array([[0, yaw, 0], [pitch, 0, 0], [0, 0, roll]]))
    T = np.eye(4)
    T[:3, :3] = np.diag([1, -1, -1]) @ head[0] @ head[1] @ head[2]
    T[:3, 3] = [0.02 * np.sin(2 * s), 0.01, 0.6 + 0.02 * np.cos(s)]
    return T


def _seen(model: HeadModel, fit: HeadFit, truth: tuple[F32, F32, F32], random: np.random.Generator) -> ClipLandmarks:
    points, depth = [], []
    for camera_m in posed_landmarks(model, fit, truth):
        scale = FOCAL_PX / camera_m[:, 2].mean()
        points.append(camera_m[:, :2] / camera_m[:, 2:] * FOCAL_PX + np.array(SIZE_PX) / 2)
        depth.append((camera_m[:, 2] - camera_m[:, 2].mean()) * scale)
    unit_px = FOCAL_PX * 0.061 / 0.6
    noisy = np.stack(points) + random.normal(0, NOISE * unit_px, (FRAMES, 478, 2))
    scores = np.clip(0.8 * truth[0] + 0.03, 0, 1)
    info = ClipInfo("talk.mp4", "0" * 64, SIZE_PX, FPS, (np.arange(FRAMES) / FPS).astype(np.float32), FOCAL_PX)
    ones = np.ones(FRAMES, np.float32)
    return ClipLandmarks(info, np.arange(FRAMES, dtype=np.int32), ones > 0, noisy.astype(np.float32),
                         np.stack(depth).astype(np.float32), scores.astype(np.float32),
                         np.tile(np.eye(4, dtype=np.float32), (FRAMES, 1, 1)), ones, 0 * ones,
                         np.ones(FRAMES, np.int32))  # fmt: skip
