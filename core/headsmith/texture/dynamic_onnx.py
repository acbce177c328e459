"""The network as an ONNX file within the limits of docs/format.md, in float16."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headsmith.asset.onnx_writer import graph, model, node
from headsmith.texture.dynamic_network import SLOPE, TextureNet

HALF = ("images", "up1", "up2", "colour", "detail")
"""layers and constants that are large, and stored as float16"""


def rounded(network: TextureNet) -> None:
    """Brings the weights of `HALF` to numbers that float16 holds, so that the file holds the same network."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith(HALF):
                parameter.copy_(parameter.half().float())


def onnx_of(network: TextureNet) -> bytes:
    """The file; `network` is `rounded`."""
    return _Writer(network).file()


class _Writer:
    """Collects nodes and weights in the order in which they run."""

    def __init__(self, network: TextureNet) -> None:
        self.network = network
        self.nodes: list[bytes] = []
        self.weights: dict[str, NDArray[Any]] = {}

    def file(self) -> bytes:
        sizes = self.network.sizes
        hidden = self._mlp(self._latent())
        self.weights["grid_shape"] = np.array([1, sizes.codes, sizes.grid, sizes.grid])
        self._add("Reshape", [self._linear(hidden, "images"), "grid_shape"], "codes")
        features = self._convolutions("codes")
        self._picture(features)
        takes = {"parameters": (1, len(self.network.mix))}
        return model(graph(self.nodes, self.weights, takes,
                           {"texture": (1, 3, sizes.texture_px, sizes.texture_px)}))  # fmt: skip

    def _latent(self) -> str:
        """high - clip(parameters @ mix, low, high): two rectifiers clip."""
        low, high = self.network.low, self.network.high
        names = [self._keep("mix", self.network.mix), self._keep("minus_low", -low)]
        self._add("Gemm", ["parameters", *names], "above_low")
        self._add("Relu", ["above_low"], "at_least")
        self._add("Mul", ["at_least", self._keep("minus_one", torch.tensor([-1.0]))], "negated")
        self._add("Add", ["negated", self._keep("range", high - low)], "below_high")
        self._add("Relu", ["below_high"], "at_most")
        return "at_most"

    def _mlp(self, below_high: str) -> str:
        network = self.network
        weight = network.first.weight * network.scale
        bias = network.first.bias + weight @ (network.high - network.low)
        names = [self._keep("first.weight", -weight), self._keep("first.bias", bias)]
        self._add("Gemm", [below_high, *names], "first", transB=1)
        return self._bent(self._linear(self._bent("first"), "second"))

    def _linear(self, x: str, layer: str) -> str:
        self._add("Gemm", [x, *self._layer(layer)], layer, transB=1)
        return layer

    def _convolutions(self, codes: str) -> str:
        self._add("Conv", [codes, *self._layer("spread")], "spread", pads=[1, 1, 1, 1])
        x = self._bent("spread")
        for name in ("up1", "up2"):
            x = self._bent(self._doubled(x, name))
        return x

    def _picture(self, features: str) -> None:
        self._add("Conv", [features, *self._layer("coarse")], "coarse")
        self._add("Add", ["coarse", self._keep("colour", self.network.colour)], "coloured")
        self.weights["twice"] = np.array([1, 1, 2, 2], np.float32)
        self._add("Resize", ["coloured", "", "twice"], "large", mode="linear",
                  coordinate_transformation_mode="half_pixel")  # fmt: skip
        self._add("Add", [self._doubled(features, "fine"), "large"], "logits")
        self._add("Add", ["logits", self._keep("detail", self.network.detail)], "detailed")
        self._add("Sigmoid", ["detailed"], "texture")

    def _doubled(self, x: str, layer: str) -> str:
        self._add("ConvTranspose", [x, *self._layer(layer)], layer, pads=[1, 1, 1, 1], strides=[2, 2])
        return layer

    def _bent(self, x: str) -> str:
        self._add("LeakyRelu", [x], f"{x}.bent", alpha=SLOPE)
        return f"{x}.bent"

    def _layer(self, name: str) -> list[str]:
        layer = getattr(self.network, name)
        return [self._keep(f"{name}.weight", layer.weight), self._keep(f"{name}.bias", layer.bias)]

    def _keep(self, name: str, values: Tensor) -> str:
        array = values.detach().cpu().numpy()
        if not name.startswith(HALF):
            self.weights[name] = array.astype(np.float32)
            return name
        self.weights[f"{name}.half"] = array.astype(np.float16)
        self._add("Cast", [f"{name}.half"], name, to=1)
        return name

    def _add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(node(op, inputs, output, **attributes))
