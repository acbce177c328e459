"""ONNX operations in numpy: each is checked and laid out once (`plan_node`), then run for every parameter vector.

Meaning of operations and attributes: https://github.com/onnx/onnx/blob/v1.16.0/docs/Operators.md
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from headsmith.asset.damage import damaged
from headsmith.asset.onnx_convolution import plan_convolution, plan_convolution_transposed
from headsmith.asset.onnx_file import FLOAT, Shape
from headsmith.asset.onnx_node import Inputs, Planned, Run
from headsmith.asset.onnx_resize import plan_resize
from headsmith.types import F32


def plan_node(inputs: Inputs) -> Planned:
    """The operation of `inputs.node`, which computes. Raises InputError for whatever is not supported."""
    if inputs.node.op not in _PLANS:
        raise damaged(inputs.subject, f"the operation {inputs.node.op}", "only " + ", ".join((*_PLANS, "Cast")))
    if all(not name or name in inputs.constants for name in inputs.node.inputs):
        inputs.wrong("weights alone", "a value that the network computes")
    return _PLANS[inputs.node.op](inputs)


def cast_constant(inputs: Inputs) -> F32:
    """Cast: of weights to float32 only, which is done once. Raises InputError for any other."""
    inputs.count(1, 1)
    value = inputs.constants.get(inputs.node.inputs[0])
    if value is None or value.dtype.kind != "f" or inputs.attributes(to=0)["to"] != FLOAT:
        inputs.wrong("other types or inputs", "weights that become float32")
    return value.astype(np.float32)


def _gemm(inputs: Inputs) -> Planned:
    inputs.count(2, 3)
    settings = inputs.attributes(alpha=1.0, beta=1.0, transA=0, transB=0)
    if settings["transA"]:
        inputs.wrong("transA", "rows that are not transposed")
    weights = inputs.weights(1, 2)
    factors = (weights.T if settings["transB"] else weights) * np.float32(settings["alpha"])
    product = _matrix_product(inputs, factors)
    if not inputs.is_given(2):
        return product
    added = inputs.weights(2, 0, 1, 2) * np.float32(settings["beta"])
    if _broadcast(inputs, added.shape, product.shape) != product.shape:
        inputs.wrong(f"{list(added.shape)} added to {list(product.shape)}", "one number for each column")
    multiply = product.run
    return Planned(lambda x: multiply(x) + added, product.shape, product.multiply_adds)


def _matmul(inputs: Inputs) -> Planned:
    inputs.count(2, 2)
    inputs.attributes()
    return _matrix_product(inputs, inputs.weights(1, 2))


def _matrix_product(inputs: Inputs, factors: F32) -> Planned:
    rows, width = inputs.shape(0, 2)
    if len(factors) != width:
        inputs.wrong(f"{len(factors)} rows of weights", f"{width}")
    # one row times a matrix reads the matrix once: fastest where that is in one piece
    whole = np.array(factors, np.float32, order="C")
    return Planned(lambda x: x @ whole, (rows, whole.shape[1]), rows * whole.size)


def _reshape(inputs: Inputs) -> Planned:
    inputs.count(2, 2)
    if inputs.attributes(allowzero=0)["allowzero"]:
        inputs.wrong("allowzero", "no empty shapes")
    before, wanted = inputs.shape(0), inputs.integers(1)
    sizes = [before[k] if size == 0 and k < len(before) else size for k, size in enumerate(wanted)]
    if sizes.count(-1) == 1:
        rest = -math.prod(sizes)
        sizes[sizes.index(-1)] = math.prod(before) // rest if rest > 0 else 0
    if min(sizes, default=1) < 1 or math.prod(sizes) != math.prod(before):
        inputs.wrong(f"the shape {sizes} for {list(before)}", "as many values as before")
    shape = tuple(sizes)
    return Planned(lambda x: x.reshape(shape), shape, 0, is_view=True)


def _relu(inputs: Inputs) -> Planned:
    inputs.count(1, 1)
    inputs.attributes()
    return _elementwise(inputs, lambda x: np.maximum(x, 0), lambda x: np.maximum(x, 0, out=x))


def _leaky_relu(inputs: Inputs) -> Planned:
    inputs.count(1, 1)
    slope = np.float32(inputs.attributes(alpha=0.01)["alpha"])
    if not 0 <= slope <= 1:
        inputs.wrong(f"the slope {slope}", "0 to 1")
    return _elementwise(inputs, lambda x: np.maximum(x, x * slope), lambda x: np.maximum(x, x * slope, out=x))


def _sigmoid(inputs: Inputs) -> Planned:
    inputs.count(1, 1)
    inputs.attributes()
    return _elementwise(inputs, lambda x: _sigmoid_in_place(x.copy()), _sigmoid_in_place)


def _sigmoid_in_place(x: F32) -> F32:
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    return np.reciprocal(x, out=x)


def _elementwise(inputs: Inputs, run: Run, run_in_place: Run) -> Planned:
    shape = inputs.shape(0)
    floats = math.prod(shape)
    return Planned(run, shape, floats, floats, run_in_place=run_in_place)


def _add(inputs: Inputs) -> Planned:
    return _of_two(inputs, np.add)


def _multiply(inputs: Inputs) -> Planned:
    return _of_two(inputs, np.multiply)


def _of_two(inputs: Inputs, operation: np.ufunc) -> Planned:
    inputs.count(2, 2)
    inputs.attributes()
    shape = _broadcast(inputs, inputs.shape(0), inputs.shape(1))
    first, second = (inputs.constants.get(name) for name in inputs.node.inputs)
    run: Run = operation
    if second is not None:
        run = lambda x: operation(x, second)  # noqa: E731
    elif first is not None:
        run = lambda x: operation(first, x)  # noqa: E731
    return Planned(run, shape, math.prod(shape))


def _broadcast(inputs: Inputs, one: Shape, other: Shape) -> Shape:
    try:
        return np.broadcast_shapes(one, other)
    except ValueError:
        inputs.wrong(f"inputs of shapes {list(one)} and {list(other)}", "shapes that fit each other")


_PLANS: dict[str, Callable[[Inputs], Planned]] = {
    "Add": _add,
    "Conv": plan_convolution,
    "ConvTranspose": plan_convolution_transposed,
    "Gemm": _gemm,
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "Mul": _multiply,
    "Relu": _relu,
    "Reshape": _reshape,
    "Resize": plan_resize,
    "Sigmoid": _sigmoid,
}
