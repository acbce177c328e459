"""What keeps a free mesh smooth while pictures pull at it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import identity
from scipy.sparse.linalg import SuperLU, splu
from torch import Tensor

from headsmith.surface.soft_raster import face_normals
from headsmith.surface.topology import Edges, graph_laplacian


class SmoothCoordinates:
    """Vertices as x = (1 + strength * L)^-1 u, so that a step on u moves a whole neighbourhood of the surface.

    Nicolet et al. 2021, "Large Steps in Inverse Rendering of Geometry", equation 9; L is the graph's Laplacian.
    """

    def __init__(self, edges: Edges, count: int, strength: float) -> None:
        self.matrix = (identity(count) + strength * graph_laplacian(edges.vertices, count)).tocsc()
        self.solver = splu(self.matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})

    def coordinates(self, vertices_m: Tensor) -> Tensor:
        """[M, 3] the u of vertices [M, 3]."""
        return torch.as_tensor(self.matrix @ vertices_m.detach().cpu().numpy().astype(np.float64)).to(vertices_m)

    def vertices(self, coordinates: Tensor) -> Tensor:
        """[M, 3] the vertices of u [M, 3], with gradient."""
        return _Solve.apply(coordinates, self.solver)


class _Solve(torch.autograd.Function):
    """The inverse of a symmetric matrix, which is its own transpose."""

    @staticmethod
    def forward(ctx: Any, right: Tensor, solver: SuperLU) -> Tensor:
        ctx.solver = solver
        return _solved(right, solver)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _solved(gradients[0], ctx.solver), None


def _solved(right: Tensor, solver: SuperLU) -> Tensor:
    return torch.as_tensor(solver.solve(right.detach().cpu().numpy().astype(np.float64))).to(right)


class UniformAdam:
    """Adam (Kingma and Ba 2015) with one step size for all vertices, the largest second moment's.

    Adam's own step sizes would undo the smoothing of `SmoothCoordinates` (Nicolet et al. 2021, section 4).
    """

    def __init__(self, values: Tensor, step: float, decay: tuple[float, float] = (0.9, 0.999)) -> None:
        self.values, self.step_size, self.decay = values, step, decay
        self.mean, self.square, self.count = torch.zeros_like(values), torch.zeros_like(values), 0

    def step(self, gradient: Tensor, scale: float = 1.0) -> None:
        """Moves the values in place against the gradient; `scale` multiplies the step size."""
        first, second = self.decay
        self.count += 1
        self.mean.mul_(first).add_(gradient, alpha=1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = (self.square.max() / (1 - second**self.count)).sqrt().clamp_min(1e-20)
        with torch.no_grad():
            self.values -= scale * self.step_size / (1 - first**self.count) * self.mean / size


def laplacian_loss(vertices_m: Tensor, edges: Tensor, degree: Tensor) -> Tensor:
    """Mean squared distance of vertices [M, 3] from the mean of their neighbours over edges [E, 2]."""
    i, j = edges.unbind(1)
    total = torch.zeros_like(vertices_m)
    total = total.index_add(0, i, vertices_m.index_select(0, j)).index_add(0, j, vertices_m.index_select(0, i))
    return (total / degree[:, None] - vertices_m).square().sum(1).mean()


def bend_loss(vertices_m: Tensor, faces: Tensor, pairs: Tensor) -> Tensor:
    """Mean squared (1 - cosine) between the normals of neighbouring triangles `pairs` [E, 2]."""
    normals = torch.nn.functional.normalize(face_normals(vertices_m, faces), dim=1, eps=1e-20)
    cosine = (normals.index_select(0, pairs[:, 0]) * normals.index_select(0, pairs[:, 1])).sum(1)
    return (1 - cosine).square().mean()
