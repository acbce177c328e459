"""The frames of all splats in one pose, made once per view."""

from __future__ import annotations

import numpy as np
import torch

from headsmith.asset.binding import triangle_frames
from headsmith.asset.quaternions import quaternions_from_matrices
from headsmith.splats.binding_torch import SplatFrames
from headsmith.types import F32, I32


def splat_frames(vertices_m: F32, faces: I32, triangle: I32, barycentric: F32, device: str = "cpu") -> SplatFrames:
    """Frames of splats on `triangle` [N] at `barycentric` [N, 3] of a posed mesh (vertices [V, 3], faces [F, 3])."""
    rotation, scale = triangle_frames(vertices_m.astype(np.float64), faces)
    quats = quaternions_from_matrices(rotation)
    origin = np.einsum("nk,nkd->nd", barycentric, vertices_m[faces[triangle]])
    parts = (origin, rotation[triangle], quats[triangle], scale[triangle, None])
    return SplatFrames(*(torch.from_numpy(part.astype(np.float32)).to(device) for part in parts))
