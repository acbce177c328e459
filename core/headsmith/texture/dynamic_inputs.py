"""What the dynamic texture listens to: the avatar's parameter vector, and the ranges that training showed of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.dynamic_texture import AXES, FROM_THE_FRONT, VIEW, direction_to
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, TrainingView

LEAST_RANGE = 0.05
"""of a weight, a rotation in radians or a view direction: what varies less in training is not listened to"""
SCALE_RANGE = 0.3
"""what varies less than that is not scaled up to 0..1, or noise would count as much as expressions"""


@dataclass(frozen=True)
class Latents:
    """The P parameters as the L numbers that training showed: `clip(parameters @ mix, low, high)`."""

    mix: F32
    """[P, L]"""
    low: F32
    """[L]"""
    high: F32
    """[L]"""

    @property
    def scale(self) -> F32:
        """[L] by which a latent above `low` is multiplied."""
        return (1 / np.maximum(self.high - self.low, SCALE_RANGE)).astype(np.float32)


def input_names(model: HeadModel) -> tuple[str, ...]:
    """[P] the avatar's blendshapes, every joint but the root, and the view."""
    own = () if model.expression_names == ARKIT_52 else model.expression_names
    turning = [name for name, parent in zip(model.joint_names, model.parents, strict=True) if parent >= 0]
    return (*ARKIT_52, *own, *(f"{whose}.{axis}" for whose in (*turning, VIEW) for axis in AXES))


def vector(model: HeadModel, expression: F32, joint_rotations: F32, view: F32) -> F32:
    """[P] for `expression` [E], axis-angle `joint_rotations` [J, 3] and the unit vector `view` [3] to the camera."""
    arkit = () if model.expression_names == ARKIT_52 else (np.zeros(len(ARKIT_52), np.float32),)
    weights = np.zeros(len(model.expression_names), np.float32)
    weights[: len(expression)] = expression
    turns = joint_rotations[model.parents >= 0].reshape(-1)
    return np.concatenate([*arkit, weights, turns, view]).astype(np.float32)


def view_vector(model: HeadModel, view: TrainingView) -> F32:
    """[P] of a picture."""
    return vector(model, view.expression, view.joint_rotations, direction_to(view.camera))


def rest_vector(inputs: tuple[str, ...]) -> F32:
    """[P] neutral, seen from the front."""
    rest = np.zeros(len(inputs), np.float32)
    for axis, value in zip(AXES, FROM_THE_FRONT, strict=True):
        if f"{VIEW}.{axis}" in inputs:
            rest[inputs.index(f"{VIEW}.{axis}")] = value
    return rest


def find_latents(parameters: F32, inputs: tuple[str, ...], mix: F32 | None = None) -> Latents:
    """What varies in `parameters` [N, P], or in its products with `mix` [P, Q]; the neutral face counts as shown."""
    mix = np.eye(len(inputs), dtype=np.float32) if mix is None else mix
    shown = np.concatenate([parameters, rest_vector(inputs)[None]]) @ mix
    low, high = shown.min(0), shown.max(0)
    used = high - low > LEAST_RANGE
    # a network that listens to nothing still needs an input
    used[0] |= not used.any()
    return Latents(mix[:, used].astype(np.float32), low[used], high[used])


def expression_mix(model: HeadModel) -> F32 | None:
    """[P, Q] that says ARKit's blendshapes in a head's own coefficients, so that either drives the texture alike.

    None where the head's coefficients are ARKit's. Least squares over the vertices, held small.
    """
    if model.expression_names == ARKIT_52:
        return None
    own = model.exprdirs.reshape(-1, model.exprdirs.shape[2]).astype(np.float64)
    wanted = model.arkit.reshape(len(ARKIT_52), -1).T.astype(np.float64)
    gram = own.T @ own
    gram += 1e-3 * np.trace(gram) / len(gram) * np.eye(len(gram))
    said = np.linalg.solve(gram, own.T @ wanted).T
    rest = len(input_names(model)) - len(ARKIT_52)
    top = np.concatenate([said, np.zeros((len(ARKIT_52), rest - said.shape[1]))], 1)
    return np.concatenate([top, np.eye(rest)]).astype(np.float32)
