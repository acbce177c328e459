"""The training loop of the dynamic-texture network, whatever it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from headsmith.device import single_threaded
from headsmith.texture.dynamic_apart import Half, difference, strangers
from headsmith.texture.dynamic_network import TextureNet
from headsmith.texture.dynamic_params import DynamicParams
from headsmith.types import F32, Progress

BETAS = (0.9, 0.99)
"""a short memory: what one expression alone teaches is learnt sooner"""
DETAIL_EPS = 1e-5
"""gradients of a texel below that move it less: one that is hardly seen is left as it is"""
STRANGERS = 1
"""of them a step"""
Loss = Callable[[Tensor, Sequence[int]], Tensor]
"""Of textures [B, 3, T, T] that were made for the examples of those numbers."""


# where anything else runs, threads that share so small a network wait for each other ten times as long as they work
@single_threaded()
def optimise(
    network: TextureNet, parameters: F32, loss: Loss, params: DynamicParams, progress: Progress,
    halves: tuple[Half, Half] | None = None,
) -> None:  # fmt: skip
    """Adam (Kingma and Ba 2015) on random examples, each as often as every other. Where `halves` of the face are named,
    also on strangers, in which one of them does what no example did."""
    random, others = np.random.default_rng(params.seed), np.random.default_rng((params.seed, 1))
    vectors = torch.from_numpy(parameters).to(params.device)
    spread = params.noise * (vectors.amax(0) - vectors.amin(0))
    picture = [network.colour, network.detail]
    rest = [p for p in network.parameters() if all(p is not q for q in picture)]
    slow = {"params": picture, "lr": params.detail_rate, "eps": DETAIL_EPS}
    adam = torch.optim.Adam([{"params": rest, "lr": params.rate}, slow], betas=BETAS)
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: _fall(step / max(params.steps, 1)))
    waiting: list[int] = []
    for step in range(params.steps):
        while len(waiting) < params.batch:
            waiting += random.permutation(len(parameters)).tolist()
        chosen, waiting = waiting[: params.batch], waiting[params.batch :]
        jitter = torch.from_numpy(random.standard_normal((len(chosen), vectors.shape[1])).astype(np.float32))
        adam.zero_grad(set_to_none=True)
        textures = network(vectors[chosen] + spread * jitter.to(vectors.device))
        total = loss(textures, chosen)
        if halves is not None:
            moved, other = halves if step % 2 else halves[::-1]
            strange = strangers(vectors, chosen[:STRANGERS], moved, others)
            total = total + params.apart * difference(network, strange, textures[:STRANGERS], moved, other, params.calm)
        total.backward()
        adam.step()
        falling.step()
        progress((step + 1) / params.steps)


def _fall(fraction: float) -> float:
    """1 at the start, a twentieth at the end."""
    return 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * min(fraction, 1.0))))
