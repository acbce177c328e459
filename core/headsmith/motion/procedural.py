"""Motions made by rule, for tests, demonstrations and characters at rest; the same seed gives the same motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Motion
from headsmith.errors import InputError
from headsmith.motion.angles import from_angles
from headsmith.motion.expressions import VISEMES
from headsmith.motion.resampling import MAX_FRAMES

Curve = NDArray[np.float64]
BLINK_S = (0.07, 0.03, 0.15)
"""closing, closed and opening: lids close about twice as fast as they open"""
BLINK_EVERY_S = (2.0, 6.0)
BREATH_S = 4.2
BREATH_PITCH_RAD = np.radians(0.35)
BREATH_LIFT_M = 0.0012
GAZE_EVERY_S = (0.5, 2.2)
GAZE_RAD = (np.radians(4.0), np.radians(2.5))
"""how far small saccades go sideways, and up and down"""
SACCADE_S = 0.04
PHONE_S = (0.07, 0.16)
PAUSE_S = (0.25, 0.6)
_SPOKEN = tuple(name for name in VISEMES if name != "sil")


@dataclass
class _Score:
    """Curves over the frames of one motion, still where nothing was added."""

    times_s: Curve
    weights: dict[str, Curve] = field(default_factory=dict)
    angles_rad: dict[str, Curve] = field(default_factory=dict)
    """joint -> [T, 3] pitch, yaw and roll about head space's axes"""
    lift_m: Curve | None = None

    def add(self, name: str, curve: Curve) -> None:
        self.weights[name] = self.weights.get(name, np.zeros(len(self.times_s))) + curve

    def turn(self, joint: str, axis: int, curve: Curve) -> None:
        self.angles_rad.setdefault(joint, np.zeros((len(self.times_s), 3)))[:, axis] += curve

    def motion(self, fps: float, source: str) -> Motion:
        names = [name for name in ARKIT_52 if name in self.weights]
        frames, joints = len(self.times_s), tuple(self.angles_rad)
        translation = np.zeros((frames, 3), np.float32)
        translation[:, 1] = 0 if self.lift_m is None else self.lift_m
        turns = [from_angles(self.angles_rad[joint]) for joint in joints]
        return Motion(
            fps=float(fps),
            blendshape_names=tuple(names),
            weights=np.clip(np.array([self.weights[name] for name in names]).reshape(-1, frames).T, 0, 1).astype("f4"),
            joint_names=joints,
            joint_rotations_wxyz=np.stack(turns, 1).astype("f4") if joints else np.zeros((frames, 0, 4), np.float32),
            head_translation_m=translation,
            source=source,
        )


def idle(seconds: float = 10.0, fps: float = 30.0, seed: int = 0) -> Motion:
    """A face at rest: it blinks, breathes and looks about a little."""
    score = _score(seconds, fps)
    _rest(score, np.random.default_rng(seed))
    return score.motion(fps, f"idle, seed {seed}")


def talk(seconds: float = 10.0, fps: float = 30.0, seed: int = 0) -> Motion:
    """Speech without words: visemes in sentences, brows and nods on stressed ones, and what `idle` does."""
    score, rng = _score(seconds, fps), np.random.default_rng(seed)
    _rest(score, rng)
    at, nods = 0.2, np.zeros(len(score.times_s))
    while at < seconds - 0.3:
        end = min(at + rng.uniform(1.2, 2.8), seconds - 0.3)
        at = _sentence(score, rng, at, end) + rng.uniform(*PAUSE_S)
        stressed = _bump(score.times_s, (at + end) / 2 - 0.5, 0.15, 0.3)
        nods += stressed * rng.uniform(0.3, 1.0)
    score.turn("neck", 0, nods * np.radians(2.5))
    score.turn("neck", 1, np.radians(2.0) * _drift(score.times_s, rng))
    score.add("browInnerUp", 0.3 * nods)
    return score.motion(fps, f"talk, seed {seed}")


def each_shape(names: Sequence[str] = ARKIT_52, fps: float = 30.0, seconds_each: float = 0.5) -> Motion:
    """Every blendshape of `names` alone, one after the other, up to 1 and back to neutral."""
    frames = max(2, round(seconds_each * fps))
    _check_length(len(names) * frames)
    rise = np.sin(np.pi * np.arange(frames) / frames) ** 2
    weights = np.zeros((len(names) * frames + 1, len(names)), np.float32)
    for k in range(len(names)):
        weights[k * frames : (k + 1) * frames, k] = rise / rise.max()
    return Motion(
        fps=float(fps),
        blendshape_names=tuple(names),
        weights=weights,
        joint_names=(),
        joint_rotations_wxyz=np.zeros((len(weights), 0, 4), np.float32),
        head_translation_m=np.zeros((len(weights), 3), np.float32),
        source="each shape",
    )


def _score(seconds: float, fps: float) -> _Score:
    _check_length(round(seconds * fps))
    return _Score(np.arange(round(seconds * fps) + 1) / fps)


def _check_length(frames: int) -> None:
    if not 1 <= frames <= MAX_FRAMES:
        raise InputError("the length of the motion", found=f"{frames} frames", expected=f"1 to {MAX_FRAMES}",
                         action="give another length or frame rate")  # fmt: skip


def _rest(score: _Score, rng: np.random.Generator) -> None:
    """Blinks, breath and small saccades."""
    times, end_s = score.times_s, float(score.times_s[-1])
    blink, at = np.zeros(len(times)), rng.uniform(0.5, BLINK_EVERY_S[1] / 2)
    while at < end_s - sum(BLINK_S):
        blink = np.maximum(blink, _bump(times, at, *BLINK_S[::2], hold_s=BLINK_S[1]))
        at += rng.uniform(*BLINK_EVERY_S)
    for side in ("Left", "Right"):
        score.add(f"eyeBlink{side}", blink)
    breath = 0.5 - 0.5 * np.cos(2 * np.pi * times / BREATH_S)
    score.lift_m = BREATH_LIFT_M * breath
    score.turn("neck", 0, -BREATH_PITCH_RAD * breath)
    score.turn("neck", 2, np.radians(0.4) * _drift(times, rng))
    gaze = _gaze(times, rng)
    for joint in ("left_eye", "right_eye"):
        score.turn(joint, 0, gaze[:, 0])
        score.turn(joint, 1, gaze[:, 1])


def _gaze(times_s: Curve, rng: np.random.Generator) -> Curve:
    """[T, 2] pitch and yaw: held, then moved within `SACCADE_S`."""
    gaze, now, at = np.zeros((len(times_s), 2)), np.zeros(2), rng.uniform(*GAZE_EVERY_S)
    while at < times_s[-1]:
        target = rng.uniform(-1, 1, 2) * (GAZE_RAD[1], GAZE_RAD[0])
        gaze += _ease((times_s - at) / SACCADE_S)[:, None] * (target - now)
        now, at = target, at + rng.uniform(*GAZE_EVERY_S)
    return gaze


def _sentence(score: _Score, rng: np.random.Generator, start_s: float, end_s: float) -> float:
    """Visemes that flow into each other; returns when the last one ends."""
    at = start_s
    while at < end_s:
        length_s = rng.uniform(*PHONE_S)
        name, strength = _SPOKEN[rng.integers(len(_SPOKEN))], rng.uniform(0.6, 1.0)
        # each begins before the last has gone, as mouths do
        curve = strength * _bump(score.times_s, at - length_s / 2, length_s, length_s)
        _add_all(score, VISEMES[name], curve)
        at += length_s
    return at


def _add_all(score: _Score, weights: Mapping[str, float], curve: Curve) -> None:
    for name, weight in weights.items():
        score.add(name, weight * curve)


def _bump(times_s: Curve, start_s: float, rise_s: float, fall_s: float, *, hold_s: float = 0.0) -> Curve:
    """0, up to 1 within `rise_s`, held, and down to 0 within `fall_s`."""
    down_s = start_s + rise_s + hold_s
    return _ease((times_s - start_s) / rise_s) - _ease((times_s - down_s) / fall_s)


def _ease(t: Curve) -> Curve:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def _drift(times_s: Curve, rng: np.random.Generator) -> Curve:
    """-1..1, slow, without a visible period, starting at 0."""
    waves = [np.sin(2 * np.pi * rng.uniform(0.05, 0.3) * times_s) * rng.uniform(0.5, 1.0) for _ in range(4)]
    return np.sum(waves, axis=0) / 4
