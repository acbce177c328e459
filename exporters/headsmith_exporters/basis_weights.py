"""How the weights of baked textures follow from the parameters: a function so small that any script can compute it.

The network's own first layers say what the face does; one more layer of 32 bends makes weights of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.types import F32
from headsmith_exporters.basis_trunk import Layer

HIDDEN = 32
SLOPE = 0.1
"""of a bend below zero"""
STEPS = 1500
LARGEST_STEP = 5e-3
SHRINKAGE = 1e-2
"""pull of all factors towards zero, by which what was never shown changes little"""
LEAST_SPREAD = 0.1
"""of what goes in, as a share of the largest: less is not scaled up"""
DIGITS = 5


@dataclass(frozen=True)
class WeightFunction:
    """weights = output @ bend(hidden @ c + hidden_bias) + direct @ c + bias, for c [C] that `trunk` makes of [P]."""

    trunk: tuple[Layer, ...]
    hidden: F32
    """[H, C]"""
    hidden_bias: F32
    """[H]"""
    output: F32
    """[K, H]"""
    direct: F32
    """[K, C]"""
    bias: F32
    """[K]"""

    def __call__(self, parameters: F32) -> F32:
        """[N, P] to [N, K]"""
        code = through(self.trunk, parameters)
        bent = Layer(self.hidden, self.hidden_bias, SLOPE)(code)
        return bent @ self.output.T + code @ self.direct.T + self.bias

    def scaled(self, factors: F32) -> WeightFunction:
        """With each weight multiplied by its one of `factors` [K], and all numbers rounded as they are written."""
        trunk = tuple(Layer(_rounded(one.matrix), _rounded(one.bias), _digits(one.slope)) for one in self.trunk)
        return WeightFunction(
            trunk, _rounded(self.hidden), _rounded(self.hidden_bias), _rounded(self.output * factors[:, None]),
            _rounded(self.direct * factors[:, None]), _rounded(self.bias * factors),
        )  # fmt: skip

    def description(self) -> dict[str, Any]:
        """As JSON: rows of matrices are the rows of the formula."""
        hidden = Layer(self.hidden, self.hidden_bias, SLOPE)
        return {
            "formula": "c = parameters; for each of trunk: c = layer(c); weights = output * hidden(c) + direct * c "
            "+ bias; a layer is matrix * x + bias, where what is below zero is multiplied by slope",
            "trunk": [_layer(one) for one in self.trunk],
            "hidden": _layer(hidden),
            "output": _lists(self.output),
            "direct": _lists(self.direct),
            "bias": _lists(self.bias),
        }


def through(trunk: tuple[Layer, ...], parameters: F32) -> F32:
    """[N, P] to [N, C]"""
    for layer in trunk:
        parameters = layer(parameters)
    return parameters


def fitted_weights(trunk: tuple[Layer, ...], parameters: F32, wanted: F32) -> WeightFunction:
    """The function behind `trunk` that is nearest to `wanted` [N, K] at `parameters` [N, P], by least squares.

    Adam (arXiv 1412.6980) over all samples at once, with a rate that falls to zero; always from the same start.
    """
    code = through(trunk, parameters)
    shift, spread = code.mean(0), np.maximum(code.std(0), LEAST_SPREAD * max(float(code.std(0).max()), 1e-9))
    unit = np.maximum(np.sqrt((wanted**2).mean()), 1e-9)
    x, y = ((code - shift) / spread).astype(np.float32), (wanted / unit).astype(np.float32)
    factors = _start(x.shape[1], y.shape[1])
    mean = [np.zeros_like(factor) for factor in factors]
    power = [np.zeros_like(factor) for factor in factors]
    for step in range(1, STEPS + 1):
        rate = LARGEST_STEP * (0.5 + 0.5 * np.cos(np.pi * step / STEPS))
        for k, slope in enumerate(_gradients(factors, x, y)):
            mean[k] = 0.9 * mean[k] + 0.1 * slope
            power[k] = 0.999 * power[k] + 0.001 * slope**2
            ahead = (mean[k] / (1 - 0.9**step)) / (np.sqrt(power[k] / (1 - 0.999**step)) + 1e-8)
            factors[k] = factors[k] - np.float32(rate) * ahead
    hidden, hidden_bias, output, direct, bias = factors
    plain_hidden, plain_direct = hidden.T / spread, direct.T / spread * unit
    return WeightFunction(
        trunk, plain_hidden, hidden_bias - plain_hidden @ shift, output.T * unit,
        plain_direct, bias * unit - plain_direct @ shift,
    )  # fmt: skip


def _start(inputs: int, outputs: int) -> list[F32]:
    """hidden [C, H], its bias, output [H, K], direct [C, K] and its bias."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(0, np.sqrt(2 / inputs), (inputs, HIDDEN)).astype(np.float32)
    output = rng.normal(0, 0.01, (HIDDEN, outputs)).astype(np.float32)
    return [hidden, np.zeros(HIDDEN, np.float32), output, np.zeros((inputs, outputs), np.float32),
            np.zeros(outputs, np.float32)]  # fmt: skip


def _gradients(factors: list[F32], x: F32, y: F32) -> list[F32]:
    """Of half the squared error for each sample, and of `SHRINKAGE`; in the order of `_start`."""
    hidden, hidden_bias, output, direct, bias = factors
    sums = x @ hidden + hidden_bias
    bent = np.maximum(sums, SLOPE * sums)
    error = (bent @ output + x @ direct + bias - y) * np.float32(2 / len(x))
    back = (error @ output.T) * np.where(sums > 0, np.float32(1), np.float32(SLOPE))
    return [x.T @ back + SHRINKAGE * hidden, back.sum(0), bent.T @ error + SHRINKAGE * output,
            x.T @ error + SHRINKAGE * direct, error.sum(0)]  # fmt: skip


def _rounded(numbers: F32) -> F32:
    """Each to the decimal of a few digits that is nearest to it, as float32."""
    return np.array(_lists(numbers), np.float32).reshape(numbers.shape)


def _layer(layer: Layer) -> dict[str, Any]:
    return {"matrix": _lists(layer.matrix), "bias": _lists(layer.bias), "slope": _digits(layer.slope)}


def _digits(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _lists(numbers: F32) -> Any:
    if numbers.ndim:
        return [_lists(row) for row in numbers]
    return _digits(float(numbers))
