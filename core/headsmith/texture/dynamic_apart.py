"""Eyes and mouth told apart: what the eyes do must not change how the mouth looks, nor the other way round.

A clip shows few of the combinations that an animator will ask for. To a network that never met them, a glance that
always came with a smile is a part of the smile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.head_model.model import HeadModel
from headsmith.texture.dynamic_network import TextureNet
from headsmith.texture.mask import mask_on_vertices
from headsmith.texture.project import smoothstep
from headsmith.texture.uv import build_atlas

EYES = ("eye", "brow", "left_eye.", "right_eye.")
MOUTH = ("mouth", "jaw", "cheek", "tongue", "noseSneer")
"""how the names of parameters begin that move the upper and the lower half of the face"""
BETWEEN_M = 0.008
"""around the height half-way between eyes and mouth: there a texel belongs to both halves"""


@dataclass(frozen=True)
class Half:
    """Eyes and brows, or mouth and jaw."""

    columns: Tensor
    """[K] the parameters that move it"""
    weight: Tensor
    """[1, T, T] of its texels, 1 in all"""


def halves_of(model: HeadModel, inputs: Sequence[str], size_px: int, device: torch.device) -> tuple[Half, Half]:
    """The upper and the lower half of the face, for parameters named `inputs` and textures of `size_px`²."""
    atlas, place = build_atlas(model, size_px), model.v_template
    lips = place[model.regions["lips"] > 0.5, 1].mean()
    eyes = place[model.regions["eyes"] > 0.5, 1].mean()
    upper = smoothstep(-BETWEEN_M, BETWEEN_M, place[:, 1] - (lips + eyes) / 2)
    mask = mask_on_vertices(model)
    out = []
    for names, share in ((EYES, upper), (MOUTH, 1 - upper)):
        weight = atlas.image(atlas.at(mask * share))
        columns = [i for i, name in enumerate(inputs) if name.startswith(names)]
        out.append(Half(torch.tensor(columns, device=device), torch.from_numpy(weight / weight.sum()).to(device)[None]))
    return out[0], out[1]


def strangers(vectors: Tensor, chosen: Sequence[int], half: Half, random: np.random.Generator) -> Tensor:
    """[B, P] the examples `chosen` of [N, P], each parameter of `half` as in an example of its own."""
    out = vectors[list(chosen)].clone()
    donors = torch.from_numpy(random.integers(0, len(vectors), (len(chosen), len(half.columns)))).to(vectors.device)
    out[:, half.columns] = vectors[donors, half.columns]
    return out


def difference(
    network: TextureNet, strange: Tensor, textures: Tensor, moved: Half, other: Half, share: float
) -> Tensor:
    """How far the half that did not move is from `textures` [B, 3, T, T], and by a `share` the one that did, of which
    nothing is known but that it is no chaos.

    Both sides learn from it: were one held, the picture that they have in common would drift.
    """
    away = (network(strange) - textures).abs().mean((0, 1))
    return (away * (other.weight + share * moved.weight)).sum()
