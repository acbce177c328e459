"""Conv and ConvTranspose in numpy: matrix products over blocks of rows that stay in the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from headsmith.asset.onnx_file import Attribute
from headsmith.asset.onnx_node import MAX_SPAN, Inputs, Planned, Run
from headsmith.types import F32

_BLOCK_FLOATS = 1 << 18
"""1 MiB: what one block may need"""


@dataclass(frozen=True)
class _Geometry:
    """Each pair is height, width."""

    size: tuple[int, int]
    """of the input"""
    kernel: tuple[int, int]
    strides: tuple[int, int]
    before: tuple[int, int]
    """rows and columns of zeros in front (Conv), or cut off in front (ConvTranspose)"""
    after: tuple[int, int]
    """and behind"""

    def convolved(self, axis: int) -> int:
        """Size of Conv's output."""
        padded = self.size[axis] + self.before[axis] + self.after[axis]
        return (padded - self.kernel[axis]) // self.strides[axis] + 1

    def transposed(self, axis: int) -> int:
        """Size of ConvTranspose's output."""
        whole = (self.size[axis] - 1) * self.strides[axis] + self.kernel[axis]
        return whole - self.before[axis] - self.after[axis]


def plan_convolution(inputs: Inputs) -> Planned:
    """Conv. Raises InputError for what is not supported."""
    settings = _settings(inputs)
    weights, bias, geometry = _arguments(inputs, settings, channel_axis=1)
    size = _not_empty(inputs, (geometry.convolved(0), geometry.convolved(1)))
    gives, takes = weights.shape[:2]
    simple = geometry.strides == (1, 1) and (gives <= takes or geometry.kernel == (1, 1))
    run = _by_taps(weights, bias, geometry) if simple else _by_windows(weights, bias, geometry)
    scratch = takes * math.prod(
        n + b + a for n, b, a in zip(geometry.size, geometry.before, geometry.after, strict=True)
    )
    widest = max(geometry.size[1] + geometry.before[1] + geometry.after[1], size[1])
    scratch += max(_BLOCK_FLOATS, weights.size * widest)
    return Planned(run, (1, gives, *size), weights.size * math.prod(size), scratch)


def plan_convolution_transposed(inputs: Inputs) -> Planned:
    """ConvTranspose. Raises InputError for what is not supported."""
    settings = _settings(inputs, output_padding=(0, 0))
    weights, bias, geometry = _arguments(inputs, settings, channel_axis=0)
    size = _not_empty(inputs, (geometry.transposed(0), geometry.transposed(1)))
    places = math.prod(geometry.size)
    scratch = places * math.prod(weights.shape[1:]) + math.prod(size)
    return Planned(_by_phases(weights, bias, geometry), (1, weights.shape[1], *size), places * weights.size, scratch)


def _settings(inputs: Inputs, **more: Attribute) -> dict[str, tuple[int, ...]]:
    """strides, pads, output_padding, each of small numbers."""
    inputs.count(2, 3)
    settings = inputs.attributes(
        auto_pad="NOTSET", dilations=(1, 1), group=1, kernel_shape=(), pads=(0, 0, 0, 0), strides=(1, 1), **more
    )
    if settings["auto_pad"] != "NOTSET" or settings["dilations"] != (1, 1) or settings["group"] != 1:
        inputs.wrong("auto_pad, dilations or groups", "explicit pads, no dilation, one group")
    for name, count, low in (("strides", 2, 1), ("pads", 4, 0), ("output_padding", 2, 0)):
        values = settings.setdefault(name, (0, 0))
        if len(values) != count or not all(low <= value <= MAX_SPAN for value in values):
            inputs.wrong(f"{name} {list(values)}", f"{count} numbers from {low} to {MAX_SPAN}")
    return settings


def _arguments(inputs: Inputs, settings: dict[str, tuple[int, ...]], channel_axis: int) -> tuple[F32, F32, _Geometry]:
    """Weights, bias and geometry; `channel_axis` of the weights runs along the input's channels."""
    batch, channels, height, width = inputs.shape(0, 4)
    weights = inputs.weights(1, 4)
    gives = weights.shape[1 - channel_axis]
    bias = inputs.weights(2, 1) if inputs.is_given(2) else np.zeros(gives, np.float32)
    if batch != 1 or weights.shape[channel_axis] != channels or len(bias) != gives:
        inputs.wrong(f"weights of shape {list(weights.shape)}", f"weights for one picture of {channels} channels")
    kernel = (weights.shape[2], weights.shape[3])
    if settings["kernel_shape"] not in ((), kernel) or max(kernel) > MAX_SPAN:
        inputs.wrong(f"a kernel of {list(kernel)}", f"the size of its weights, at most {MAX_SPAN}")
    top, left, bottom, right = settings["pads"]
    more = settings["output_padding"]
    after = (bottom - more[0], right - more[1])
    strides = (settings["strides"][0], settings["strides"][1])
    return weights, bias, _Geometry((height, width), kernel, strides, (top, left), after)


def _not_empty(inputs: Inputs, size: tuple[int, int]) -> tuple[int, int]:
    if min(size) < 1:
        inputs.wrong(f"an output of {list(size)} px", "a picture larger than the kernel")
    return size


def _padded(x: F32, geometry: _Geometry) -> F32:
    """[1, C, H, W] to [C, H + pads, W + pads]"""
    pads = tuple(zip(geometry.before, geometry.after, strict=True))
    return np.ascontiguousarray(x[0]) if pads == ((0, 0), (0, 0)) else np.pad(x[0], ((0, 0), *pads))


def _by_windows(weights: F32, bias: F32, geometry: _Geometry) -> Run:
    """Conv where each output pixel's window is copied to a column."""
    gives, kernel = len(weights), weights.shape[2:]
    height, width = geometry.convolved(0), geometry.convolved(1)
    matrix = weights.reshape(gives, -1)
    rows = max(1, _BLOCK_FLOATS // (matrix.shape[1] * width))

    def run(x: F32) -> F32:
        windows = sliding_window_view(_padded(x, geometry), kernel, (1, 2))
        windows = windows[:, :: geometry.strides[0], :: geometry.strides[1]].transpose(0, 3, 4, 1, 2)
        out = np.empty((1, gives, height, width), np.float32)
        for top in range(0, height, rows):
            columns = windows[:, :, :, top : top + rows].reshape(matrix.shape[1], -1)
            block = matrix @ columns + bias[:, None]
            out[0, :, top : top + rows] = block.reshape(gives, -1, width)
        return out

    return run


def _by_taps(weights: F32, bias: F32, geometry: _Geometry) -> Run:
    """Conv of stride 1 where each pixel is multiplied with the whole kernel, and the products are shifted."""
    gives, takes, tall, wide = weights.shape
    height, width = geometry.convolved(0), geometry.convolved(1)
    matrix = np.ascontiguousarray(weights.transpose(2, 3, 0, 1)).reshape(-1, takes)
    rows = max(1, _BLOCK_FLOATS // (len(matrix) * (width + wide - 1)))

    def run(x: F32) -> F32:
        padded = _padded(x, geometry)
        out = np.empty((1, gives, height, width), np.float32)
        for top in range(0, height, rows):
            end = min(top + rows, height)
            slab = padded[:, top : end + tall - 1]
            products = (matrix @ slab.reshape(takes, -1)).reshape(tall, wide, gives, *slab.shape[1:])
            block = out[0, :, top:end]
            block[:] = bias[:, None, None]
            for i in range(tall):
                for j in range(wide):
                    block += products[i, j, :, i : i + end - top, j : j + width]
        return out

    return run


def _by_phases(weights: F32, bias: F32, geometry: _Geometry) -> Run:
    """ConvTranspose, where the output pixels of one phase (their place modulo the strides) take the same taps."""
    (down, right), gives = geometry.strides, weights.shape[1]
    size = geometry.transposed(0), geometry.transposed(1)
    phases = [
        (slice(a, None, down), slice(b, None, right), _phase(weights, geometry, (a, b)))
        for a in range(min(down, size[0]))
        for b in range(min(right, size[1]))
    ]

    def run(x: F32) -> F32:
        pixels = x.reshape(x.shape[1], -1)
        out = np.empty((1, gives, *size), np.float32)
        for rows, columns, add_to in phases:
            part = out[0, :, rows, columns]
            total = np.empty(part.shape, np.float32)
            total[:] = bias[:, None, None]
            add_to(total, pixels)
            part[:] = total
        return out

    return run


def _phase(weights: F32, geometry: _Geometry, phase: tuple[int, int]) -> Callable[[F32, F32], None]:
    """Adds one phase of the output to [O, h, w], from the input's pixels [C, H * W]."""
    taps = [_axis_taps(geometry, axis, phase[axis]) for axis in (0, 1)]
    pairs = [(i, j, rows, columns) for i, *rows in taps[0] for j, *columns in taps[1]]
    takes, gives = weights.shape[:2]
    matrix = np.array([weights[:, :, i, j].T for i, j, *_ in pairs], np.float32).reshape(-1, takes)

    def add_to(total: F32, pixels: F32) -> None:
        products = (matrix @ pixels).reshape(len(pairs), gives, *geometry.size)
        for (_, _, rows, columns), product in zip(pairs, products, strict=True):
            total[:, rows[0], columns[0]] += product[:, rows[1], columns[1]]

    return add_to


def _axis_taps(geometry: _Geometry, axis: int, phase: int) -> list[tuple[int, slice, slice]]:
    """The kernel's rows that reach the output pixels phase, phase + stride, ...: row, those pixels, the input's."""
    stride, size = geometry.strides[axis], geometry.size[axis]
    count = -(-(geometry.transposed(axis) - phase) // stride)
    taps = []
    for k in range(geometry.kernel[axis]):
        # input pixel i adds to output pixel i * stride + k - before
        shift, rest = divmod(phase + geometry.before[axis] - k, stride)
        low, high = max(0, -shift), min(count, size - shift)
        if rest == 0 and low < high:
            taps.append((k, slice(low, high), slice(low + shift, high + shift)))
    return taps
