"""The poses from which a head's shading is learnt: every ARKit shape alone, and mixtures as faces make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import joint_transforms, skin
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, HeadFit

NEUTRAL_COUNT = 6
"""how often the neutral face is learnt, which is shown most"""
PHOTO_COUNT = 4
"""how often the photo's face is learnt"""
ALONE = (1.0, 0.5)
BLINKS = (0.15, 0.3, 0.5, 0.7, 0.85, 1.0)
JAWS = (0.08, 0.16, 0.3, 0.5, 0.75, 1.0)
MOUTHS: tuple[dict[str, float], ...] = (
    {"mouthSmileLeft": 1, "mouthSmileRight": 1},
    {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "cheekSquintLeft": 0.8, "cheekSquintRight": 0.8},
    {"mouthFrownLeft": 1, "mouthFrownRight": 1},
    {"mouthStretchLeft": 1, "mouthStretchRight": 1},
    {"mouthUpperUpLeft": 1, "mouthUpperUpRight": 1},
    {"mouthLowerDownLeft": 1, "mouthLowerDownRight": 1},
    {"mouthFunnel": 1},
    {"mouthPucker": 1},
    {"mouthRollLower": 1, "mouthRollUpper": 1},
    {"mouthPressLeft": 1, "mouthPressRight": 1},
)
WITH_JAW = (0.25, 0.6)
BROWS: tuple[dict[str, float], ...] = (
    {"browInnerUp": 1, "browOuterUpLeft": 1, "browOuterUpRight": 1},
    {"browDownLeft": 1, "browDownRight": 1},
    {"browDownLeft": 0.8, "browDownRight": 0.8, "noseSneerLeft": 1, "noseSneerRight": 1},
    {"eyeSquintLeft": 1, "eyeSquintRight": 1, "cheekSquintLeft": 1, "cheekSquintRight": 1},
    {"eyeWideLeft": 1, "eyeWideRight": 1},
)
LITTLE = 0.08
"""mean weight of the shapes that only join in"""
GAZE_RAD = (0.3, 0.45)
"""how far eyes turn at random: up or down, sideways"""
TURNS: tuple[dict[str, tuple[float, ...]], ...] = (
    {"jaw": (0.12, 0.0, 0.0)},
    {"jaw": (0.3, 0.0, 0.0)},
    {"left_eye": (0.3, 0.0, 0.0), "right_eye": (0.3, 0.0, 0.0)},
    {"left_eye": (-0.3, 0.0, 0.0), "right_eye": (-0.3, 0.0, 0.0)},
    {"left_eye": (0.0, 0.45, 0.0), "right_eye": (0.0, 0.45, 0.0)},
    {"left_eye": (0.0, -0.45, 0.0), "right_eye": (0.0, -0.45, 0.0)},
)
"""joints that turn by themselves"""


@dataclass(frozen=True)
class ShadePoses:
    """N poses; the first is the neutral one."""

    weights: F32
    """[N, 52] of the ARKit shapes"""
    joint_rotations: F32
    """[N, J, 3] axis-angle"""
    photos: int = 0
    """how many of the last poses are the photo's"""

    def vertices(self, model: HeadModel, fit: HeadFit, k: int) -> F32:
        """[V, 3] the fitted head in pose `k`."""
        rest = model.rest_vertices(fit.identity, fit.offsets_m)
        moved = rest + np.tensordot(self.weights[k], model.arkit, 1)
        transforms = joint_transforms(model.joints(rest), model.parents, self.joint_rotations[k])
        return skin(moved, model.weights, transforms).astype(np.float32)


def shade_poses(model: HeadModel, fit: HeadFit, mixtures: int, seed: int) -> ShadePoses:
    """The fixed poses, the photo's and `mixtures` random ones. Joints that the model lacks are left out."""
    faces: list[Mapping[str, float]] = [{}] * NEUTRAL_COUNT
    faces += [{name: weight} for weight in ALONE for name in ARKIT_52]
    faces += [{"eyeBlinkLeft": w, "eyeBlinkRight": w} for w in BLINKS]
    faces += [{"jawOpen": w} for w in JAWS] + list(MOUTHS) + list(BROWS)
    faces += [{**mouth, "jawOpen": jaw} for mouth in MOUTHS for jaw in WITH_JAW]
    turns: list[Mapping[str, tuple[float, ...]]] = [{}] * len(faces)
    for turn in TURNS:
        faces.append({})
        turns.append(turn)
    random = np.random.default_rng(seed)
    for _ in range(mixtures):
        face, turn = _mixture(random)
        faces.append(face)
        turns.append(turn)
    poses = _arrays(model, faces, turns)
    if model.expression_names != ARKIT_52:
        return poses
    weights = np.repeat(fit.views[0].expression[None], PHOTO_COUNT, axis=0)
    rotations = np.repeat(fit.views[0].joint_rotations[None], PHOTO_COUNT, axis=0)
    return ShadePoses(np.concatenate([poses.weights, weights]).astype(np.float32),
                      np.concatenate([poses.joint_rotations, rotations]).astype(np.float32), PHOTO_COUNT)  # fmt: skip


def _mixture(random: np.random.Generator) -> tuple[dict[str, float], dict[str, tuple[float, ...]]]:
    """One plausible face: both eyes alike, as often half-closed as open, one or two moves of the mouth and a jaw.

    All shapes join in a little, as they do in every face that is fitted or tracked.
    """
    little = LITTLE * random.exponential(size=len(ARKIT_52)) * (random.random(len(ARKIT_52)) < 0.5)
    face = dict(zip(ARKIT_52, np.minimum(little, 0.5).tolist(), strict=True))
    lids = random.uniform(-0.8, 1)
    if lids > 0:
        face |= {"eyeBlinkLeft": lids, "eyeBlinkRight": float(np.clip(lids + random.normal(0, 0.05), 0, 1))}
    for moves, chance in ((MOUTHS, 0.8), (MOUTHS, 0.3), (BROWS, 0.5)):
        if random.random() < chance:
            size = random.uniform(0.2, 1)
            face |= {name: weight * size for name, weight in moves[random.integers(len(moves))].items()}
    if random.random() < 0.6:
        face["jawOpen"] = float(random.uniform(0, 0.8) ** 1.5)
    pitch, yaw = random.normal(0, 0.5, 2).clip(-1, 1) * GAZE_RAD
    gaze = (float(pitch), float(yaw), 0.0)
    return face, {"left_eye": gaze, "right_eye": gaze}


def _arrays(
    model: HeadModel, faces: list[Mapping[str, float]], turns: list[Mapping[str, tuple[float, ...]]]
) -> ShadePoses:
    weights = np.zeros((len(faces), len(ARKIT_52)), np.float32)
    rotations = np.zeros((len(faces), len(model.joint_names), 3), np.float32)
    for k, (face, turn) in enumerate(zip(faces, turns, strict=True)):
        for name, weight in face.items():
            weights[k, ARKIT_52.index(name)] = weight
        for name, angles in turn.items():
            if name in model.joint_names:
                rotations[k, model.joint_names.index(name)] = angles
    return ShadePoses(weights, rotations)
