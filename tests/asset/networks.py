"""Networks as a dynamic texture has them, small and made up."""

from __future__ import annotations

from typing import Any

import numpy as np

from headsmith.asset import DynamicTexture
from headsmith.asset.onnx_writer import graph, model, node


def texture_network(
    parameters: int, channels: tuple[int, ...] = (8, 8, 4), start_px: int = 8, *, half: bool = True, seed: int = 0
) -> bytes:
    """Gemm to a grid of `start_px`, then ConvTranspose to twice the size for each of `channels` and for the RGB."""
    rng = np.random.default_rng(seed)
    weights: dict[str, Any] = {}
    nodes: list[bytes] = []

    def keep(name: str, *shape: int, scale: float = 1.0) -> str:
        array = rng.normal(0, scale, shape)
        if not half:
            weights[name] = array.astype(np.float32)
            return name
        weights[f"{name}_half"] = array.astype(np.float16)
        nodes.append(node("Cast", [f"{name}_half"], name, to=1))
        return name

    first = channels[0] * start_px**2
    nodes.append(node("Gemm", ["parameters", keep("w", parameters, 32), keep("b", 32)], "hidden"))
    nodes.append(node("Relu", ["hidden"], "hidden_relu"))
    nodes.append(node("Gemm", ["hidden_relu", keep("w2", first, 32, scale=0.2), keep("b2", first)], "flat", transB=1))
    weights["grid_shape"] = np.array([1, channels[0], start_px, start_px])
    nodes.append(node("Reshape", ["flat", "grid_shape"], "grid0"))
    sides = [*channels[1:], 3]
    for k, (takes, gives) in enumerate(zip(channels, sides, strict=True)):
        name = keep(f"k{k}", takes, gives, 4, 4, scale=0.5 / takes**0.5)
        nodes.append(node("LeakyRelu", [f"grid{k}"], f"bent{k}", alpha=0.2))
        inputs = [f"bent{k}", name, keep(f"c{k}", gives)]
        nodes.append(node("ConvTranspose", inputs, f"grid{k + 1}", pads=[1, 1, 1, 1], strides=[2, 2]))
    nodes.append(node("Sigmoid", [f"grid{len(channels)}"], "texture"))
    size = start_px << len(channels)
    return model(graph(nodes, weights, {"parameters": (1, parameters)}, {"texture": (1, 3, size, size)}))


def glow_network(inputs: tuple[str, ...], size_px: int = 16) -> DynamicTexture:
    """Grey at rest; jawOpen reddens the top half, jaw.x the green of the bottom half, view.z all blue."""
    push = np.zeros((len(inputs), 3, 2), np.float32)
    for name, channel, half in (("jawOpen", 0, 0), ("jaw.x", 1, 1), ("view.z", 2, slice(None))):
        if name in inputs:
            push[inputs.index(name), channel, half] = 3
    nodes = [
        node("MatMul", ["parameters", "push"], "flat"),
        node("Reshape", ["flat", "shape"], "halves"),
        node("Resize", ["halves", "", "scales"], "large", mode="nearest",
             coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        node("Sigmoid", ["large"], "texture"),
    ]  # fmt: skip
    weights = {
        "push": push.reshape(len(inputs), 6),
        "shape": np.array([1, 3, 2, 1]),
        "scales": np.array([1, 1, size_px // 2, size_px], np.float32),
    }
    shapes = {"parameters": (1, len(inputs))}, {"texture": (1, 3, size_px, size_px)}
    return DynamicTexture(model(graph(nodes, weights, *shapes)), inputs)
