"""gsplat on a CUDA GPU (https://docs.gsplat.studio); the only file that imports it."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
from torch import Tensor

from headsmith.splats.compositing import EPS2D_PX2, FAR_M, NEAR_M, TILE_PX


def is_available() -> bool:
    """Whether torch sees a CUDA GPU and gsplat is installed."""
    return torch.cuda.is_available() and importlib.util.find_spec("gsplat") is not None


def rasterize_gsplat(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmats: Tensor, Ks: Tensor,
    width: int, height: int, sh_degree: int | None, backgrounds: Tensor | None, render_mode: str, absgrad: bool,
    rasterize_mode: str,
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Cameras [C, 4, 4] to images [C, H, W, n], alphas [C, H, W, 1] and gsplat's meta."""
    from gsplat import rasterization

    images, alphas, meta = rasterization(
        means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=NEAR_M, far_plane=FAR_M,
        radius_clip=0.0, eps2d=EPS2D_PX2, sh_degree=sh_degree, packed=False, tile_size=TILE_PX,
        backgrounds=backgrounds, render_mode=render_mode, absgrad=absgrad, rasterize_mode=rasterize_mode,
    )  # fmt: skip
    return images, alphas, meta
