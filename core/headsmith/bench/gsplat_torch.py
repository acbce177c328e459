"""gsplat's own torch code on the CPU (https://docs.gsplat.studio; optional, `pip install gsplat`).

Its projection, spherical harmonics and `accumulate` run as they are. Two things that they need exist for CUDA only and
are lent to them here: the list of which splat meets which pixel, and nerfacc's two sums along rays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

import torch
from torch import Tensor

from headsmith.bench.blends import by_depth, list_blends
from headsmith.bench.scene import SH_DEGREE, Scene
from headsmith.bench.training import Unknowns


def is_installed() -> bool:
    return find_spec("gsplat") is not None


def render_gsplat_torch(unknowns: Unknowns, scene: Scene) -> Tensor:
    """[H, W, 3] over white."""
    from gsplat.cuda import _torch_impl as gsplat

    means, quats, log_scales, sh, logits = unknowns
    size = scene.size_px
    covars, _ = gsplat._quat_scale_to_covar_preci(quats, log_scales.exp(), True, False, triu=False)
    _, means2d, depths, conics, _ = gsplat._fully_fused_projection(
        means, covars, scene.viewmat[None], scene.K[None], size, size
    )
    centre = -scene.viewmat[:3, :3].T @ scene.viewmat[:3, 3]
    colors = (gsplat._spherical_harmonics(SH_DEGREE, means - centre, sh) + 0.5).clamp_min(0)
    opacities = torch.sigmoid(logits)
    projected = by_depth(*(t.detach().numpy() for t in (means2d[0], conics[0], opacities, depths[0])))
    ids, pixels = (torch.from_numpy(a).long() for a in list_blends(projected, size, size))
    with _sums_along_rays():
        image, alpha = gsplat.accumulate(
            means2d, conics, opacities[None], colors[None], ids, pixels, torch.zeros_like(ids), size, size
        )
    return (image + (1 - alpha))[0]


@contextmanager
def _sums_along_rays() -> Iterator[None]:
    """Lets `accumulate` import the two functions of nerfacc that it needs, in torch."""
    lent = ModuleType("nerfacc")
    lent.__dict__.update(render_weight_from_alpha=render_weight_from_alpha, accumulate_along_rays=accumulate_along_rays)
    own = sys.modules.get("nerfacc")
    sys.modules["nerfacc"] = lent
    try:
        yield
    finally:
        if own is None:
            del sys.modules["nerfacc"]
        else:
            sys.modules["nerfacc"] = own


def render_weight_from_alpha(alphas: Tensor, ray_indices: Tensor, n_rays: int) -> tuple[Tensor, Tensor]:
    """Weights and transmittances [M] of samples [M] that lie together by ray, nearest first."""
    through = torch.log1p(-alphas.double())
    before = torch.cumsum(through, 0) - through
    counts = torch.bincount(ray_indices, minlength=n_rays)
    starts = (torch.cumsum(counts, 0) - counts).clamp_max(max(len(alphas) - 1, 0))
    transmittance = torch.exp(before - before[starts[ray_indices]]).to(alphas.dtype)
    return alphas * transmittance, transmittance


def accumulate_along_rays(weights: Tensor, values: Tensor | None, ray_indices: Tensor, n_rays: int) -> Tensor:
    """[n_rays, C] the weighted sum of each ray's values [M, C], or of its weights."""
    weighted = weights[:, None] if values is None else weights[:, None] * values
    return weighted.new_zeros(n_rays, weighted.shape[1]).index_add(0, ray_indices, weighted)
