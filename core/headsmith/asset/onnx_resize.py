"""Resize in numpy, by whole factors."""

from __future__ import annotations

import math

import numpy as np

from headsmith.asset.onnx_file import Shape
from headsmith.asset.onnx_node import MAX_SPAN, Inputs, Planned, Run
from headsmith.types import F32

_REPEATING = {("asymmetric", "floor"), ("half_pixel", "round_prefer_floor")}
"""ways to find the nearest pixel by which, for a whole factor, each pixel is just repeated"""
_BETWEEN_CENTRES = ("half_pixel", "pytorch_half_pixel")


def plan_resize(inputs: Inputs) -> Planned:
    """Resize. Raises InputError for what is not supported."""
    inputs.count(3, 4)
    settings = inputs.attributes(
        mode="nearest", coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_floor",
        cubic_coeff_a=-0.75, exclude_outside=0, extrapolation_value=0.0,
    )  # fmt: skip
    if inputs.is_given(1):
        inputs.wrong("a region of interest", "the whole picture")
    before = inputs.shape(0, 4)
    factors = _factors(inputs, before)
    mode, place = settings["mode"], settings["coordinate_transformation_mode"]
    run: Run
    if mode == "nearest" and (place, settings["nearest_mode"]) in _REPEATING:
        run = lambda x: x.repeat(factors[0], 2).repeat(factors[1], 3)  # noqa: E731
    elif mode == "linear" and place in _BETWEEN_CENTRES:
        run = lambda x: enlarge(enlarge(x, factors[0], 2), factors[1], 3)  # noqa: E731
    else:
        inputs.wrong(f"the mode {mode}, {place}, {settings['nearest_mode']}", "nearest (asymmetric, floor) or linear "
                     "(half_pixel)")  # fmt: skip
    shape = (*before[:2], before[2] * factors[0], before[3] * factors[1])
    return Planned(run, shape, 4 * math.prod(shape), 2 * math.prod(shape))


def _factors(inputs: Inputs, before: Shape) -> tuple[int, int]:
    """Whole factors of height and width, from input `scales` or from `sizes`."""
    by_scales = inputs.is_given(2)
    if by_scales == inputs.is_given(3):
        inputs.wrong("both or none of scales and sizes", "one of them")
    if by_scales:
        factors = [float(scale) for scale in inputs.weights(2, 1)]
    else:
        factors = [size / old for size, old in zip(inputs.integers(3), before, strict=False)]
    if len(factors) != 4 or factors[:2] != [1, 1] or not all(1 <= f <= MAX_SPAN and f == int(f) for f in factors):
        inputs.wrong(f"the factors {factors[:4]}", f"1, 1, and whole numbers up to {MAX_SPAN}")
    return int(factors[2]), int(factors[3])


def enlarge(x: F32, factor: int, axis: int) -> F32:
    """Linear interpolation between the centres of pixels along `axis`; beyond the outer centres their values."""
    if factor == 1:
        return x
    size = x.shape[axis]
    out = np.empty((*x.shape[: axis + 1], factor, *x.shape[axis + 1 :]), np.float32)
    last = np.arange(size)
    for phase in range(factor):
        place = (phase + 0.5) / factor - 0.5
        weight = np.float32(place - math.floor(place))
        low, high = (x.take(np.clip(last + math.floor(place) + k, 0, size - 1), axis) for k in (0, 1))
        high -= low
        high *= weight
        np.add(low, high, out=out[(slice(None),) * (axis + 1) + (phase,)])
    return out.reshape(*x.shape[:axis], size * factor, *x.shape[axis + 1 :])
