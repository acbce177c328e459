"""The torch twin of `headsmith.asset.binding`: differentiable in the splats; a test holds the two equal."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from headsmith.asset.binding import MIN_SCALE_M


@dataclass(frozen=True)
class SplatFrames:
    """The frame of each splat's triangle in one pose of the mesh."""

    origin: Tensor
    """[N, 3] the barycentric point, metres"""
    rotation: Tensor
    """[N, 3, 3] columns x, y, z"""
    quat: Tensor
    """[N, 4] the same, wxyz"""
    scale: Tensor
    """[N, 1] metres"""


def triangle_frames(vertices: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Each triangle's rotation [F, 3, 3] (columns x, y, z) and scale [F] in metres; a collapsed one gets any frame."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    edge = b - a
    normal = torch.cross(edge, c - a, dim=1)
    length, double_area = edge.norm(dim=1), normal.norm(dim=1)
    unit = torch.eye(3, dtype=edge.dtype, device=edge.device)
    x = torch.where(length[:, None] > 1e-12, edge / length.clamp_min(1e-12)[:, None], unit[0])
    flat = double_area <= 1e-9 * length.clamp_min(MIN_SCALE_M) ** 2
    beside = torch.cross(x, unit[x.abs().argmin(dim=1)], dim=1)
    normal = torch.where(flat[:, None], beside, normal)
    z = normal / normal.norm(dim=1, keepdim=True)
    rotation = torch.stack([x, torch.cross(z, x, dim=1), z], dim=-1)
    height = double_area / length.clamp_min(1e-12)
    return rotation, ((length + height) / 2).clamp_min(MIN_SCALE_M)


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Quaternions [N, 4]: the rotations `b` first, `a` second (Hamilton's product)."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        [aw * bw - ax * bx - ay * by - az * bz, aw * bx + ax * bw + ay * bz - az * by,
         aw * by - ax * bz + ay * bw + az * bx, aw * bz + ax * by - ay * bx + az * bw], -1)  # fmt: skip


def deform(offset: Tensor, quats: Tensor, log_scales: Tensor, frames: SplatFrames) -> tuple[Tensor, Tensor, Tensor]:
    """Local offset [N, 3], quats [N, 4] and log_scales [N, 3] to means, quats and scales in head space."""
    means = frames.origin + frames.scale * (frames.rotation * offset[:, None, :]).sum(-1)
    return means, multiply(frames.quat, quats), log_scales.exp() * frames.scale


def local_directions(means: Tensor, frames: SplatFrames, position_m: Tensor) -> Tensor:
    """[N, 3] from the camera at `position_m` [3] to the splats, any length, in the triangles' frames.

    To turn the direction of view back is to turn the harmonics with the triangle, at a fraction of the work.
    """
    return ((means - position_m)[:, :, None] * frames.rotation).sum(1)
