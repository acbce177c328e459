"""A picture as the static texture is refined by it: where each pixel looks up the texture, and in what light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import RasterBuffers, shrink
from headsmith.head_model.shading import irradiance, sample_bilinear
from headsmith.metrics.ssim_map import ssim_map
from headsmith.texture.dynamic_picture import linear_to_srgb, looked_up, place_of, srgb_to_linear
from headsmith.texture.dynamic_raster import Skin, beside_step, draw, region, seen_trust
from headsmith.texture.project import surface_kind
from headsmith.texture.sampling import crop_camera
from headsmith.types import F32, Bool, TrainingView

SUPERSAMPLE = 2
MARGIN_PX = 6
"""around what is compared, as wide as the windows of SSIM reach"""
LEAST_PIXELS = 200
EDGE_PX = 1
"""beside edges fit and lens mix both sides"""


@dataclass(frozen=True)
class SeenSkin:
    """The part of a picture that shows trusted skin, [h, w], shrunken where it was large; s is `SUPERSAMPLE`."""

    place: Tensor
    """[s h, s w, 2] of the texture, as `grid_sample` counts: -1..1, down"""
    outer: Tensor
    """[s h, s w, 1] 1 on the head's outer skin, 0 on eyes, lashes, teeth and beside the head"""
    static: Tensor
    """[s h, s w, 3] sRGB 0..1 of the texture as it is"""
    light: Tensor
    """[s h, s w, 3] irradiance, linear"""
    image: Tensor
    """[h, w, 3] sRGB 0..1"""
    weight: Tensor
    """[h, w, 1] 0..1"""


def seen_skin(skin: Skin, view: TrainingView, longest_px: int) -> SeenSkin | None:
    """Where `view` shows bare skin of the head; None where it shows next to none."""
    weight = _skin_weight(skin, view)
    rows, columns = np.nonzero(weight > 0)
    if len(rows) < LEAST_PIXELS:
        return None
    (top, bottom), (left, right) = (_bounds(at, n) for at, n in zip((rows, columns), weight.shape, strict=True))
    factor = -(-max(bottom - top, right - left) // longest_px)
    height, width = (bottom - top) // factor, (right - left) // factor
    box = (slice(top, top + factor * height), slice(left, left + factor * width))
    fine = SUPERSAMPLE / factor
    camera = crop_camera(view.camera, (left, top), fine, (SUPERSAMPLE * width, SUPERSAMPLE * height))
    drawn = draw(skin, view, camera)
    outer = _outer_skin(skin.model, drawn.buffers)[..., None]
    light = irradiance(drawn.normals, skin.light_sh if view.light_sh is None else view.light_sh)
    image = shrink(view.image[box].astype(np.float32) / 255, factor)
    shown = shrink(weight[box][..., None], factor)
    arrays = (place_of(drawn.uv), outer, sample_bilinear(skin.static, drawn.uv), light, image, shown)
    return SeenSkin(*(torch.from_numpy(np.ascontiguousarray(array, np.float32)) for array in arrays))


def distance(seen: SeenSkin, correction: Tensor, log_gain: Tensor, structure: float) -> Tensor:
    """How unlike the picture the texture with a correction [3, T, T] looks: L1, and a share of 1 - SSIM.

    `log_gain` [3]: by which the picture is brighter than texture and light say.
    """
    albedo = (seen.static + looked_up(correction, seen.place) * seen.outer).clamp(0, 1)
    fine = linear_to_srgb(srgb_to_linear(albedo) * seen.light * log_gain.exp())
    colours = functional.avg_pool2d(fine.permute(2, 0, 1), SUPERSAMPLE).permute(1, 2, 0)
    # what is not believed stays as photographed, or it would drive what is around it
    drawn = torch.where(seen.weight > 0, colours, seen.image)
    total = seen.weight.sum()
    apart = ((drawn - seen.image).abs() * seen.weight).sum() / (3 * total)
    unlike = ((1 - ssim_map(drawn, seen.image)) * seen.weight).sum() / (3 * total)
    return (1 - structure) * apart + structure * unlike


def _skin_weight(skin: Skin, view: TrainingView) -> F32:
    """[H, W] 0..1: the face's outer skin, seen well, that the matte calls bare; nothing where an edge is near, or where
    the dynamic texture shows, which lips and lids that move would blur here."""
    model, drawn = skin.model, draw(skin, view, view.camera)
    outer = _outer_skin(model, drawn.buffers) & ~beside_step(drawn.buffers, view.camera)
    face = drawn.buffers.interpolate(region(model, "face")[model.faces][..., None])[..., 0]
    still = 1 - sample_bilinear(skin.mask, drawn.uv)[..., 0]
    trust = seen_trust(model, view, drawn) * face * still
    trust = trust if view.skin is None else trust * view.skin
    return (trust * ndimage.binary_erosion(outer, iterations=EDGE_PX)).astype(np.float32)


def _outer_skin(model: HeadModel, buffers: RasterBuffers) -> Bool:
    """[H, W] pixels of the head itself: not of eyes, teeth and tongue, nor of the mouth's inside."""
    outer = surface_kind(model) == model.part_names.index("head")
    return outer[np.maximum(buffers.triangle, 0)] & (buffers.triangle >= 0)


def _bounds(at: np.ndarray, length: int) -> tuple[int, int]:
    return max(0, int(at.min()) - MARGIN_PX), min(length, int(at.max()) + 1 + MARGIN_PX)
