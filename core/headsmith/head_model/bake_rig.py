"""Joints and linear-blend weights of the default head."""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model import bake_eye
from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.types import F32, I32

PARENTS = np.array([-1, 0, 1, 1, 1], np.int32)
JAW_HINGE_M = np.array([0.066, -0.022, -0.062])
"""the left jaw joint, in front of the ear canal"""
NECK_JOINT_M = np.array([0.0, -0.095, -0.088])
ROOT_JOINT_M = np.array([0.0, -0.165, -0.105])
RING_SLANT = np.array([0.0, 1.0, 0.45])
"""the rings of the neck climb towards the nape; this is constant along each"""
BLEND_FROM_M, BLEND_TO_M = -0.055, 0.02
"""from the root's skin to the head's, measured across the rings from the neck joint"""


def joint_regressor(rest: F32, layout: HeadLayout, head_rows: I32) -> F32:
    """[5, V] sparse rows that sum to 1: weighted means of the vertices around each joint."""
    rows = np.zeros((5, len(rest)), np.float32)
    for j, point in enumerate((ROOT_JOINT_M, NECK_JOINT_M)):
        band = _slab(rest, head_rows, point)
        band = np.unique(np.concatenate([band, layout.mirror[band]]))
        rows[j, band] = _weights_with_mean(rest[band], point)
    hinges = [_nearest(rest, head_rows, JAW_HINGE_M * np.array([side, 1, 1]), 6) for side in (1, -1)]
    rows[2, np.concatenate(hinges)] = 1 / 12
    for side in (0, 1):
        ring = layout.eye_slice(side).start + bake_eye.ring(bake_eye.EQUATOR_RING)
        rows[3 + side, ring] = 1 / len(ring)
    return rows


def _weights_with_mean(points: F32, mean: F32) -> F32:
    """[n] the most even weights of points [n, 3] that sum to 1 and average to `mean`."""
    system = np.concatenate([points.T.astype(np.float64), np.ones((1, len(points)))])
    even = np.full(len(points), 1 / len(points))
    return even + np.linalg.pinv(system) @ (np.append(mean, 1.0) - system @ even)


def _nearest(rest: F32, head_rows: I32, point: F32, count: int) -> I32:
    distance = np.linalg.norm(rest[head_rows] - point, axis=1)
    return head_rows[np.argsort(distance, kind="stable")[:count]]


def _slab(rest: F32, head_rows: I32, point: F32) -> I32:
    """Neck vertices whose mean lies at about `point`: a band across the slanted rings of the neck."""
    height = (rest[head_rows] - point) @ RING_SLANT
    band = head_rows[np.abs(height) < 0.007]
    return band[np.linalg.norm((rest[band] - point)[:, [0, 2]], axis=1) < 0.12]


def skin_weights(rest: F32, layout: HeadLayout, joints: F32, arkit: F32) -> F32:
    """[V, 5] rows sum to 1. Columns: root, neck (the head), jaw, left eye, right eye."""
    height = (rest - joints[1]) @ RING_SLANT
    head = _smoothstep(BLEND_FROM_M, BLEND_TO_M, height)
    weights = np.zeros((len(rest), 5))
    weights[:, 2] = jaw_share(rest, joints[2], arkit[ARKIT_52.index("jawOpen")]) * head
    for part, column in (("teeth_lower", 2), ("tongue", 2), ("eye_left", 3), ("eye_right", 4)):
        weights[layout.part_rows(part)] = 0
        weights[layout.part_rows(part), column] = 1
    for part in ("teeth_upper", "lashes"):
        weights[layout.part_rows(part)] = 0
        head[layout.part_rows(part)] = 1
    weights[:, 1] = np.maximum(head - weights[:, 2:].sum(1), 0)
    weights[:, 0] = 1 - weights[:, 1:].sum(1)
    weights = (weights + weights[layout.mirror][:, [0, 1, 2, 4, 3]]) / 2
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def jaw_share(rest: F32, hinge: F32, jaw_open: F32) -> F32:
    """[V] 0..1: how much of a rotation about the hinge the jawOpen blendshape [V, 3] holds at each vertex."""
    chin = int(np.argmax(np.linalg.norm(jaw_open, axis=1)))
    radius = np.linalg.norm((rest[chin] - hinge)[1:])
    angle = np.linalg.norm(jaw_open[chin]) / radius
    turned = (rest - hinge) @ rotation_matrices(np.array([angle, 0.0, 0.0])).T + hinge - rest
    share = (jaw_open * turned).sum(1) / np.maximum((turned**2).sum(1), 1e-6)
    return np.clip(share, 0, 1)


def _smoothstep(low: float, high: float, x: F32) -> F32:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
