"""Where the known subject is photographed from, and with which face: training, held-out views, held-out expressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.bench.subject import Shot, Subject, Truth, photograph
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Progress, no_progress
from headsmith.views.synthesise import Orbit, orbit_camera

Face = dict[str, float]
"""blendshape or joint angle by name: `neck_x`, `jaw_x`, `eyes_x`, `eyes_y` are radians about an axis"""


def _both(name: str, weight: float) -> Face:
    return {f"{name}Left": weight, f"{name}Right": weight}


TRAINED: tuple[Face, ...] = (
    {},
    {"jawOpen": 0.7},
    _both("mouthSmile", 0.8),
    _both("eyeBlink", 1.0),
    {"mouthPucker": 0.8},
    {"browInnerUp": 0.9, **_both("browOuterUp", 0.7)},
    {"neck_y": 0.15, "eyes_y": 0.3},
    {"mouthFunnel": 0.7, "jawOpen": 0.25},
    {**_both("browDown", 0.9), **_both("eyeSquint", 0.6)},
    {"jaw_x": 0.12, "eyes_x": 0.2},
    {**_both("mouthStretch", 0.7), **_both("mouthLowerDown", 0.6)},
    {"cheekPuff": 0.8, "eyes_y": -0.3},
    {**_both("mouthFrown", 0.7), **_both("eyeWide", 0.7)},
    {**_both("mouthUpperUp", 0.7), **_both("noseSneer", 0.7)},
    {"neck_x": 0.12, "eyes_x": -0.2},
    {"mouthLeft": 0.7, "jawRight": 0.5},
)
UNTRAINED: tuple[Face, ...] = (
    {"jawOpen": 0.5, **_both("mouthSmile", 0.7)},
    {"eyeBlinkLeft": 1.0, "mouthSmileRight": 0.6, "browOuterUpRight": 0.5},
    {"mouthPucker": 0.6, **_both("browDown", 0.7), "eyes_y": 0.2},
    {"browInnerUp": 0.8, "jawOpen": 0.3, **_both("eyeWide", 0.6)},
    {**_both("eyeBlink", 0.5), **_both("mouthFrown", 0.5), "neck_y": -0.1},
    {"mouthFunnel": 0.5, "cheekPuff": 0.4, **_both("eyeSquint", 0.5)},
)
UNTRAINED_YAWS_DEG = (0.0, 35.0, -35.0)
_YAW_DEG, _PITCH_DEG = (-100.0, 100.0), (-20.0, 30.0)
_STEP = 0.6180339887498949
"""the golden ratio's: yaws in any run of views are spread evenly"""


@dataclass(frozen=True)
class StudioParams:
    size_px: int = 512
    training: int = 40
    held_out: int = 10
    untrained: int = 6
    """combinations of expressions, each from three sides"""
    distance_m: float = 1.0
    fill: float = 0.92
    """of the picture's side that the head takes up"""


@dataclass(frozen=True)
class Photographs:
    training: tuple[Truth, ...]
    held_out_views: tuple[Truth, ...]
    """trained expressions from cameras of their own"""
    held_out_expressions: tuple[Truth, ...]
    """combinations that no training view shows, from cameras of their own"""


def photograph_all(subject: Subject, params: StudioParams, progress: Progress = no_progress) -> Photographs:
    """All pictures; the same for the same subject and parameters."""
    plans = (
        _plan(TRAINED, params.training, 1, 0.0),
        _plan(TRAINED, params.held_out, 3, 0.31),
        _untrained(params.untrained),
    )
    total = sum(len(plan) for plan in plans)
    orbit = _orbit(subject, params)
    pictures: list[tuple[Truth, ...]] = []
    done = 0
    for plan in plans:
        taken = []
        for face, (yaw, pitch) in plan:
            taken.append(photograph(subject, Shot(orbit_camera(orbit, yaw, pitch), *pose(subject.model, face))))
            done += 1
            progress(done / total)
        pictures.append(tuple(taken))
    return Photographs(*pictures)


def _plan(faces: tuple[Face, ...], count: int, stride: int, start: float) -> list[tuple[Face, tuple[float, float]]]:
    turns = directions(count, start)
    return [(faces[(stride * i) % len(faces)], turns[i]) for i in range(count)]


def _untrained(count: int) -> list[tuple[Face, tuple[float, float]]]:
    """Each of the combinations from several sides, no two from the same."""
    out = []
    for i, face in enumerate(UNTRAINED[:count]):
        out += [(face, (yaw + 4.0 * i, 3.0 * i - 6)) for yaw in UNTRAINED_YAWS_DEG]
    return out


def directions(count: int, start: float) -> list[tuple[float, float]]:
    """Yaw and pitch in degrees of `count` cameras spread over the front and both sides."""
    out = []
    for i in range(count):
        u, v = (start + i * _STEP) % 1, (i + 0.5 + start) / count % 1
        out.append((_YAW_DEG[0] + u * (_YAW_DEG[1] - _YAW_DEG[0]), _PITCH_DEG[0] + v * (_PITCH_DEG[1] - _PITCH_DEG[0])))
    return out


def pose(model: HeadModel, face: Face) -> tuple[F32, F32]:
    """Expression [E] and joint rotations [J, 3]."""
    expression = np.zeros(model.exprdirs.shape[2], np.float32)
    rotations = np.zeros((len(model.joint_names), 3), np.float32)
    joints = {"neck": ("neck",), "jaw": ("jaw",), "eyes": ("left_eye", "right_eye")}
    for name, value in face.items():
        part, _, axis = name.partition("_")
        if part in joints:
            for joint in joints[part]:
                rotations[model.joint_names.index(joint), "xyz".index(axis)] = value
        else:
            expression[model.expression_names.index(name)] = value
    return expression, rotations


def _orbit(subject: Subject, params: StudioParams) -> Orbit:
    points = np.concatenate([subject.rest_m, subject.hair.vertices_m])
    low, high = points.min(0), points.max(0)
    extent = float((high - low).max())
    focal_px = params.size_px * params.fill * params.distance_m / extent
    return Orbit((low + high).astype(np.float32) / 2, params.distance_m, focal_px, params.size_px)
