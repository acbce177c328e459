"""The splats in training, drawn in the pose of one view."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from headsmith.splats.binding_kernel import Deform
from headsmith.splats.binding_torch import SplatFrames, deform, local_directions
from headsmith.splats.rasterize import rasterize
from headsmith.splats.rasterize_cpu import ShColors
from headsmith.splats.reference import sh_basis
from headsmith.splats.unknowns import Unknowns
from headsmith.types import Camera


def render_view(
    unknowns: Unknowns, frames: SplatFrames, camera: Camera, sh_degree: int = 0, absgrad: bool = False,
    viewmat: Tensor | None = None,
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Image [H, W, 3] on black, alpha [H, W, 1] and the rasteriser's meta; differentiable in the unknowns, and in
    `viewmat` [4, 4] where one is given instead of the camera's own."""
    local = (unknowns.offset, unknowns.quat, unknowns.log_scale)
    means, quats, scales = Deform.apply(*local, frames) if local[0].device.type == "cpu" else deform(*local, frames)
    colors, degree = unknowns.sh0, cast(int | None, 0)
    if sh_degree:
        directions = local_directions(means.detach(), frames, torch.from_numpy(camera.position_m).to(means.device))
        sh = torch.cat([unknowns.sh0, unknowns.shN], 1)[:, : (sh_degree + 1) ** 2]
        colors, degree = directed_colors(directions, sh, sh_degree), None
    width, height = camera.size_px
    if viewmat is None:
        viewmat = torch.from_numpy(camera.T_camera_world.astype(np.float32)).to(means.device)
    return rasterize(
        means, quats, scales, torch.sigmoid(unknowns.logit), colors,
        viewmats=viewmat,
        Ks=torch.from_numpy(camera.K).to(means.device), width=width, height=height, sh_degree=degree, absgrad=absgrad,
    )  # fmt: skip


def directed_colors(directions: Tensor, sh: Tensor, degree: int) -> Tensor:
    """[N, 3] >= 0 of coefficients `sh` [N, K, 3] seen along `directions` [N, 3], any length, in the same frame."""
    if not directions.is_cuda:
        return ShColors.apply(directions, sh, degree)
    basis = sh_basis(torch.nn.functional.normalize(directions, dim=-1), degree)
    return ((basis[..., None] * sh).sum(1) + 0.5).clamp_min(0)
