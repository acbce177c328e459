# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the head's picture shows hair: it is painted on the scalp, and must not shine like the skin beside it."""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import HeadMesh
from headsmith.types import F32, U8

ATTRIBUTE = "painted_hair"
SAMPLE_SIDE = 256
"""the picture is averaged to about this many texels a side, which is as fine as the vertices lie"""
REACH_M = 0.07
"""how far from the scalp hair is looked for: fringes and sideburns"""
LEAST_SEPARATION = 2.0
"""in standard deviations between the colours of face and scalp; below that the head is taken for bald"""
SHARPNESS = 1.5
SMOOTHING_STEPS = 2


def painted_hair(head: HeadMesh, texture: U8) -> F32:
    """[V] 0..1, hair or skin by colour, learnt from the middle of the scalp and of the face.

    `texture` [T, T, 3] sRGB. All 0 for a head without these regions, and for a bald one.
    """
    if not {"scalp", "face"} <= head.regions.keys():
        return np.zeros(len(head.vertices), np.float32)
    scalp, face = head.regions["scalp"] > 0.9, head.regions["face"] > 0.9
    if scalp.sum() < 20 or face.sum() < 20:
        return np.zeros(len(head.vertices), np.float32)
    colours = vertex_colours(head, texture)
    towards_hair = _discriminant(colours[face], colours[scalp])
    if towards_hair is None:
        return np.zeros(len(head.vertices), np.float32)
    weights, threshold = towards_hair
    likely = 1 / (1 + np.exp(-SHARPNESS * (colours @ weights - threshold)))
    return _smooth(head, (likely * _near(head, scalp)).astype(np.float32))


def vertex_colours(head: HeadMesh, texture: U8) -> F32:
    """[V, 3] the sRGB colour 0..1 around each vertex; of all its places in the picture the last."""
    step = max(1, len(texture) // SAMPLE_SIDE)
    side = len(texture) // step
    blocks = texture[: side * step, : side * step].reshape(side, step, side, step, 3)
    small = blocks.mean((1, 3), dtype=np.float32) / 255
    column = np.clip((head.uvs[:, 0] * side).astype(int), 0, side - 1)
    row = np.clip(((1 - head.uvs[:, 1]) * side).astype(int), 0, side - 1)
    colours = np.zeros((len(head.vertices), 3), np.float32)
    colours[head.faces] = small[row, column][head.uv_faces]
    return colours


def _discriminant(skin: F32, hair: F32) -> tuple[F32, float] | None:
    """Fisher's linear discriminant: weights [3] in standard deviations and the threshold between; None where alike."""
    spread = (np.cov(skin.T) + np.cov(hair.T)) / 2 + 1e-4 * np.eye(3)
    difference = np.median(hair, axis=0) - np.median(skin, axis=0)
    weights = np.linalg.solve(spread, difference)
    separation = float(np.sqrt(difference @ weights))
    if separation < LEAST_SEPARATION:
        return None
    weights = weights / separation
    return weights, float((np.median(hair, axis=0) + np.median(skin, axis=0)) / 2 @ weights)


def _near(head: HeadMesh, scalp: np.ndarray) -> F32:
    """[V] 1 on the scalp, falling to 0 at REACH_M from it."""
    centre = head.vertices[scalp]
    squared = (head.vertices**2).sum(1)[:, None] - 2 * head.vertices @ centre.T + (centre**2).sum(1)
    distance = np.sqrt(np.maximum(squared.min(1), 0))
    t = np.clip(1 - distance / REACH_M, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _smooth(head: HeadMesh, values: F32) -> F32:
    ends = np.concatenate([head.faces[:, [0, 1]], head.faces[:, [1, 2]], head.faces[:, [2, 0]]])
    count = np.bincount(ends[:, 0], minlength=len(values)) + np.bincount(ends[:, 1], minlength=len(values))
    for _ in range(SMOOTHING_STEPS):
        total = np.bincount(ends[:, 0], values[ends[:, 1]], len(values))
        total += np.bincount(ends[:, 1], values[ends[:, 0]], len(values))
        values = (values + total / np.maximum(count, 1)) / 2
    return values.astype(np.float32)
