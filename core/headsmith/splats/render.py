"""Pictures of finished splats, numpy in and out."""

from __future__ import annotations

import numpy as np
import torch

from headsmith.asset.avatar import Splats
from headsmith.splats.rasterize import rasterize
from headsmith.types import F32, Camera


def render_splats(
    splats: Splats, camera: Camera, background: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> tuple[F32, F32]:
    """sRGB image [H, W, 3] 0..1 and alpha [H, W]; blended over `background` in sRGB, as every 3DGS viewer does."""
    width, height = camera.size_px
    sh = np.concatenate([splats.sh0, splats.shN], axis=1)
    tensors = [torch.from_numpy(np.ascontiguousarray(a, np.float32))
               for a in (splats.means, splats.quats, splats.scales, splats.opacities, sh)]  # fmt: skip
    with torch.no_grad():
        image, alpha, _ = rasterize(
            *tensors, viewmats=torch.from_numpy(camera.T_camera_world.astype(np.float32)),
            Ks=torch.from_numpy(camera.K), width=width, height=height, sh_degree=round(sh.shape[1] ** 0.5) - 1,
            backgrounds=torch.tensor(background),
        )  # fmt: skip
    return image.clamp(0, 1).numpy(), alpha[..., 0].numpy()
