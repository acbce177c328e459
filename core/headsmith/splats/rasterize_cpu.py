"""The numba kernels as torch autograd functions, and the CPU rasteriser made of them (float32)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headsmith.splats.jit import f32
from headsmith.splats.kernel_binning import bin_splats
from headsmith.splats.kernel_blend_backward import SLOT_COLUMNS, blend_backward, sum_slots
from headsmith.splats.kernel_blend_forward import blend_forward
from headsmith.splats.kernel_projection import project_backward, project_forward
from headsmith.splats.kernel_sh import sh_backward, sh_forward


def array(tensor: Tensor) -> NDArray[np.float32]:
    """The tensor's own memory where it is float32 and contiguous, else a copy that is."""
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)


def _tensors(*arrays: NDArray[np.float32]) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(a) for a in arrays)


class Project(torch.autograd.Function):
    """(means, quats, scales, viewmat, K, width, height) -> (means2d, conics, depths, compensations)."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, means: Tensor, quats: Tensor, scales: Tensor, viewmat: Tensor, K: Tensor, width: int, height: int
    ) -> tuple[Tensor, ...]:
        n = len(means)
        inputs = [array(t) for t in (means, quats, scales, viewmat, K)] + [np.array([width, height], f32)]
        means2d, conics, depths, compensations = (np.empty((n, k), f32).squeeze(-1) if k == 1 else np.empty((n, k), f32)
                                                  for k in (2, 3, 1, 1))  # fmt: skip
        project_forward(*inputs, means2d, conics, depths, compensations)
        ctx.saved = (inputs, conics, depths, compensations)
        return _tensors(means2d, conics, depths, compensations)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        inputs, conics, depths, compensations = ctx.saved
        n = len(depths)
        wants_view = ctx.needs_input_grad[3]
        g_means, g_quats, g_scales = np.zeros((n, 3), f32), np.zeros((n, 4), f32), np.zeros((n, 3), f32)
        g_view = np.zeros((n if wants_view else 0, 3, 4), f32)
        project_backward(*inputs, conics, depths, compensations, *(array(g) for g in upstream), g_means, g_quats,
                         g_scales, g_view)  # fmt: skip
        g_viewmat = None
        if wants_view:
            g_viewmat = torch.zeros(4, 4)
            g_viewmat[:3] = torch.from_numpy(g_view.sum(0, dtype=np.float64))
        return (*_tensors(g_means, g_quats, g_scales), g_viewmat, None, None, None)


class ShColors(torch.autograd.Function):
    """(directions [N, 3], sh [N, K, 3], degree) -> colors [N, 3]."""

    @staticmethod
    def forward(ctx: Any, directions: Tensor, sh: Tensor, degree: int) -> Tensor:  # type: ignore[override]
        d, s = array(directions), array(sh)
        colors = np.empty((len(s), 3), f32)
        sh_forward(d, s, (degree + 1) ** 2, colors)
        ctx.saved = (d, s, (degree + 1) ** 2, colors)
        return torch.from_numpy(colors)

    @staticmethod
    def backward(ctx: Any, g_colors: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        directions, sh, count, colors = ctx.saved
        g_directions, g_sh = np.empty_like(directions), np.zeros_like(sh)
        sh_backward(directions, sh, count, colors, array(g_colors), g_directions, g_sh)
        return torch.from_numpy(g_directions), torch.from_numpy(g_sh), None


class Blend(torch.autograd.Function):
    """(means2d, conics, opacities, colors, depths, width, height) -> (image [H, W, 3], alpha [H, W])."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, means2d: Tensor, conics: Tensor, opacities: Tensor, colors: Tensor, depths: Tensor, width: int,
        height: int,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        projected = (array(t) for t in (means2d, conics, opacities, colors, depths))
        bins = bin_splats(*projected, width=width, height=height)
        image = np.empty((height, width, 3), f32)
        transmittance, last_entry = np.empty((height, width), f32), np.empty((height, width), np.int32)
        blend_forward(bins.footprints, bins.tile_starts, bins.tile_splats, bins.tile_order, image, transmittance,
                      last_entry)  # fmt: skip
        ctx.saved = (bins, transmittance, last_entry)
        return torch.from_numpy(image), torch.from_numpy(1 - transmittance)

    @staticmethod
    def backward(ctx: Any, g_image: Tensor, g_alpha: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        bins, transmittance, last_entry = ctx.saved
        n = len(bins.footprints)
        slots = np.zeros((len(bins.tile_splats), SLOT_COLUMNS), f32)
        blend_backward(*bins[:1], *bins[2:], transmittance, last_entry, array(g_image), array(g_alpha), slots)
        g_means2d, g_conics, g_colors = np.empty((n, 2), f32), np.empty((n, 3), f32), np.empty((n, 3), f32)
        g_opacities = np.empty(n, f32)
        sum_slots(bins.splat_pairs, slots, g_means2d, g_conics, g_opacities, g_colors)
        return (*_tensors(g_means2d, g_conics, g_opacities, g_colors), None, None, None)


def rasterize_one(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmat: Tensor, K: Tensor,
    width: int, height: int, sh_degree: int, background: Tensor | None = None, antialiased: bool = False,
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:  # fmt: skip
    """One camera on the CPU: image [H, W, 3], alpha [H, W, 1] and gsplat's meta, as far as it is known."""
    means2d, conics, depths, compensations = Project.apply(means, quats, scales, viewmat, K, width, height)
    if antialiased:
        opacities = opacities * compensations
    centre = -viewmat[:3, :3].T @ viewmat[:3, 3]
    # band 0 is the same from everywhere; without the subtraction its backward pass is a copy
    directions = means - centre if sh_degree else means.detach()
    rgb = ShColors.apply(directions, colors, sh_degree)
    image, alpha = Blend.apply(means2d, conics, opacities, rgb, depths, width, height)
    alpha = alpha[..., None]
    if background is not None:
        image = image + (1 - alpha) * background
    return image, alpha, {"means2d": means2d, "conics": conics, "depths": depths, "opacities": opacities}
