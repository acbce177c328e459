"""Training the dynamic texture from pictures whose geometry is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from headsmith.asset.avatar import DynamicTexture
from headsmith.head_model.model import HeadModel
from headsmith.metrics import perceptual
from headsmith.texture.dynamic_apart import halves_of
from headsmith.texture.dynamic_inputs import expression_mix, find_latents, input_names, view_vector
from headsmith.texture.dynamic_network import TextureNet
from headsmith.texture.dynamic_onnx import onnx_of, rounded
from headsmith.texture.dynamic_optimise import optimise
from headsmith.texture.dynamic_params import DynamicParams
from headsmith.texture.dynamic_picture import (
    Picture,
    colour_distance,
    crop_corner,
    look_distance,
    picture_of,
    seen_weight,
    shown,
)
from headsmith.texture.dynamic_raster import believed, look_up, skin_of
from headsmith.types import HeadFit, Progress, StaticTexture, TrainingView, no_progress


def train_dynamic(
    model: HeadModel,
    fit: HeadFit,
    texture: StaticTexture,
    views: Sequence[TrainingView],
    params: DynamicParams | None = None,
    progress: Progress = no_progress,
) -> DynamicTexture:
    """From pictures; `fit` gives the head's shape, each view its own camera, expression, pose and light.

    All of `views` are trained on: held-out frames are kept back by the caller. Views in which the parts of the mask
    are not seen count for nothing; without any other the network is the static texture.
    """
    params = params or DynamicParams()
    device = torch.device(params.device)
    skin = skin_of(model, fit, texture)
    found = []
    for i, view in enumerate(views):
        found.append(look_up(skin, view))
        progress(0.1 * (i + 1) / len(views))
    shown_in = [(lookups, view) for lookups, view in zip(believed(found), views, strict=True) if lookups.weight.any()]
    pictures = [picture_of(lookups, view.image, device) for lookups, view in shown_in]
    vectors = [view_vector(model, view) for _, view in shown_in]
    inputs = input_names(model)
    parameters = np.stack(vectors) if vectors else np.zeros((0, len(inputs)), np.float32)
    latents = find_latents(parameters, inputs, expression_mix(model))
    network = TextureNet(latents, texture.albedo, params.sizes, params.seed).to(device)
    if pictures:
        loss = _PictureLoss(pictures, params, network)
        halves = halves_of(model, inputs, params.sizes.texture_px, device)
        optimise(network, parameters, loss, params, lambda f: progress(0.1 + 0.9 * f), halves)
    progress(1.0)
    rounded(network)
    return DynamicTexture(onnx_of(network), inputs)


class _PictureLoss:
    """L1 on the pixels, perceptual distance in a square of one picture, and a pull to the static texture."""

    def __init__(self, pictures: Sequence[Picture], params: DynamicParams, network: TextureNet) -> None:
        self.pictures, self.params = pictures, params
        self.looks = params.perceptual > 0 and perceptual.is_available()
        self.random = np.random.default_rng(params.seed)
        size = network.sizes.texture_px
        with torch.no_grad():
            self.static = network(network.mix.new_zeros(1, len(network.mix)))
        seen = seen_weight(((p.place[None], (p.weight * p.mask).T) for p in pictures), size) / len(pictures)
        self.unseen = 1 / (1 + 50 * seen)

    def __call__(self, textures: Tensor, chosen: Sequence[int]) -> Tensor:
        colours = [shown(texture, self.pictures[i]) for texture, i in zip(textures, chosen, strict=True)]
        pairs = [(c, self.pictures[i]) for c, i in zip(colours, chosen, strict=True)]
        total = torch.stack([colour_distance(c, picture) for c, picture in pairs]).mean()
        total = total + self.params.pull * ((textures - self.static).abs() * self.unseen).mean()
        if self.looks:
            colour, picture = pairs[0]
            side = min(self.params.crop_px, *picture.image.shape[:2])
            corner = crop_corner(picture, side, self.random)
            total = total + self.params.perceptual * look_distance(colour, picture, corner, side)
        return total
