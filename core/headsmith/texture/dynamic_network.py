"""The dynamic-texture network: parameters to coarse 'images', by transposed convolutions to a texture.

After "3D Engine-ready Photorealistic Avatars via Dynamic Textures" (arXiv 2503.14943), section 3.4, with the static
texture as a constant picture at the end: the network only learns what differs from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from headsmith.texture.dynamic_inputs import Latents
from headsmith.types import F32, U8

SLOPE = 0.2
"""of the leaky rectifiers"""
DARKEST, BRIGHTEST = 0.004, 0.996
"""sRGB, so that logits stay finite"""


@dataclass(frozen=True)
class Sizes:
    """2 MB in all as float16."""

    texture_px: int = 512
    hidden: tuple[int, int] = (64, 24)
    codes: int = 4
    """channels of the coarse images"""
    channels: tuple[int, int, int] = (64, 32, 8)
    """after them, each but the first on twice the grid of the one before; the texture's grid is twice the last"""

    @property
    def grid(self) -> int:
        """side of the coarse images"""
        return self.texture_px >> len(self.channels)


class TextureNet(nn.Module):
    """[B, P] parameters to [B, 3, T, T] sRGB 0..1. Untrained it gives the static texture."""

    low: Tensor
    high: Tensor
    scale: Tensor
    mix: Tensor

    def __init__(self, latents: Latents, static: U8, sizes: Sizes, seed: int = 0) -> None:
        super().__init__()
        self.sizes = sizes
        for name in ("mix", "low", "high", "scale"):
            self.register_buffer(name, torch.from_numpy(np.array(getattr(latents, name), np.float32)))
        first, second = sizes.hidden
        wide, middle, narrow = sizes.channels
        self.first = nn.Linear(len(latents.low), first)
        self.second = nn.Linear(first, second)
        self.images = nn.Linear(second, sizes.codes * sizes.grid**2)
        self.spread = nn.Conv2d(sizes.codes, wide, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(wide, middle, 4, 2, 1)
        self.up2 = nn.ConvTranspose2d(middle, narrow, 4, 2, 1)
        self.fine = nn.ConvTranspose2d(narrow, 3, 4, 2, 1)
        self.coarse = nn.Conv2d(narrow, 3, 1)
        _start(self, torch.Generator().manual_seed(seed))
        colour, detail = _base(static, sizes.texture_px)
        self.colour = nn.Parameter(torch.from_numpy(colour))
        self.detail = nn.Parameter(torch.from_numpy(detail))

    def forward(self, parameters: Tensor) -> Tensor:
        features = self.features(parameters)
        colour = functional.interpolate(
            self.coarse(features) + self.colour, scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return torch.sigmoid(self.fine(features) + colour + self.detail)

    def features(self, parameters: Tensor) -> Tensor:
        """[B, C, T / 2, T / 2]"""
        latent = ((parameters @ self.mix).clamp(self.low, self.high) - self.low) * self.scale
        hidden = _bent(self.second(_bent(self.first(latent))))
        side = self.sizes.grid
        codes = self.images(hidden).reshape(-1, self.sizes.codes, side, side)
        return _bent(self.up2(_bent(self.up1(_bent(self.spread(codes))))))


def _start(network: TextureNet, random: torch.Generator) -> None:
    """Random weights that keep the size of what passes (He et al. 2015); the last layers add nothing.

    The coarse images start out different at every place, so that places can learn apart.
    """
    with torch.no_grad():
        for name, layer in network.named_children():
            weight = layer.get_parameter("weight")
            fan_in = weight[0].numel() if not isinstance(layer, nn.ConvTranspose2d) else 4 * len(weight)
            weight.normal_(
                0, 0.0 if name in ("fine", "coarse") else (2 / (1 + SLOPE**2) / fan_in) ** 0.5, generator=random
            )
            layer.get_parameter("bias").zero_()
        network.images.bias.normal_(generator=random)


def _bent(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)


def reduced(static: U8, size_px: int) -> F32:
    """[size, size, 3] 0..1 of a texture [T, T, 3]."""
    image = Image.fromarray(static)
    if image.size != (size_px, size_px):
        image = image.resize((size_px, size_px), Image.Resampling.BOX if image.width > size_px else
                             Image.Resampling.BICUBIC)  # fmt: skip
    return np.asarray(image, np.float32) / 255


def _base(static: U8, size_px: int) -> tuple[F32, F32]:
    """The static texture in logits: colour [1, 3, T/2, T/2], to be enlarged, and grey detail [1, 1, T, T] on top."""
    srgb = np.clip(reduced(static, size_px), DARKEST, BRIGHTEST)
    logits = np.log(srgb / (1 - srgb)).transpose(2, 0, 1)[None].astype(np.float32)
    half = size_px // 2
    colour = logits.reshape(1, 3, half, 2, half, 2).mean((3, 5))
    large = functional.interpolate(torch.from_numpy(colour), scale_factor=2.0, mode="bilinear", align_corners=False)
    detail = (logits - large.numpy()).mean(1, keepdims=True)
    return colour, detail
