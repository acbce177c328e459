"""A rasteriser of torch operations only: what one writes without kernels of one's own.

The picture is cut into tiles; within a tile every splat whose box touches it meets every pixel, and autograd does the
rest. Blending is gsplat's, as in `headsmith.splats.reference`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from headsmith.bench.scene import SH_DEGREE, Scene
from headsmith.bench.training import Unknowns
from headsmith.splats.reference import colors_of, composite, project

TILE_PX = 16
REACH = 3.33
"""standard deviations at which an opaque splat's alpha falls to 1/255"""


def render_dense_tiles(unknowns: Unknowns, scene: Scene) -> Tensor:
    """[H, W, 3] over white."""
    means, quats, log_scales, sh, logits = unknowns
    size = scene.size_px
    means2d, conics, depths, _ = project(means, quats, log_scales.exp(), scene.viewmat, scene.K, (size, size))
    colors, opacities = colors_of(sh, means, scene.viewmat, SH_DEGREE), torch.sigmoid(logits)
    low, high = _boxes(means2d.detach(), conics.detach())
    rows = []
    for y in range(0, size, TILE_PX):
        in_row = torch.nonzero((high[:, 1] > y) & (low[:, 1] < y + TILE_PX)).squeeze(1)
        tiles = []
        for x in range(0, size, TILE_PX):
            touching = in_row[(high[in_row, 0] > x) & (low[in_row, 0] < x + TILE_PX)]
            extent = (min(TILE_PX, size - x), min(TILE_PX, size - y))
            corner = torch.tensor([x, y], dtype=means2d.dtype)
            tiles.append(_tile(means2d[touching] - corner, conics[touching], colors[touching], opacities[touching],
                               depths[touching], extent=extent))  # fmt: skip
        rows.append(torch.cat(tiles, 1))
    return torch.cat(rows)


def _boxes(means2d: Tensor, conics: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest and highest pixel coordinates [N, 2] of each splat."""
    det = conics[:, 0] * conics[:, 2] - conics[:, 1] ** 2
    reach = REACH * torch.stack([conics[:, 2], conics[:, 0]], 1).div(det[:, None]).sqrt()
    return means2d - reach, means2d + reach


def _tile(means2d: Tensor, conics: Tensor, colors: Tensor, opacities: Tensor, depths: Tensor, *,
          extent: tuple[int, int]) -> Tensor:  # fmt: skip
    image, alpha = composite(means2d, conics, colors, opacities, depths, extent)
    return image + (1 - alpha)
