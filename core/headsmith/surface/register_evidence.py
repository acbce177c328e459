"""How far each vertex of the head may trust its nearest point on a surface."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.surface.closest import Nearest
from headsmith.types import F32

_SAME_SIDE = 0.5
"""least cosine between the normals of head and surface"""
_LID_M = 3e-3
"""skin nearer to an eyeball than this is lid: lashes and wet eyes are what pictures show there"""
_EARS = 0.2
"""trust in ears, whose folds hide each other"""


def evidence_weights(model: HeadModel, normals: F32, found: Nearest, reach_m: float) -> F32:
    """[V] 0..1: outer skin only, where the normals agree and the surface is near and goes on."""
    agree = (normals * found.normals).sum(1)
    near = 1 / (1 + (found.distance_m / reach_m) ** 4)
    usable = (agree > _SAME_SIDE) & ~found.border & (found.distance_m < 2 * reach_m)
    return np.where(usable, near * agree, 0) * skin_trust(model)


def skin_trust(model: HeadModel) -> F32:
    """[V] 0..1: how well a surface made from pictures can show each part of the head."""
    skin = np.zeros(len(model.v_template))
    skin[np.unique(model.faces[model.faces_of("head")])] = 1
    skin *= np.clip(1 - 5 * model.regions["inner_mouth"], 0, 1)
    skin *= 1 - (1 - _EARS) * model.regions["ears"]
    for part in ("eye_left", "eye_right"):
        if part in model.part_names and model.faces_of(part).any():
            ball = model.v_template[np.unique(model.faces[model.faces_of(part)])]
            center = (ball.min(0) + ball.max(0)) / 2
            radius = np.linalg.norm(ball - center, axis=1).mean()
            gap = np.linalg.norm(model.v_template - center, axis=1) - radius
            skin *= np.clip(gap / _LID_M, 0, 1)
    return skin
