"""The frame in which hair is rigid: the skull's, at rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.alignment import similarity
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Camera, HeadFit, ViewFit


def region(model: HeadModel, name: str) -> F32:
    """[V] soft membership; zeros where the model does not name the region."""
    return model.regions.get(name, np.zeros(len(model.v_template), np.float32))


def scalp_vertices(model: HeadModel) -> np.ndarray:
    """Indices of the vertices that move with the skull and carry hair."""
    chosen = np.flatnonzero(region(model, "scalp") > 0.5)
    if len(chosen) >= 16:
        return chosen
    y = model.v_template[:, 1]
    return np.flatnonzero(y > np.quantile(y, 0.8))


def rigid_between(source_m: F32, target_m: F32) -> F32:
    """[4, 4] the rotation and translation that carry [N, 3] onto [N, 3] best (Kabsch 1976)."""
    _, rotation, shift = similarity(np.asarray(source_m, np.float64), np.asarray(target_m, np.float64), scaled=False)
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = rotation, shift
    return out.astype(np.float32)


def move(T: F32, points_m: F32) -> F32:
    """Points [..., 3] under a rigid transform [4, 4]."""
    return (points_m @ T[:3, :3].T + T[:3, 3]).astype(np.float32)


def skull_pose(model: HeadModel, rest_m: F32, posed_m: F32) -> F32:
    """[4, 4] carries points at rest with the skull of the posed head; both [V, 3]."""
    scalp = scalp_vertices(model)
    return rigid_between(rest_m[scalp], posed_m[scalp])


def in_skull_frame(model: HeadModel, fit: HeadFit, view: ViewFit) -> tuple[F32, Camera]:
    """One photo's head [V, 3], with its expression, and camera, both moved so that the skull is at rest."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    posed = model.pose(rest, view.expression, view.joint_rotations)
    T = skull_pose(model, rest, posed)
    camera = replace(view.camera, T_camera_world=(view.camera.T_camera_world @ T).astype(np.float32))
    return move(np.linalg.inv(T), posed), camera
