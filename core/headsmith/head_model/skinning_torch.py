"""`HeadModel` and its skinning in torch, for fitting: the twin of `headsmith.asset.skinning`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from headsmith.head_model.model import HeadModel


def rotation_matrices(axis_angle: Tensor) -> Tensor:
    """Axis-angle [..., 3] in radians to rotation matrices [..., 3, 3] (Rodrigues); differentiable at zero too."""
    squared = (axis_angle**2).sum(-1)[..., None, None]
    small = squared < 1e-8
    angle = torch.sqrt(torch.where(small, torch.ones_like(squared), squared))
    sine = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    cosine = torch.where(small, 0.5 - squared / 24, (1 - torch.cos(angle)) / angle**2)
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*axis_angle.shape[:-1], 3, 3)
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return eye + sine * cross + cosine * (cross @ cross)


def joint_transforms(joints_m: Tensor, parents: list[int], axis_angle: Tensor) -> Tensor:
    """[J, 3, 4] transforms that carry rest-pose points with each joint.

    `joints_m` [J, 3]; `parents` [J], -1 for the root, parents before children; `axis_angle` [J, 3] radians.
    """
    rotations = rotation_matrices(axis_angle)
    translations = joints_m - (rotations @ joints_m[..., None])[..., 0]
    out: list[tuple[Tensor, Tensor]] = []
    for j, parent in enumerate(parents):
        R, t = rotations[j], translations[j]
        if parent >= 0:
            R, t = out[parent][0] @ R, out[parent][0] @ t + out[parent][1]
        out.append((R, t))
    return torch.stack([torch.cat([R, t[:, None]], 1) for R, t in out])


def skin(vertices_m: Tensor, weights: Tensor, transforms: Tensor) -> Tensor:
    """Vertices [V, 3] moved by [J, 3, 4] transforms under weights [V, J]."""
    blended = (weights @ transforms.reshape(len(transforms), 12)).reshape(-1, 3, 4)
    return (blended[..., :3] @ vertices_m[..., None])[..., 0] + blended[..., 3]


@dataclass(frozen=True)
class TorchHead:
    """The tensors of a `HeadModel` that fitting needs, on one device in one precision."""

    v_template: Tensor
    """[V, 3]"""
    faces: Tensor
    """[F, 3] int64"""
    shapedirs: Tensor
    """[V * 3, S]"""
    exprdirs: Tensor
    """[V * 3, E]"""
    posedirs: Tensor | None
    """[V * 3, 9 (J - 1)]"""
    J_regressor: Tensor
    """[J, V]"""
    weights: Tensor
    """[V, J]"""
    parents: list[int]
    landmark_corners: Tensor
    """[478, 3] int64, the vertices under each landmark"""
    landmark_barycentric: Tensor
    """[478, 3]"""

    def rest_vertices(self, identity: Tensor, offsets_m: Tensor | None = None) -> Tensor:
        """[V, 3] the neutral head of `identity` [S] plus `offsets_m` [V, 3]."""
        v = self.v_template + (self.shapedirs[:, : len(identity)] @ identity).reshape(-1, 3)
        return v if offsets_m is None else v + offsets_m

    def joints(self, rest_vertices_m: Tensor) -> Tensor:
        """[J, 3] joint positions of a neutral head [V, 3]."""
        return self.J_regressor @ rest_vertices_m

    def pose(self, rest_vertices_m: Tensor, expression: Tensor, joint_rotations: Tensor) -> Tensor:
        """[V, 3] the head with `expression` [E] and axis-angle `joint_rotations` [J, 3]."""
        moved = rest_vertices_m + (self.exprdirs[:, : len(expression)] @ expression).reshape(-1, 3)
        if self.posedirs is not None:
            eye = torch.eye(3, dtype=moved.dtype, device=moved.device)
            feature = (rotation_matrices(joint_rotations[1:]) - eye).reshape(-1)
            moved = moved + (self.posedirs @ feature).reshape(-1, 3)
        transforms = joint_transforms(self.joints(rest_vertices_m), self.parents, joint_rotations)
        return skin(moved, self.weights, transforms)

    def landmarks(self, vertices_m: Tensor) -> Tensor:
        """[478, 3] the landmarks on a posed mesh [V, 3]."""
        return (vertices_m[self.landmark_corners] * self.landmark_barycentric[..., None]).sum(1)


def torch_head(model: HeadModel, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32) -> TorchHead:
    """The model's arrays as tensors."""

    def tensor(array: object) -> Tensor:
        return torch.as_tensor(array, dtype=dtype, device=device).clone()

    count = len(model.v_template) * 3
    corners = model.faces[model.landmark_triangle]
    return TorchHead(
        v_template=tensor(model.v_template),
        faces=torch.as_tensor(model.faces, dtype=torch.int64, device=device),
        shapedirs=tensor(model.shapedirs.reshape(count, -1)),
        exprdirs=tensor(model.exprdirs.reshape(count, -1)),
        posedirs=None if model.posedirs is None else tensor(model.posedirs.reshape(count, -1)),
        J_regressor=tensor(model.J_regressor),
        weights=tensor(model.weights),
        parents=[int(p) for p in model.parents],
        landmark_corners=torch.as_tensor(corners, dtype=torch.int64, device=device),
        landmark_barycentric=tensor(model.landmark_barycentric),
    )
