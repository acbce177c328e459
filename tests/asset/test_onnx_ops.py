"""Each operation gives what onnxruntime gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headsmith.asset.onnx_file import parse_onnx
from headsmith.asset.onnx_network import Network
from headsmith.asset.onnx_writer import graph, model, node

RNG = np.random.default_rng(3)


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


Case = tuple[tuple[int, ...], list[bytes], dict[str, Any], tuple[int, ...]]
"""shape of x, the nodes from x to y, weights, shape of y"""


def one(op: str, x: tuple[int, ...], given: dict[str, Any], y: tuple[int, ...], **attributes: Any) -> Case:
    """One node; a weight whose name starts with "no" is left out."""
    inputs = ["x", *("" if name.startswith("no") else name for name in given)]
    return x, [node(op, inputs, "y", **attributes)], {k: v for k, v in given.items() if not k.startswith("no")}, y


def resize(y: tuple[int, int], given: dict[str, Any], **attributes: Any) -> Case:
    return one("Resize", (1, 2, 3, 5), {"roi": EMPTY, **given}, (1, 2, *y), **attributes)


EMPTY = np.zeros(0, np.float32)
LINEAR = {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}
NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
SCALES = np.array([1, 1, 2, 4], np.float32)
SMALL, WIDE = (1, 3, 7, 9), (1, 2, 70, 300)
CASES: dict[str, Case] = {
    "gemm": one("Gemm", (2, 5), {"w": weights(5, 4), "b": weights(4)}, (2, 4), alpha=0.5, beta=2.0),
    "gemm transposed": one("Gemm", (1, 5), {"w": weights(4, 5), "b": weights(1, 4)}, (1, 4), transB=1),
    "gemm without bias": one("Gemm", (1, 5), {"w": weights(5, 4)}, (1, 4)),
    "matmul": one("MatMul", (3, 5), {"w": weights(5, 4)}, (3, 4)),
    "reshape": one("Reshape", (1, 24), {"s": np.array([0, 2, -1, 4])}, (1, 2, 3, 4)),
    "relu": one("Relu", (2, 9), {}, (2, 9)),
    "leaky": one("LeakyRelu", (2, 9), {}, (2, 9)),
    "leaky slope": one("LeakyRelu", (2, 9), {}, (2, 9), alpha=0.3),
    "sigmoid": one("Sigmoid", (2, 9), {}, (2, 9)),
    "add": one("Add", (1, 3, 4, 5), {"w": weights(3, 1, 1)}, (1, 3, 4, 5)),
    "add to weights": ((1, 3), [node("Add", ["w", "x"], "y")], {"w": weights(4, 3)}, (4, 3)),
    "mul by itself": ((1, 3), [node("Mul", ["x", "x"], "y")], {}, (1, 3)),
    "mul": one("Mul", (1, 3, 4, 5), {"w": weights(1, 3, 4, 1)}, (1, 3, 4, 5)),
    "conv": one("Conv", SMALL, {"w": weights(5, 3, 3, 3), "b": weights(5)}, (1, 5, 7, 9), pads=[1, 1, 1, 1]),
    "conv 1x1": one("Conv", SMALL, {"w": weights(5, 3, 1, 1)}, (1, 5, 7, 9), kernel_shape=[1, 1]),
    "conv to fewer": one("Conv", SMALL, {"w": weights(2, 3, 3, 3), "b": weights(2)}, (1, 2, 7, 9), pads=[1, 1, 1, 1]),
    "conv uneven": one("Conv", SMALL, {"w": weights(2, 3, 2, 4)}, (1, 2, 8, 7), pads=[2, 1, 0, 0]),
    "conv strides": one("Conv", SMALL, {"w": weights(2, 3, 3, 2)}, (1, 2, 3, 9), strides=[2, 1], pads=[0, 1, 0, 0]),
    "conv in blocks": one("Conv", WIDE, {"w": weights(9, 2, 5, 5)}, (1, 9, 70, 300), pads=[2, 2, 2, 2]),
    "conv in blocks to fewer": one("Conv", WIDE, {"w": weights(2, 2, 7, 7)}, (1, 2, 70, 300), pads=[3, 3, 3, 3]),
    "up": one("ConvTranspose", SMALL, {"w": weights(3, 2, 4, 4), "b": weights(2)}, (1, 2, 14, 18),
              strides=[2, 2], pads=[1, 1, 1, 1]),
    "up without overlap": one("ConvTranspose", SMALL, {"w": weights(3, 5, 2, 2)}, (1, 5, 14, 18), strides=[2, 2]),
    "up of stride 1": one("ConvTranspose", SMALL, {"w": weights(3, 2, 3, 3)}, (1, 2, 9, 11)),
    "up uneven": one("ConvTranspose", SMALL, {"w": weights(3, 2, 5, 3)}, (1, 2, 22, 18), strides=[3, 2],
                     pads=[1, 0, 0, 2], output_padding=[0, 1]),
    "up with holes": one("ConvTranspose", SMALL, {"w": weights(3, 2, 2, 1), "b": weights(2)}, (1, 2, 32, 26),
                         strides=[5, 3], output_padding=[0, 1]),
    "nearest": resize((6, 20), {"scales": SCALES}, **NEAREST),
    "nearest by sizes": resize((9, 15), {"scales": EMPTY, "sizes": np.array([1, 2, 9, 15])}, **NEAREST),
    "nearest by default": resize((6, 20), {"scales": SCALES}),
    "linear": resize((6, 20), {"scales": SCALES}, **LINEAR),
    "linear by three": resize((9, 15), {"scales": EMPTY, "sizes": np.array([1, 2, 9, 15])}, mode="linear"),
    "linear, left out": one("Resize", (1, 2, 3, 5), {"no roi": 0, "no scales": 0, "sizes": np.array([1, 2, 6, 5])},
                            (1, 2, 6, 5), **LINEAR),
    "half weights": ((1, 5), [node("Cast", ["h"], "w", to=1), node("MatMul", ["x", "w"], "y")],
                     {"h": weights(5, 4).astype(np.float16)}, (1, 4)),
    "one value used twice": (
        (1, 5),
        [node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"), node("Sigmoid", ["a"], "s"),
         node("Reshape", ["r", "shape"], "v"), node("Relu", ["v"], "v2"), node("Reshape", ["v2", "back"], "v3"),
         node("Add", ["r", "v3"], "b"), node("Mul", ["b", "s"], "c"), node("Add", ["c", "a"], "y")],
        {"w": weights(5, 4), "shape": np.array([2, 2]), "back": np.array([1, 4])}, (1, 4),
    ),
    "a value that nobody uses": ((1, 5), [node("Relu", ["x"], "z"), node("Sigmoid", ["x"], "y")], {}, (1, 5)),
}  # fmt: skip


def file_of(case: Case, opset: int = 17) -> bytes:
    x, nodes, given, y = case
    return model(graph(nodes, given, {"x": x}, {"y": y}), opset)


# opset 11 has no way to leave an input out
@pytest.mark.parametrize(("name", "opset"), [*((n, 17) for n in CASES), *((n, 11) for n in CASES if "left" not in n)])
def test_equals_onnxruntime(name: str, opset: int) -> None:
    runtime = pytest.importorskip("onnxruntime")
    data = file_of(CASES[name], opset)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    network = Network(parse_onnx(data, "a.onnx"), "a.onnx")
    for seed in range(2):
        x = np.random.default_rng(seed).normal(0, 2, CASES[name][0]).astype(np.float32)
        before = x.copy()
        ours = network.run(x)
        np.testing.assert_allclose(ours, session.run(None, {"x": x})[0], rtol=1e-5, atol=2e-5)
        np.testing.assert_array_equal(x, before)
        assert ours.dtype == np.float32


def test_results_of_two_runs_are_apart() -> None:
    network = Network(parse_onnx(file_of(CASES["up"]), "a.onnx"), "a.onnx")
    first = network.run(np.ones(SMALL, np.float32))
    kept = first.copy()
    network.run(np.zeros(SMALL, np.float32))
    np.testing.assert_array_equal(first, kept)
