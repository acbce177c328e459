"""The numba kernels as torch autograd functions, and the CPU rasteriser made of them (float32)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from headsmith.splats.compositing import TILE_PX
from headsmith.splats.jit import f32, static
from headsmith.splats.kernel_binning import bin_splats
from headsmith.splats.kernel_blend_backward import SplatGradients, blend_backward, slot_columns, sum_slots
from headsmith.splats.kernel_blend_forward import blend_forward
from headsmith.splats.kernel_sh import sh_backward, sh_forward
from headsmith.splats.kernel_view import LANES, Cloud, Lens, Seen, see
from headsmith.splats.kernel_view_backward import unsee


@dataclass(frozen=True)
class Canvas:
    """What is drawn, besides tensors that have gradients."""

    width: int
    height: int
    sh_count: int = 0
    """harmonics that make a colour, 1, 4, 9 or 16; 0 takes colours as they are"""
    antialiased: bool = False
    absgrad: bool = False


def array(tensor: Tensor) -> NDArray[np.float32]:
    """The tensor's own memory where it is float32 and contiguous, else a copy that is."""
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)


def empty(*shapes: tuple[int, ...]) -> tuple[NDArray[np.float32], ...]:
    return tuple(np.empty(shape, f32) for shape in shapes)


def tensors(arrays: tuple[NDArray[np.float32], ...]) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(a) for a in arrays)


def lenses(viewmats: Tensor, Ks: Tensor, canvas: Canvas) -> list[Lens]:
    views, size_px = array(viewmats), np.array([canvas.width, canvas.height], f32)
    centres = np.linalg.inv(views.astype(np.float64))[:, :3, 3].astype(f32)
    return [Lens(*camera, size_px) for camera in zip(views, array(Ks), centres, strict=True)]


def view_gradient(lens: Lens, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """[4, 4] dL/d view from [blocks, 4, 4]: rows 0-2 its direct share, row 3 dL/d centre, view^-1's last column."""
    total, inverse = blocks.sum(0), np.linalg.inv(lens.viewmat.astype(np.float64))
    g_centre = total[3, :3].copy()
    total[3] = 0
    return total - np.outer(inverse[:3].T @ g_centre, inverse[:, 3])


class See(torch.autograd.Function):
    """(means, quats, scales, opacities, colors [N, K, 3] or [C, N, K, 3], viewmats [C, 4, 4], Ks, canvas) ->
    (means2d, conics, depths, opacities, colors, radii), each [C, N, ...]."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, viewmats: Tensor,
        Ks: Tensor, canvas: Canvas,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        shape = (len(viewmats), len(means))
        seen = Seen(*empty((*shape, 2), (*shape, 3), shape, shape, (*shape, 3)))
        radii = np.empty((*shape, 2), np.int32)
        ctx.save_for_backward(means, quats, scales, opacities, colors, viewmats, Ks)
        ctx.canvas, ctx.seen, ctx.radii = canvas, seen, radii
        parts = [array(t) for t in (means, quats, scales, opacities, colors)]
        for c, lens in enumerate(lenses(viewmats, Ks, canvas)):
            cloud = Cloud(parts[0], parts[1], parts[2], parts[3], parts[4] if colors.ndim == 3 else parts[4][c])
            see(cloud, lens, static(canvas.sh_count), canvas.antialiased, Seen(*(a[c] for a in seen)), radii[c])
        outputs = (*tensors(seen), torch.from_numpy(radii))
        ctx.mark_non_differentiable(outputs[-1])
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        *cloud_tensors, viewmats, Ks = ctx.saved_tensors
        canvas, parts, g_seen = ctx.canvas, [array(t) for t in cloud_tensors], [array(g) for g in upstream[:5]]
        per_camera_colors = parts[4].ndim == 4
        g_views = np.zeros((len(viewmats), 4, 4))
        total: list[NDArray[np.float32]] = []
        g_colors = []
        for c, lens in enumerate(lenses(viewmats, Ks, canvas)):
            cloud = Cloud(parts[0], parts[1], parts[2], parts[3], parts[4][c] if per_camera_colors else parts[4])
            g_cloud = Cloud(*(np.empty_like(a) for a in cloud))
            blocks = -(-len(cloud.means) // LANES)
            g_lens = np.zeros((blocks, 4 if ctx.needs_input_grad[5] else 0, 4))
            seen = Seen(*(a[c] for a in ctx.seen))
            unsee(cloud, lens, static(canvas.sh_count), canvas.antialiased, seen, ctx.radii[c],
                  Seen(*(g[c] for g in g_seen)), g_cloud, g_lens)  # fmt: skip
            if ctx.needs_input_grad[5]:
                g_views[c] = view_gradient(lens, g_lens)
            g_colors.append(g_cloud.colors)
            total = [np.add(t, g, dtype=f32) for t, g in zip(total, g_cloud, strict=True)] if total else list(g_cloud)
        if per_camera_colors:
            total[4] = np.stack(g_colors)
        g_viewmats = torch.from_numpy(g_views).to(viewmats.dtype) if ctx.needs_input_grad[5] else None
        return (*tensors(tuple(total)), g_viewmats, None, None)


class ShColors(torch.autograd.Function):
    """(directions [N, 3], sh [N, K, 3], degree) -> colors [N, 3]."""

    @staticmethod
    def forward(ctx: Any, directions: Tensor, sh: Tensor, degree: int) -> Tensor:  # type: ignore[override]
        d, s = array(directions), array(sh)
        colors = np.empty((len(s), 3), f32)
        sh_forward(d, s, static((degree + 1) ** 2), colors)
        ctx.saved = (d, s, static((degree + 1) ** 2), colors)
        return torch.from_numpy(colors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g_colors: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        directions, sh, count, colors = ctx.saved
        g_directions, g_sh = np.empty_like(directions), np.zeros_like(sh)
        sh_backward(directions, sh, count, colors, array(g_colors), g_directions, g_sh)
        return torch.from_numpy(g_directions), torch.from_numpy(g_sh), None


class Blend(torch.autograd.Function):
    """(means2d, conics, opacities, channels [C, N, n], depths, backgrounds [C, n], canvas) ->
    (images [C, H, W, n], alphas [C, H, W, 1], tiles per splat [C, N])."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, means2d: Tensor, conics: Tensor, opacities: Tensor, channels: Tensor, depths: Tensor,
        backgrounds: Tensor, canvas: Canvas,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        flat = [array(t) for t in (means2d, conics, opacities, channels, depths)]
        behind, (cameras, count, n) = array(backgrounds), flat[3].shape
        (images,) = empty((cameras, canvas.height, canvas.width, n))
        (transmittance,) = empty(images.shape[:3])
        last_entry, tiles = np.empty(images.shape[:3], np.int32), np.empty((cameras, count), np.int32)
        ctx.bins = []
        for c in range(cameras):
            bins = bin_splats(*(a[c] for a in flat), width=canvas.width, height=canvas.height)
            blend_forward(bins, static(n), behind[c], images[c], transmittance[c], last_entry[c])
            ctx.bins.append(bins)
            tiles[c] = bins.pair_counts
        ctx.saved, ctx.canvas, ctx.means2d = (behind, transmittance, last_entry), canvas, means2d
        outputs = (torch.from_numpy(images), torch.from_numpy(1 - transmittance)[..., None], torch.from_numpy(tiles))
        ctx.mark_non_differentiable(outputs[-1])
        return outputs

    @staticmethod
    @once_differentiable
    def backward(  # type: ignore[override]
        ctx: Any, g_images: Tensor, g_alphas: Tensor, _: Tensor
    ) -> tuple[Tensor | None, ...]:
        behind, transmittance, last_entry = ctx.saved
        up_image, up_alpha = array(g_images), array(g_alphas[..., 0])
        cameras, n, count = len(behind), behind.shape[1], len(ctx.bins[0].footprints)
        channels, absgrad = static(n), static(2 if ctx.canvas.absgrad else 1)
        shape = (cameras, count)
        g = SplatGradients(
            *empty((*shape, 2), (*shape, 3), shape, (*shape, n), (cameras, count if ctx.canvas.absgrad else 0, 2))
        )
        g_backgrounds = np.zeros((cameras, n), f32)
        for c, bins in enumerate(ctx.bins):
            tiles = len(bins.tile_order)
            pairs = int(bins.pair_starts[-1])
            slots, tile_sums = empty((pairs, slot_columns(n, ctx.canvas.absgrad)), (tiles, n))
            is_filled = np.zeros(pairs, bool)
            blend_backward(bins, channels, absgrad, behind[c], (transmittance[c], last_entry[c]),
                           (up_image[c], up_alpha[c]), slots, is_filled, tile_sums)  # fmt: skip
            sum_slots(bins, channels, absgrad, slots, is_filled, SplatGradients(*(a[c] for a in g)))
            g_backgrounds[c] = tile_sums.sum(0, dtype=np.float64)
        if ctx.canvas.absgrad:
            ctx.means2d.absgrad = torch.from_numpy(g.absolute)
        return (*tensors(g[:4]), None, torch.from_numpy(g_backgrounds), None)


def rasterize_cameras(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmats: Tensor, Ks: Tensor,
    backgrounds: Tensor | None, render_mode: str, canvas: Canvas,
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Images [C, H, W, n], alphas [C, H, W, 1] and gsplat's meta of CPU tensors; "ED" as the plain sum of depths."""
    coefficients = colors[..., None, :] if canvas.sh_count == 0 else colors
    means2d, conics, depths, seen_opacities, rgb, radii = See.apply(
        means, quats, scales, opacities, coefficients, viewmats, Ks, canvas
    )
    with_color, with_depth = "RGB" in render_mode, "D" in render_mode
    channels = rgb
    if with_depth:
        channels = torch.cat([rgb, depths[..., None]], -1) if with_color else depths[..., None]
    behind = torch.zeros(len(viewmats), channels.shape[-1])
    if backgrounds is not None and with_color:
        behind = torch.cat([backgrounds, behind[:, :1]], -1) if with_depth else backgrounds
    images, alphas, tiles = Blend.apply(means2d, conics, seen_opacities, channels, depths.detach(), behind, canvas)
    meta = {
        "batch_ids": None, "camera_ids": None, "gaussian_ids": None, "radii": radii, "means2d": means2d,
        "depths": depths, "conics": conics, "opacities": seen_opacities, "tile_width": -(-canvas.width // TILE_PX),
        "tile_height": -(-canvas.height // TILE_PX), "tiles_per_gauss": tiles, "width": canvas.width,
        "height": canvas.height, "tile_size": TILE_PX, "n_batches": 1, "n_cameras": len(viewmats),
    }  # fmt: skip
    return images, alphas, meta
