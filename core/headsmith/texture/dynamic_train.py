"""Training the dynamic texture: from pictures whose geometry is known, or from textures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.asset.avatar import DynamicTexture
from headsmith.head_model.model import HeadModel
from headsmith.metrics import perceptual
from headsmith.texture.dynamic_inputs import Latents, expression_mix, find_latents, input_names, view_vector
from headsmith.texture.dynamic_network import TextureNet
from headsmith.texture.dynamic_onnx import onnx_of, rounded
from headsmith.texture.dynamic_params import MASK_PX, DynamicParams
from headsmith.texture.dynamic_picture import (
    Picture,
    colour_distance,
    crop_corner,
    look_distance,
    picture_of,
    seen_weight,
    shown,
)
from headsmith.texture.dynamic_raster import look_up, skin_of
from headsmith.texture.mask import dynamic_mask
from headsmith.types import F32, U8, HeadFit, Progress, StaticTexture, TrainingView, no_progress

DETAIL_EPS = 1e-5
"""gradients of a texel below that move it less: one that is hardly seen is left as it is"""
Loss = Callable[[Tensor, Sequence[int]], Tensor]
"""Of textures [B, 3, T, T] that were made for the examples of those numbers."""


@dataclass(frozen=True)
class TextureTarget:
    """What the texture shall be for one parameter vector."""

    texture: F32
    """[T, T, 3] sRGB 0..1, T of `DynamicParams.sizes`"""
    weight: F32
    """[T, T] 0..1 how far each texel counts"""


@dataclass(frozen=True)
class TextureExamples:
    """N parameter vectors and the textures that belong to them."""

    static: U8
    """[S, S, 3] sRGB, of any size: what the texture is where nothing else is known"""
    parameters: F32
    """[N, P]"""
    inputs: tuple[str, ...]
    """[P] as `dynamic_inputs.input_names` says"""
    target: Callable[[int], TextureTarget]
    """of one example; called anew whenever it is needed"""
    mix: F32 | None = None
    """[P, Q] as `dynamic_inputs.expression_mix` says"""


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
    skin = skin_of(model, fit, texture, dynamic_mask(model, MASK_PX))
    pictures, vectors = [], []
    for i, view in enumerate(views):
        lookups = look_up(skin, view)
        if len(lookups.pixel):
            pictures.append(picture_of(lookups, view.image, device))
            vectors.append(view_vector(model, view))
        progress(0.1 * (i + 1) / len(views))
    inputs = input_names(model)
    parameters = np.stack(vectors) if vectors else np.zeros((0, len(inputs)), np.float32)
    latents = find_latents(parameters, inputs, expression_mix(model))
    network = _network(latents, texture.albedo, params)
    if pictures:
        loss = _PictureLoss(pictures, params, network)
        _train(network, parameters, loss, params, lambda f: progress(0.1 + 0.9 * f))
    progress(1.0)
    return _exported(network, inputs)


def fit_network(
    examples: TextureExamples, params: DynamicParams | None = None, progress: Progress = no_progress
) -> DynamicTexture:
    """The same network, from textures."""
    params = params or DynamicParams()
    latents = find_latents(examples.parameters, examples.inputs, examples.mix)
    network = _network(latents, examples.static, params)
    device = torch.device(params.device)

    def loss(textures: Tensor, chosen: Sequence[int]) -> Tensor:
        targets = [examples.target(i) for i in chosen]
        wanted = torch.from_numpy(np.stack([t.texture for t in targets]).astype(np.float32)).to(device)
        weight = torch.from_numpy(np.stack([t.weight for t in targets]).astype(np.float32)).to(device)[:, None]
        apart = (textures - wanted.permute(0, 3, 1, 2)).abs() * weight
        return apart.sum() / (3 * weight.sum()).clamp_min(1e-6)

    if len(examples.parameters):
        _train(network, examples.parameters, loss, params, progress)
    progress(1.0)
    return _exported(network, examples.inputs)


def _network(latents: Latents, static: U8, params: DynamicParams) -> TextureNet:
    torch.manual_seed(params.seed)
    return TextureNet(latents, static, params.sizes).to(params.device)


def _exported(network: TextureNet, inputs: tuple[str, ...]) -> DynamicTexture:
    rounded(network)
    return DynamicTexture(onnx_of(network), inputs)


class _PictureLoss:
    """L1 on the pixels, perceptual distance in a square of one picture, and a pull to the static texture."""

    def __init__(self, pictures: Sequence[Picture], params: DynamicParams, network: TextureNet) -> None:
        self.pictures, self.params = pictures, params
        self.random = np.random.default_rng(params.seed)
        size = network.sizes.texture_px
        with torch.no_grad():
            self.static = network(network.mix.new_zeros(1, len(network.mix)))
        seen = seen_weight(pictures, size) / len(pictures)
        self.unseen = 1 / (1 + 50 * seen)

    def __call__(self, textures: Tensor, chosen: Sequence[int]) -> Tensor:
        colours = [shown(texture, self.pictures[i]) for texture, i in zip(textures, chosen, strict=True)]
        pairs = [(c, self.pictures[i]) for c, i in zip(colours, chosen, strict=True)]
        total = torch.stack([colour_distance(c, picture) for c, picture in pairs]).mean()
        total = total + self.params.pull * ((textures - self.static).abs() * self.unseen).mean()
        if self.params.perceptual > 0 and perceptual.is_available():
            colour, picture = pairs[0]
            side = min(self.params.crop_px, *picture.image.shape[:2])
            corner = crop_corner(picture, side, self.random)
            total = total + self.params.perceptual * look_distance(colour, picture, corner, side)
        return total


def _train(network: TextureNet, parameters: F32, loss: Loss, params: DynamicParams, progress: Progress) -> None:
    """Adam (Kingma and Ba 2015) on random examples, each as often as every other."""
    random = np.random.default_rng(params.seed)
    vectors = torch.from_numpy(parameters).to(params.device)
    spread = params.noise * (vectors.amax(0) - vectors.amin(0))
    picture = [network.colour, network.detail]
    rest = [p for p in network.parameters() if all(p is not q for q in picture)]
    slow = {"params": picture, "lr": params.detail_rate, "eps": DETAIL_EPS}
    adam = torch.optim.Adam([{"params": rest, "lr": params.rate}, slow])
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: _fall(step / max(params.steps, 1)))
    waiting: list[int] = []
    for step in range(params.steps):
        while len(waiting) < params.batch:
            waiting += random.permutation(len(parameters)).tolist()
        chosen, waiting = waiting[: params.batch], waiting[params.batch :]
        jitter = torch.from_numpy(random.standard_normal((len(chosen), vectors.shape[1])).astype(np.float32))
        adam.zero_grad(set_to_none=True)
        loss(network(vectors[chosen] + spread * jitter.to(vectors.device)), chosen).backward()
        adam.step()
        falling.step()
        progress((step + 1) / params.steps)


def _fall(fraction: float) -> float:
    """1 at the start, a twentieth at the end."""
    return 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * min(fraction, 1.0))))
