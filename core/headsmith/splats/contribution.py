"""How much of the picture each splat makes."""

from __future__ import annotations

import numpy as np
import torch

from headsmith.asset.avatar import Splats
from headsmith.splats.rasterize import rasterize
from headsmith.types import F32, Camera


def contribution(splats: Splats, camera: Camera) -> F32:
    """[N] each splat's blending weights, summed over the pixels of `camera`.

    A picture is the sum of the splats' colours times these weights, so that they are the gradient of the summed
    picture with respect to the colours: the rasteriser's own backward pass gives them exactly.
    """
    width, height = camera.size_px
    means, quats, scales, opacities = (
        torch.from_numpy(np.ascontiguousarray(a, np.float32))
        for a in (splats.means, splats.quats, splats.scales, splats.opacities)
    )
    black = torch.zeros(len(splats), 3, requires_grad=True)
    image, _, _ = rasterize(
        means, quats, scales, opacities, black, viewmats=torch.from_numpy(camera.T_camera_world.astype(np.float32)),
        Ks=torch.from_numpy(camera.K), width=width, height=height,
    )  # fmt: skip
    image[..., 0].sum().backward()
    assert black.grad is not None
    return black.grad[:, 0].numpy()
