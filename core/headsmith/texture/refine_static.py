"""The static texture corrected until its renders look like the pictures: what unwrapping and de-lighting got wrong.

Texture optimisation through a fixed rasterisation, as in inverse rendering with a known mesh (e.g. Laine et al. 2020,
"Modular Primitives for High-Performance Differentiable Rendering", section 4.4): geometry, cameras and lights stay, so
that each picture is a bilinear lookup. Only a coarser correction is learnt; finer detail stays as it was unwrapped, and
so does what the dynamic texture shows, except for the colour around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from headsmith.device import single_threaded
from headsmith.head_model.model import HeadModel
from headsmith.texture.dynamic_picture import seen_weight
from headsmith.texture.dynamic_raster import skin_of
from headsmith.texture.refine_picture import SUPERSAMPLE, SeenSkin, distance, seen_skin
from headsmith.types import U8, HeadFit, Progress, StaticTexture, TrainingView, no_progress

USUALLY_SEEN = 0.9
"""quantile, among the texels that are seen, of how much they are"""
HARDLY_SEEN = 0.1
"""of that: texels that are believed by half"""
SMOOTH_TEXELS = 1.0
"""blur of the correction: no texel of it can stand out alone"""
CARRIED = 0.03
"""of the texture's side: how far the correction goes on beyond the seen skin"""
FAINT = 0.05
"""belief around a texel from which on it follows its neighbours"""


@dataclass(frozen=True)
class RefineParams:
    correction_px: int = 512
    """side of what is added to the texture"""
    longest_px: int = 320
    """of the skin in a picture; larger ones are shrunken"""
    steps: int = 400
    batch: int = 4
    """pictures a step"""
    rate: float = 0.02
    """of Adam, falling to a tenth; sRGB 0..1"""
    gain_rate: float = 0.005
    """the same of the pictures' exposures, in logarithms"""
    structure: float = 0.2
    """share of SSIM in the loss, beside L1"""
    pull: float = 0.02
    """weight of the correction's mean size, against the loss"""
    seed: int = 0
    device: str = "cpu"


def refine_texture(
    model: HeadModel,
    fit: HeadFit,
    texture: StaticTexture,
    views: Sequence[TrainingView],
    params: RefineParams | None = None,
    progress: Progress = no_progress,
) -> StaticTexture:
    """`texture` made more like `views`, each in its own light; eyes, teeth and what no view shows stay as they are.

    Views may differ in exposure, which does not change the texture's brightness. Without a view that shows skin the
    texture comes back as it is.
    """
    params = params or RefineParams()
    skin, found = skin_of(model, fit, texture), []
    for i, view in enumerate(views):
        found.append(seen_skin(skin, view, params.longest_px))
        progress(0.3 * (i + 1) / len(views))
    pictures = [seen for seen in found if seen is not None]
    if pictures:
        with single_threaded():
            correction = _corrected(pictures, params, lambda share: progress(0.3 + 0.7 * share))
        texture = replace(texture, albedo=_added(texture.albedo, correction))
    progress(1.0)
    return texture


def _corrected(pictures: Sequence[SeenSkin], params: RefineParams, progress: Progress) -> Tensor:
    """[3, T, T] sRGB."""
    device, random = torch.device(params.device), np.random.default_rng(params.seed)
    near = [SeenSkin(*(values.to(device) for values in vars(seen).values())) for seen in pictures]
    belief = _belief(near, params.correction_px)
    wanted = torch.zeros(3, params.correction_px, params.correction_px, device=device, requires_grad=True)
    log_gains = torch.zeros(len(near), 3, device=device, requires_grad=True)
    adam = torch.optim.Adam([{"params": wanted, "lr": params.rate}, {"params": log_gains, "lr": params.gain_rate}])
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - 0.9 * step / max(params.steps, 1))
    for step in range(params.steps):
        chosen = random.choice(len(near), min(params.batch, len(near)), replace=False)
        centred = log_gains - log_gains.mean(0)
        correction = belief * blurred(wanted, SMOOTH_TEXELS)
        losses = [distance(near[i], correction, centred[i], params.structure) for i in chosen]
        adam.zero_grad(set_to_none=True)
        (torch.stack(losses).mean() + params.pull * correction.abs().mean()).backward()
        adam.step()
        falling.step()
        progress((step + 1) / params.steps)
    return _carried_on((belief * blurred(wanted, SMOOTH_TEXELS)).detach(), belief).cpu()


def _carried_on(correction: Tensor, belief: Tensor) -> Tensor:
    """The same where it is believed; around it, fading: no edge shows where the seen skin ends."""
    sigma = CARRIED * correction.shape[-1]
    near = blurred(belief, sigma)
    around = blurred(correction * belief, sigma) / (near + FAINT)
    return correction * belief + around * (1 - belief)


def blurred(image: Tensor, sigma_px: float) -> Tensor:
    """[C, T, T] by a Gaussian, cut off at three sigmas."""
    reach = max(1, round(3 * sigma_px))
    away = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device) / sigma_px
    taps = torch.exp(-0.5 * away**2)
    taps = (taps / taps.sum())[None, None]
    rows = functional.conv2d(image[:, None], taps[..., None], padding=(reach, 0))
    return functional.conv2d(rows, taps[:, :, None], padding=(0, reach))[:, 0]


def _belief(pictures: Sequence[SeenSkin], size_px: int) -> Tensor:
    """[1, T, T] 0..1: texels that are hardly seen follow their few pixels less. Adam alone takes steps of one length,
    however little speaks for them."""
    seen = seen_weight(((picture.place, _fine_weight(picture)) for picture in pictures), size_px)
    usual = seen[seen > 0].quantile(USUALLY_SEEN)
    return seen / (seen + HARDLY_SEEN * usual)


def _fine_weight(picture: SeenSkin) -> Tensor:
    """[s h, s w]"""
    fine = picture.weight.repeat_interleave(SUPERSAMPLE, 0).repeat_interleave(SUPERSAMPLE, 1)
    return (fine * picture.outer)[..., 0]


def _added(albedo: U8, correction: Tensor) -> U8:
    height, width = albedo.shape[:2]
    fine = functional.interpolate(correction[None], (height, width), mode="bilinear", align_corners=False)[0]
    return np.round(np.clip(albedo + 255 * fine.permute(1, 2, 0).numpy(), 0, 255)).astype(np.uint8)
