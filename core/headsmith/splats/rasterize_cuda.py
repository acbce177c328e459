"""gsplat on a CUDA GPU (https://docs.gsplat.studio); the only file that imports it."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
from torch import Tensor


def is_available() -> bool:
    """Whether torch sees a CUDA GPU and gsplat is installed."""
    return torch.cuda.is_available() and importlib.util.find_spec("gsplat") is not None


def rasterize_gsplat(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmats: Tensor, Ks: Tensor,
    width: int, height: int, sh_degree: int, backgrounds: Tensor | None, rasterize_mode: str,
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Cameras [C, 4, 4] to images [C, H, W, 3], alphas [C, H, W, 1] and gsplat's meta."""
    from gsplat import rasterization

    images, alphas, meta = rasterization(
        means, quats, scales, opacities, colors, viewmats, Ks, width, height, sh_degree=sh_degree,
        backgrounds=backgrounds, packed=False, rasterize_mode=rasterize_mode,
    )  # fmt: skip
    return images, alphas, meta
