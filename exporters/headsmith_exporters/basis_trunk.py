"""The first layers of a network, as long as they are small: what it makes of the parameters before it paints.

A dynamic texture says in a few dozen numbers what the face does, and paints from them. The same numbers tell the
weights of baked textures far better than the parameters themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import DynamicTexture
from headsmith.asset.dynamic_texture import FILE
from headsmith.asset.onnx_file import OnnxGraph, OnnxNode, parse_onnx
from headsmith.types import F32

WIDEST = 256
"""numbers that a layer may give; what is wider paints"""


@dataclass(frozen=True)
class Layer:
    """bend(matrix @ x + bias), where a bend multiplies what is below zero by `slope`."""

    matrix: F32
    """[out, in]"""
    bias: F32
    """[out]"""
    slope: float

    def __call__(self, values: F32) -> F32:
        """[N, in] to [N, out]"""
        sums = values @ self.matrix.T + self.bias
        return np.where(sums < 0, np.float32(self.slope) * sums, sums)


def trunk_of(dynamic: DynamicTexture) -> tuple[Layer, ...]:
    """The network's first layers; none for a network that begins otherwise."""
    graph = parse_onnx(dynamic.onnx, FILE)
    constants = _constants(graph)
    (name,), width = graph.inputs, len(dynamic.inputs)
    matrix, bias = np.eye(width), np.zeros(width)
    layers: list[Layer] = []
    while node := _only_reader(graph, name):
        if node.op in ("Relu", "LeakyRelu"):
            slope = 0.0 if node.op == "Relu" else _setting(node, "alpha", 0.01)
            layers.append(Layer(matrix.astype(np.float32), bias.astype(np.float32), slope))
            matrix, bias = np.eye(len(bias)), np.zeros(len(bias))
        elif (step := _affine(node, name, constants, len(bias))) is not None:
            matrix, bias = step[0] @ matrix, step[0] @ bias + step[1]
        else:
            break
        name = node.output
    return tuple(layers)


def _constants(graph: OnnxGraph) -> dict[str, NDArray[Any]]:
    """With those that the file keeps in half precision."""
    casts = {n.output: graph.constants[n.inputs[0]] for n in graph.nodes
             if n.op == "Cast" and n.inputs[0] in graph.constants}  # fmt: skip
    return {**graph.constants, **casts}


def _only_reader(graph: OnnxGraph, name: str) -> OnnxNode | None:
    """The node that takes the value, if it is the only one."""
    readers = [node for node in graph.nodes if name in node.inputs]
    return readers[0] if len(readers) == 1 else None


def _setting(node: OnnxNode, name: str, default: float) -> float:
    value = node.attributes.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def _affine(
    node: OnnxNode, name: str, constants: dict[str, NDArray[Any]], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The matrix [out, in] and bias [out] that a node applies to the value `name` [1, in]; None if it does more."""
    others = [constants[one].astype(np.float64) for one in node.inputs if one in constants]
    if node.op in ("Gemm", "MatMul") and node.inputs[0] == name and others:
        factors = others[0] if _setting(node, "transB", 0) else others[0].T
        if len(factors) > WIDEST:
            return None
        added = others[1].reshape(-1) * _setting(node, "beta", 1) if len(others) > 1 else np.zeros(len(factors))
        return factors * _setting(node, "alpha", 1), np.broadcast_to(added, len(factors))
    if node.op in ("Add", "Mul") and len(others) == 1 and others[0].size in (1, width):
        given = np.broadcast_to(others[0].reshape(-1), width)
        return (np.eye(width), given) if node.op == "Add" else (np.diag(given), np.zeros(width))
    return None
