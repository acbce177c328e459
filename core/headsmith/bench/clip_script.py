"""What happens in the synthetic clips: how the phone moves, how the head moves, what the face does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from headsmith.head_model.model import HeadModel
from headsmith.types import F32

HEAD_MIDDLE_M = np.array([0.0, -0.015, -0.06])
"""what the camera looks at, in the room, whose origin and axes are those of the head before it moves"""
VISEMES: tuple[dict[str, float], ...] = (
    {"jawOpen": 0.55, "mouthLowerDownLeft": 0.25, "mouthLowerDownRight": 0.25},
    {"jawOpen": 0.25, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4},
    {"jawOpen": 0.15, "mouthFunnel": 0.6},
    {"mouthPucker": 0.6, "jawOpen": 0.1},
    {"mouthPressLeft": 0.5, "mouthPressRight": 0.5},
    {"jawOpen": 0.2, "mouthUpperUpLeft": 0.35, "mouthUpperUpRight": 0.35, "mouthLowerDownLeft": 0.3,
     "mouthLowerDownRight": 0.3},
    {"mouthRollLower": 0.45, "jawOpen": 0.08},
    {"jawOpen": 0.4, "mouthSmileLeft": 0.25, "mouthSmileRight": 0.25},
)  # fmt: skip
EVENTS: tuple[dict[str, float], ...] = (
    {"mouthSmileLeft": 0.85, "mouthSmileRight": 0.8, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4},
    {"browInnerUp": 0.8, "browOuterUpLeft": 0.7, "browOuterUpRight": 0.7, "eyeWideLeft": 0.3, "eyeWideRight": 0.3},
    {"browDownLeft": 0.8, "browDownRight": 0.8, "eyeSquintLeft": 0.4, "eyeSquintRight": 0.4},
    {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "jawOpen": 0.35, "browInnerUp": 0.3},
    {"mouthFrownLeft": 0.6, "mouthFrownRight": 0.6, "browInnerUp": 0.4},
    {"mouthPucker": 0.75},
    {"jawOpen": 0.7, "eyeWideLeft": 0.4, "eyeWideRight": 0.4},
    {"mouthLeft": 0.5, "jawRight": 0.3},
)
_SYLLABLE_S, _SYLLABLE_SIGMA_S = 0.22, 0.075
_EVENT_S, _ONSET_S = 1.5, 0.35
_BLINK_GAP_S = (1.1, 2.3)
_CLOSING_S, _CLOSED_S, _OPENING_S = 0.06, 0.025, 0.09
_TALK, _PLAY = (0.06, 0.52), (0.48, 0.97)
"""shares of the clip's length"""


@dataclass(frozen=True)
class Moment:
    """One frame's state, all but the picture."""

    time_s: float
    T_camera_room: F32
    """[4, 4]"""
    T_room_head: F32
    """[4, 4] head space (the root) to room"""
    expression: F32
    """[E]"""
    joint_rotations: F32
    """[J, 3]"""

    @property
    def T_camera_world(self) -> F32:
        """[4, 4] head space to camera space."""
        return (self.T_camera_room @ self.T_room_head).astype(np.float32)


@dataclass(frozen=True)
class SweepParams:
    """How a phone in a hand goes around a person who holds still."""

    yaw_deg: float = 65.0
    """to either side"""
    pitch_deg: tuple[float, float] = (-15.0, 20.0)
    distance_m: float = 0.46
    unsteadiness: float = 1.0
    """times 3 cm of distance, 1 cm of aim and 2 degrees of roll; 0 is a tripod on rails"""


@dataclass(frozen=True)
class PlayParams:
    """How a person moves before a camera that stands still."""

    yaw_deg: float = 18.0
    pitch_deg: float = 10.0
    roll_deg: float = 5.0
    shift_m: float = 0.012
    neck_share: float = 0.75
    """of the head's turns that the neck makes; the bust makes the rest"""
    distance_m: float = 0.43
    expressions: float = 1.0
    """how strong they are"""


def sweep(model: HeadModel, times_s: F32, params: SweepParams, seed: int) -> tuple[Moment, ...]:
    """Clip-A: left, right and back while it rises and sinks; the face is at rest."""
    random = np.random.default_rng((seed, 1))
    phase = 2 * np.pi * np.asarray(times_s) / max(float(times_s[-1]), 1e-6)
    shake = params.unsteadiness
    low, high = params.pitch_deg
    # nearly constant speed, with soft turns
    yaw = params.yaw_deg * np.arcsin(0.97 * np.sin(phase)) / np.arcsin(0.97)
    pitch = (low + high) / 2 + (high - low) / 2 * np.sin(1.5 * phase + random.uniform(0, 2 * np.pi))
    distance = params.distance_m + 0.03 * shake * _wander(times_s, 4.0, random)
    aim = HEAD_MIDDLE_M + 0.01 * shake * np.stack([_wander(times_s, 2.5, random) for _ in range(3)], 1)
    roll = 2.0 * shake * _wander(times_s, 3.0, random)
    rest, still = np.zeros(model.exprdirs.shape[2], np.float32), np.zeros((len(model.joint_names), 3), np.float32)
    return tuple(
        Moment(
            float(t), look_at(yaw[k], pitch[k], distance[k], aim[k], roll[k]), np.eye(4, dtype=np.float32), rest, still
        )
        for k, t in enumerate(times_s)
    )


def play(model: HeadModel, times_s: F32, params: PlayParams, seed: int) -> tuple[Moment, ...]:
    """Clip-B: the person talks, then makes faces, and blinks, nods and looks about all the while."""
    random = np.random.default_rng((seed, 2))
    T_camera_room = look_at(0.0, 2.0, params.distance_m, HEAD_MIDDLE_M, 0.0)
    calm = _ramp(np.asarray(times_s), 0.3, 0.8)
    sizes = ((params.pitch_deg, 2.6), (params.yaw_deg, 3.7), (params.roll_deg, 4.3))
    turns_deg = np.stack([size * calm * _wander(times_s, period, random) for size, period in sizes], 1)
    shift = params.shift_m * calm[:, None] * np.stack([_wander(times_s, 3.5, random) for _ in range(3)], 1)
    weights = face_weights(model, times_s, params.expressions, random)
    neck, root = model.joint_names.index("neck"), model.joints(model.v_template)[0]
    moments = []
    for k, t in enumerate(times_s):
        pitch, yaw, roll = np.radians(turns_deg[k])
        turn = Rotation.from_euler("YXZ", [yaw, pitch, roll]).as_rotvec()
        rotations = np.zeros((len(model.joint_names), 3), np.float32)
        rotations[neck] = params.neck_share * turn
        T = np.eye(4)
        T[:3, :3] = Rotation.from_rotvec((1 - params.neck_share) * turn).as_matrix()
        T[:3, 3] = root - T[:3, :3] @ root + shift[k]
        moments.append(Moment(float(t), T_camera_room, T.astype(np.float32), weights[k], rotations))
    return tuple(moments)


def face_weights(model: HeadModel, times_s: F32, strength: float, random: np.random.Generator) -> F32:
    """[T, E] 0..1: speech, then one expression after the other; blinks and glances throughout."""
    t = np.asarray(times_s, np.float64)
    curves: dict[str, F32] = {}
    end = float(t[-1])
    for start in np.arange(_TALK[0] * end, _TALK[1] * end, _SYLLABLE_S):
        bump = np.exp(-(((t - start - random.normal(0, 0.02)) / _SYLLABLE_SIGMA_S) ** 2))
        _add(curves, VISEMES[random.integers(len(VISEMES))], bump * strength * random.uniform(0.7, 1.15))
    starts = np.arange(_PLAY[0] * end, _PLAY[1] * end - 0.6 * _EVENT_S, _EVENT_S)
    for k, start in enumerate(starts):
        rise = _ramp(t, start, start + _ONSET_S) * (1 - _ramp(t, start + _EVENT_S, start + _EVENT_S + _ONSET_S))
        _add(curves, EVENTS[k % len(EVENTS)], rise * strength)
    _add_glances(curves, t, random)
    blink = blink_curve(t, random)
    for side in ("Left", "Right"):
        other = np.maximum(curves.get(f"eyeWide{side}", 0 * t) - blink, 0)
        curves |= {f"eyeBlink{side}": blink * random.uniform(0.96, 1.0), f"eyeWide{side}": other}
    weights = np.zeros((len(t), model.exprdirs.shape[2]), np.float32)
    for name, curve in curves.items():
        weights[:, model.expression_names.index(name)] = np.clip(curve, 0, 1)
    return weights


def blink_curve(times_s: F32, random: np.random.Generator) -> F32:
    """[T] 0 open .. 1 shut; each blink lasts 175 ms."""
    curve = np.zeros(len(times_s))
    start = random.uniform(0.5, 0.9)
    while start < times_s[-1] - 0.3:
        shut = start + _CLOSING_S
        open_again = shut + _CLOSED_S
        one = _ramp(times_s, start, shut) * (1 - _ramp(times_s, open_again, open_again + _OPENING_S))
        curve = np.maximum(curve, one)
        start += random.uniform(*_BLINK_GAP_S)
    return curve


def look_at(yaw_deg: float, pitch_deg: float, distance_m: float, aim_m: F32, roll_deg: float) -> F32:
    """[4, 4] room to camera, of a camera that looks at `aim_m` from yaw (to the person's left) and pitch (above)."""
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.cross(-back, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    T = np.eye(4)
    turn = Rotation.from_euler("z", roll_deg, degrees=True).as_matrix()
    T[:3, :3] = turn @ np.stack([right, np.cross(-back, right), -back])
    T[:3, 3] = -T[:3, :3] @ (aim_m + distance_m * back)
    return T.astype(np.float32)


def _add(curves: dict[str, F32], face: dict[str, float], strength: F32) -> None:
    for name, weight in face.items():
        curves[name] = curves.get(name, 0 * strength) + weight * strength


def _add_glances(curves: dict[str, F32], times_s: F32, random: np.random.Generator) -> None:
    """The eyes jump to a new place about every second, and there within 50 ms."""
    aside, up, start = np.zeros(len(times_s)), np.zeros(len(times_s)), 0.6
    while start < times_s[-1]:
        jump = _ramp(times_s, start, start + 0.05)
        target = random.uniform(-0.5, 0.5, 2) * (random.random() < 0.75)
        aside, up = aside + (target[0] - aside) * jump, up + (target[1] - up) * jump
        start += random.uniform(0.6, 1.6)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        curves[f"eyeLookOut{side}"] = np.maximum(sign * aside, 0)
        curves[f"eyeLookIn{side}"] = np.maximum(-sign * aside, 0)
        curves[f"eyeLookUp{side}"], curves[f"eyeLookDown{side}"] = np.maximum(up, 0), np.maximum(-up, 0)


def _ramp(times_s: F32, start_s: float, end_s: float) -> F32:
    """0 before, 1 after, smooth between."""
    x = np.clip((times_s - start_s) / (end_s - start_s), 0, 1)
    return x * x * (3 - 2 * x)


def _wander(times_s: F32, period_s: float, random: np.random.Generator) -> F32:
    """[T] smooth and aperiodic, within -1..1."""
    t = np.asarray(times_s, np.float64)
    phases = random.uniform(0, 2 * np.pi, 3)
    waves = zip((0.55, 0.3, 0.15), (1.0, 1.73, 2.91), phases, strict=True)
    return sum(a * np.sin(2 * np.pi * f * t / period_s + p) for a, f, p in waves)  # type: ignore[return-value]
