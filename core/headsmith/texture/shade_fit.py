"""The dynamic-texture network of learnt shading, brought near its goal by linear algebra and polished by training.

Shading is smooth and has few ways to vary: its principal components, put into the network's coarse images, and
convolutions that only enlarge them are a far better start than random numbers, and a small one is enough to learn
which pose has which components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from headsmith.texture.dynamic_network import SLOPE, TextureNet
from headsmith.types import F32

TINT = (0.95, 1.01, 1.05)
"""a shade's share of each channel: thin, moist skin turns warmer in the shade, not grey"""
DECAY = 0.1
"""of the perceptron's weights, so that poses never learnt stay between those that were"""
NOISE = 0.015
"""on the parameters while learning, for the same reason"""


@dataclass(frozen=True)
class Shades:
    """What is learnt: shifts of the static texture's logits, one number a texel, times `TINT`; N poses."""

    parameters: F32
    """[N, P]"""
    shift: F32
    """[N, G, G] on a quarter of the texture's grid"""
    importance: F32
    """[G, G] 0..1"""


def start_from(network: TextureNet, shades: Shades, steps: int, seed: int) -> float:
    """Puts `shades` into the network, which does nothing yet; returns the mean absolute error of the shifts."""
    basis, values = principal(shades, network.sizes.hidden[1] - 1)
    with torch.no_grad():
        _enlarge_only(network)
    turn = _learn(network, torch.from_numpy(shades.parameters), torch.from_numpy(values), steps, seed)
    with torch.no_grad():
        maps = torch.from_numpy(_codes(basis, network.sizes.grid))
        network.images.weight.copy_(maps.T @ turn.weight)
        network.images.bias.copy_(maps.T @ turn.bias)
        said = _perceptron(network, torch.from_numpy(shades.parameters))
        apart = (turn(said).numpy() @ basis).reshape(shades.shift.shape) - shades.shift
    return float((np.abs(apart) * shades.importance).sum() / (len(apart) * shades.importance.sum()))


def principal(shades: Shades, count: int) -> tuple[F32, F32]:
    """Maps [K, G G] and their sizes [N, K] in each pose, the greatest first; the neutral face has none of any."""
    flat = shades.shift.reshape(len(shades.shift), -1).astype(np.float64)
    pull = np.sqrt(np.maximum(shades.importance.reshape(-1), 1e-4))
    # the small matrix of the poses' likeness has the same components as the large one of the texels'
    sizes, poses = np.linalg.eigh((flat * pull**2) @ flat.T)
    sizes, poses = np.sqrt(np.maximum(sizes[::-1][:count], 0)), poses[:, ::-1][:, :count]
    kept = sizes > 1e-3 * max(float(sizes[0]), 1e-9)
    sizes, poses = sizes[kept], poses[:, kept]
    # a sign of their own makes the result the same on every machine
    poses = poses * np.where(poses[np.abs(poses).argmax(0), np.arange(poses.shape[1])] < 0, -1, 1)
    basis = (poses / np.maximum(sizes, 1e-9)).T @ flat
    return basis.astype(np.float32), (poses * sizes).astype(np.float32)


def _codes(basis: F32, grid: int) -> F32:
    """Maps [K, 2 grid 2 grid] as coarse images [K, 4 grid grid]: each holds every second texel of every second row."""
    maps = basis.reshape(-1, grid, 2, grid, 2)
    return np.ascontiguousarray(maps.transpose(0, 2, 4, 1, 3).reshape(len(basis), -1))


def _enlarge_only(network: TextureNet) -> None:
    """Makes the convolutions put the four coarse images side by side, enlarge the result and tint it.

    Leaky rectifiers let a pair of opposite channels through: bent(x) - bent(-x) = (1 + slope) x.
    """
    back = 1 / (1 + SLOPE)
    for layer in (network.spread, network.up1, network.up2, network.coarse, network.fine):
        for parameter in layer.parameters():
            parameter.zero_()
    enlarge = torch.tensor([0.25, 0.75, 0.75, 0.25])
    for k in range(4):
        row, column = 1 + k // 2, 1 + k % 2
        for side, sign in enumerate((1.0, -1.0)):
            network.spread.weight[2 * k + side, k, 1, 1] = sign
            for other, other_sign in enumerate((1.0, -1.0)):
                network.up1.weight[2 * k + side, other, row, column] = back * sign * other_sign
    for side, sign in enumerate((1.0, -1.0)):
        for other, other_sign in enumerate((1.0, -1.0)):
            network.up2.weight[side, other] = back * sign * other_sign * enlarge[:, None] * enlarge[None]
        network.coarse.weight[:, side, 0, 0] = back * sign * torch.tensor(TINT)


def _learn(network: TextureNet, parameters: Tensor, values: Tensor, steps: int, seed: int) -> nn.Linear:
    """Trains the perceptron to say `values` [N, K] through the layer [K, hidden] that is returned."""
    torch.manual_seed(seed)
    turn = nn.Linear(network.sizes.hidden[1], values.shape[1])
    learnt = [*network.first.parameters(), *network.second.parameters(), *turn.parameters()]
    adam = torch.optim.AdamW(learnt, lr=1e-2, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(steps, 1), 1e-5)
    unit = values.std().clamp_min(1e-9)
    for _ in range(steps):
        adam.zero_grad(set_to_none=True)
        near = parameters + NOISE * torch.randn(parameters.shape)
        functional.mse_loss(turn(_perceptron(network, near)), values / unit).backward()
        adam.step()
        falling.step()
    with torch.no_grad():
        turn.weight.mul_(unit)
        turn.bias.mul_(unit)
    return turn.requires_grad_(False)


def _perceptron(network: TextureNet, parameters: Tensor) -> Tensor:
    """[N, hidden] what the coarse images are made from."""
    latent = ((parameters @ network.mix).clamp(network.low, network.high) - network.low) * network.scale
    hidden = functional.leaky_relu(network.first(latent), SLOPE)
    return functional.leaky_relu(network.second(hidden), SLOPE)
