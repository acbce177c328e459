"""nvdiffrast on a CUDA GPU (https://nvlabs.github.io/nvdiffrast); the only file that imports it."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import torch
from torch import Tensor

NEAR_M, FAR_M = 0.01, 10.0


def is_available() -> bool:
    """Whether torch sees a CUDA GPU and nvdiffrast is installed."""
    return torch.cuda.is_available() and importlib.util.find_spec("nvdiffrast") is not None


def triangles_and_cover(
    camera_m: Tensor, pixels: Tensor, faces: Tensor, size_px: tuple[int, int]
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """[H, W] the triangle that each pixel sees, -1 where none, and [H, W] its cover with gradient to `pixels`.

    Corners in camera space [M, 3] and pixels [M, 2] of triangles [K, 3]; all on the GPU.
    """
    import nvdiffrast.torch as dr

    width, height = size_px
    z = camera_m[:, 2:]
    # OpenGL's clip space: row 0 of the result is at y = -1, so that y runs down as in pixels
    xy = (pixels / pixels.new_tensor([width / 2, height / 2]) - 1) * z
    depth = (z * (FAR_M + NEAR_M) - 2 * FAR_M * NEAR_M) / (FAR_M - NEAR_M)
    clip = torch.cat([xy, depth, z], 1)[None]
    triangles = faces.int()
    seen, _ = dr.rasterize(_context(), clip, triangles, (height, width))
    hard = (seen[..., 3:] > 0).to(pixels.dtype)
    return seen[0, ..., 3].long() - 1, dr.antialias(hard, seen, clip, triangles)[0, ..., 0]


@cache
def _context() -> Any:
    import nvdiffrast.torch as dr

    return dr.RasterizeCudaContext()
