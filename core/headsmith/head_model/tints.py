"""Flat colours for a head without a texture: for the blendshape sheet, and for the landmark detector.

MediaPipe places its points by the looks of brows, lips and irises. On a bare head they end up millimetres off;
with these colours it reports a neutral face.
"""

from __future__ import annotations

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

SKIN, LIPS, HAIR = (0.80, 0.64, 0.56), (0.68, 0.40, 0.38), (0.25, 0.18, 0.14)
EYE_WHITE, IRIS, PUPIL = (0.93, 0.93, 0.92), (0.35, 0.25, 0.18), 0.04
INNER_MOUTH, TOOTH, TONGUE, LASH = (0.50, 0.20, 0.20), (0.93, 0.90, 0.84), (0.72, 0.38, 0.38), (0.15, 0.10, 0.08)
IRIS_RADIANS, PUPIL_RADIANS = 0.38, 0.14
"""angles from the optical axis, seen from the middle of the eyeball"""

BROW = (0.34, 0.26, 0.22)
BROW_X_M, BROW_Y_M = (0.011, 0.022, 0.036, 0.052), (0.0115, 0.0165, 0.0195, 0.0145)
BROW_HALF_WIDTH_M = 0.0035
"""an arch above each eye, from the midline outwards; as high above the pupils as in portraits of neutral faces"""


def part_colors(model: HeadModel) -> F32:
    """[V, 3] sRGB 0..1 for a head whose origin lies midway between the eyes."""
    colors = np.tile(np.array(SKIN), (len(model.v_template), 1))
    shares = {"scalp": HAIR, "inner_mouth": INNER_MOUTH, "lips": LIPS}
    for share, color in [(model.regions[name], color) for name, color in shares.items()] + [(eyebrows(model), BROW)]:
        colors += share[:, None] * (np.array(color) - colors)
    for part, flat in (("teeth_upper", TOOTH), ("teeth_lower", TOOTH), ("tongue", TONGUE), ("lashes", LASH)):
        if part in model.part_names:
            colors[_rows(model, part)] = flat
    for part in ("eye_left", "eye_right"):
        if part in model.part_names:
            rows = _rows(model, part)
            colors[rows] = _eye_colors(model.v_template[rows])
    return colors.astype(np.float32)


def eyebrows(model: HeadModel) -> F32:
    """[V] 0..1 where an average person's eyebrows grow."""
    x, y, z = np.abs(model.v_template[:, 0]), model.v_template[:, 1], model.v_template[:, 2]
    across = np.exp(-(((y - np.interp(x, BROW_X_M, BROW_Y_M)) / BROW_HALF_WIDTH_M) ** 2))
    return across * (x > BROW_X_M[0] - 0.002) * (x < BROW_X_M[-1] + 0.002) * (z > -0.02)


def _rows(model: HeadModel, part: str) -> I32:
    return np.unique(model.faces[model.faces_of(part)]).astype(np.int32)


def _eye_colors(ball: F32) -> F32:
    """[E, 3] white, iris and pupil of an eyeball [E, 3] that looks along +Z."""
    centre = (ball.min(0) + ball.max(0)) / 2
    direction = (ball - centre) / np.linalg.norm(ball - centre, axis=1, keepdims=True)
    angle = np.arccos(np.clip(direction[:, 2], -1, 1))
    colors = np.tile(np.array(EYE_WHITE), (len(ball), 1))
    colors[angle < IRIS_RADIANS] = IRIS
    colors[angle < PUPIL_RADIANS] = PUPIL
    return colors
