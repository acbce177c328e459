"""How the weights of baked textures follow from the parameters: a function so small that any script can compute it.

Linear alone would leave what depends on two things at once, such as teeth that show where the jaw is open and the lips
are drawn; one layer of bends, as in a network of 32 neurons, gives most of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.types import F32

HIDDEN = 32
SLOPE = 0.1
"""of a bend below zero"""
STEPS = 1500
LARGEST_STEP = 5e-3
SHRINKAGE = 1e-2
"""pull of all factors towards zero, by which what was never shown changes little"""
LEAST_SPREAD = 0.05
DIGITS = 5


@dataclass(frozen=True)
class WeightFunction:
    """weights = output @ bend(hidden @ p + hidden_bias) + direct @ p + bias, for parameters p [P]."""

    hidden: F32
    """[H, P]"""
    hidden_bias: F32
    """[H]"""
    output: F32
    """[K, H]"""
    direct: F32
    """[K, P]"""
    bias: F32
    """[K]"""

    def __call__(self, parameters: F32) -> F32:
        """[N, P] to [N, K]"""
        sums = parameters @ self.hidden.T + self.hidden_bias
        return np.maximum(sums, SLOPE * sums) @ self.output.T + parameters @ self.direct.T + self.bias

    def scaled(self, factors: F32) -> WeightFunction:
        """With each weight multiplied by its one of `factors` [K], and all numbers rounded as they are written."""
        return WeightFunction(
            _rounded(self.hidden), _rounded(self.hidden_bias), _rounded(self.output * factors[:, None]),
            _rounded(self.direct * factors[:, None]), _rounded(self.bias * factors),
        )  # fmt: skip

    def description(self) -> dict[str, Any]:
        """As JSON: rows of matrices are the rows of the formula."""
        return {
            "formula": "output * bend(hidden * p + hidden_bias) + direct * p + bias; bend(x) = max(x, slope * x)",
            "slope": SLOPE,
            "hidden": _lists(self.hidden),
            "hidden_bias": _lists(self.hidden_bias),
            "output": _lists(self.output),
            "direct": _lists(self.direct),
            "bias": _lists(self.bias),
        }


def fitted_weights(parameters: F32, wanted: F32, steps: int = STEPS) -> WeightFunction:
    """The function from `parameters` [N, P] nearest to `wanted` [N, K] by least squares.

    Adam (arXiv 1412.6980) over all samples at once, with a rate that falls to zero; always from the same start.
    """
    shift, spread = parameters.mean(0), np.maximum(parameters.std(0), LEAST_SPREAD)
    unit = np.maximum(np.sqrt((wanted**2).mean()), 1e-9)
    x, y = ((parameters - shift) / spread).astype(np.float32), (wanted / unit).astype(np.float32)
    factors = _start(x.shape[1], y.shape[1])
    mean = [np.zeros_like(factor) for factor in factors]
    power = [np.zeros_like(factor) for factor in factors]
    for step in range(1, steps + 1):
        rate = LARGEST_STEP * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        for k, slope in enumerate(_gradients(factors, x, y)):
            mean[k] = 0.9 * mean[k] + 0.1 * slope
            power[k] = 0.999 * power[k] + 0.001 * slope**2
            ahead = (mean[k] / (1 - 0.9**step)) / (np.sqrt(power[k] / (1 - 0.999**step)) + 1e-8)
            factors[k] = factors[k] - np.float32(rate) * ahead
    hidden, hidden_bias, output, direct, bias = factors
    plain_hidden, plain_direct = hidden.T / spread, direct.T / spread * unit
    return WeightFunction(
        plain_hidden, hidden_bias - plain_hidden @ shift, output.T * unit,
        plain_direct, bias * unit - plain_direct @ shift,
    )  # fmt: skip


def _start(inputs: int, outputs: int) -> list[F32]:
    """hidden [P, H], its bias, output [H, K], direct [P, K] and its bias."""
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


def _lists(numbers: F32) -> Any:
    if numbers.ndim:
        return [_lists(row) for row in numbers]
    return float(f"{float(numbers):.{DIGITS}g}")
