"""The colour of a surface as a small network of place, normal and view direction (Worchel et al. 2022, section 3.2).

The place says which skin it is, normal and direction how the light falls on it. The network is trained anew for each
person together with the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ShaderParams:
    octaves: int = 7
    """of the place's sines and cosines; the finest wave is `extent_m` / 2 ** (octaves - 2)"""
    width: int = 128
    layers: int = 3
    """hidden, before normal and direction come in"""
    extent_m: float = 0.15
    """half the side of the cube around the head in which places are counted"""


class NeuralShader(nn.Module):
    """(places [P, 3] in metres, unit normals [P, 3], unit directions to the camera [P, 3]) -> sRGB [P, 3] 0..1."""

    frequencies: Tensor
    center_m: Tensor

    def __init__(self, params: ShaderParams, center_m: Tensor) -> None:
        super().__init__()
        self.extent_m = params.extent_m
        self.register_buffer("center_m", center_m)
        self.register_buffer("frequencies", torch.pi * 2.0 ** torch.arange(params.octaves))
        sizes = [3 + 6 * params.octaves, *[params.width] * params.layers]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.skin = nn.Sequential(*layers)
        self.light = nn.Sequential(nn.Linear(params.width + 6, params.width // 2), nn.ReLU(),
                                   nn.Linear(params.width // 2, 3), nn.Sigmoid())  # fmt: skip

    def forward(self, places_m: Tensor, normals: Tensor, directions: Tensor) -> Tensor:
        place = (places_m - self.center_m) / self.extent_m
        angles = (place[:, None] * self.frequencies[:, None]).flatten(1)
        known = self.skin(torch.cat([place, angles.sin(), angles.cos()], 1))
        return self.light(torch.cat([known, normals, directions], 1))
