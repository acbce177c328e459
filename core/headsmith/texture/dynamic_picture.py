"""A texture seen in pictures, differentiably, and how far it is from what they show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from headsmith.metrics.perceptual import weighted_distance
from headsmith.texture.dynamic_raster import Lookups
from headsmith.types import F32, U8


@dataclass(frozen=True)
class Picture:
    """`Lookups` as tensors, and the picture around them."""

    place: Tensor
    """[N, 2] of the texture, as `grid_sample` counts: -1..1, down"""
    static: Tensor
    mask: Tensor
    """[N, 1]"""
    light: Tensor
    target: Tensor
    weight: Tensor
    """[N, 1]"""
    pixel: Tensor
    """[N, 2] row, column"""
    image: Tensor
    """[H, W, 3] 0..1"""


def picture_of(lookups: Lookups, image: U8, device: torch.device) -> Picture:
    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    place = place_of(lookups.uv)
    return Picture(
        tensor(place), tensor(lookups.static), tensor(lookups.mask[:, None].astype(np.float32)), tensor(lookups.light),
        tensor(lookups.target), tensor(lookups.weight[:, None]), tensor(lookups.pixel.astype(np.int64)),
        tensor(image.astype(np.float32) / 255),
    )  # fmt: skip


def place_of(uv: F32) -> F32:
    """[..., 2] where in a texture `grid_sample` finds uv [..., 2]: -1..1, down."""
    return np.stack([2 * uv[..., 0] - 1, 1 - 2 * uv[..., 1]], -1).astype(np.float32)


def looked_up(texture: Tensor, place: Tensor) -> Tensor:
    """[H, W, C] a texture [C, T, T] at places [H, W, 2]."""
    found = functional.grid_sample(texture[None], place[None], padding_mode="border", align_corners=False)
    return found[0].permute(1, 2, 0)


def shown(texture: Tensor, picture: Picture) -> Tensor:
    """[N, 3] sRGB of the picture's pixels, with `texture` [3, T, T] in the place of the static one."""
    sampled = looked_up(texture, picture.place[None])[0]
    albedo = picture.static + (sampled - picture.static) * picture.mask
    return linear_to_srgb(srgb_to_linear(albedo) * picture.light)


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """IEC 61966-2-1, as `head_model.shading`."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp_min(0.04) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """IEC 61966-2-1, clipped to 0..1."""
    x = linear.clamp(0, 1)
    return torch.where(x <= 0.0031308, x * 12.92, 1.055 * x.clamp_min(0.003) ** (1 / 2.4) - 0.055)


def colour_distance(colours: Tensor, picture: Picture) -> Tensor:
    """Mean of |difference|, by weight and mask."""
    weight = picture.weight * picture.mask
    return ((colours - picture.target).abs() * weight).sum() / (3 * weight.sum()).clamp_min(1e-6)


def look_distance(colours: Tensor, picture: Picture, corner: tuple[int, int], side_px: int) -> Tensor:
    """Perceptual distance in a square of the picture, whose other pixels are as photographed."""
    top, left = corner
    row, column = picture.pixel[:, 0] - top, picture.pixel[:, 1] - left
    inside = (row >= 0) & (row < side_px) & (column >= 0) & (column < side_px)
    target = picture.image[top : top + side_px, left : left + side_px]
    at = row[inside], column[inside]
    weight = target.new_zeros(target.shape[:2])
    weight[at] = (picture.weight * picture.mask)[inside, 0]
    drawn = target.clone()
    # pixels that are not believed stay as photographed, or they would drive those around them
    drawn[at] = torch.lerp(target[at], colours[inside], (picture.weight[inside] > 0.2).float())
    return weighted_distance(drawn, target, weight)


def crop_corner(picture: Picture, side_px: int, random: np.random.Generator) -> tuple[int, int]:
    """Top and left of a square around one of the picture's pixels."""
    row, column = picture.pixel[int(random.integers(len(picture.pixel)))].tolist()
    height, width = picture.image.shape[:2]
    top, left = row - side_px // 2, column - side_px // 2
    return max(0, min(top, height - side_px)), max(0, min(left, width - side_px))


def seen_weight(seen: Iterable[tuple[Tensor, Tensor]], size_px: int) -> Tensor:
    """[1, T, T] how often texels are looked up: of each picture the places [H, W, 2], and their weights [H, W]."""
    total = torch.zeros(1, size_px, size_px)
    for place, weight in seen:
        texture = torch.zeros(1, size_px, size_px, device=place.device, requires_grad=True)
        (looked_up(texture, place)[..., 0] * weight).sum().backward()
        assert texture.grad is not None
        total = total.to(place.device) + texture.grad
    return total
