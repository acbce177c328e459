"""Linear-blend skinning in numpy; `headsmith.head_model.skinning_torch` is its twin, a test holds them equal."""

from __future__ import annotations

import numpy as np

from headsmith.types import F32, I32


def rotation_matrices(axis_angle: F32) -> F32:
    """Axis-angle [..., 3] in radians to rotation matrices [..., 3, 3] (Rodrigues)."""
    angle = np.linalg.norm(axis_angle, axis=-1, keepdims=True)[..., None]
    axis = axis_angle / np.maximum(angle[..., 0], 1e-12)
    x, y, z = np.moveaxis(axis, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*axis.shape[:-1], 3, 3)
    eye = np.eye(3, dtype=axis_angle.dtype)
    return (eye + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)).astype(axis_angle.dtype)


def joint_transforms(joints_m: F32, parents: I32, axis_angle: F32) -> F32:
    """[J, 4, 4] transforms that carry rest-pose points with each joint.

    `joints_m` [J, 3] rest positions; `parents` [J], -1 for the root, parents before children;
    `axis_angle` [J, 3] radians relative to the parent.
    """
    rotations = rotation_matrices(axis_angle)
    out = np.zeros((len(joints_m), 4, 4), joints_m.dtype)
    for j, parent in enumerate(parents):
        local = np.eye(4, dtype=joints_m.dtype)
        local[:3, :3] = rotations[j]
        local[:3, 3] = joints_m[j] - rotations[j] @ joints_m[j]
        out[j] = local if parent < 0 else out[parent] @ local
    return out


def skin(vertices_m: F32, weights: F32, transforms: F32) -> F32:
    """Vertices [V, 3] moved by [J, 4, 4] transforms under weights [V, J]."""
    blended = np.einsum("vj,jab->vab", weights, transforms[:, :3], optimize=True)
    return np.einsum("vab,vb->va", blended[..., :3], vertices_m) + blended[..., 3]
