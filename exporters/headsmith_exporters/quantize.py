"""Numbers as few bits, and back: what the packed splat formats have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32, U8

U32 = NDArray[np.uint32]
Indices = NDArray[np.integer[Any]]
_MORTON_BITS = 20
_OTHERS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


def to_levels(values: F32, levels: int) -> U32:
    """Numbers 0..1 to the nearest of 0 .. levels - 1; what lies outside goes to the ends."""
    return np.rint(np.clip(values, 0, 1) * (levels - 1)).astype(np.uint32)


def fraction_between(values: F32, low: F32, high: F32) -> F32:
    """Where values lie between two bounds, 0..1; 0 where the bounds are equal."""
    span = np.asarray(high - low, np.float64)
    return np.clip((values - low) / np.where(span > 0, span, 1), 0, 1)


def smallest_three(quats: F32) -> tuple[Indices, F32]:
    """Unit [N, 4] to the row of the largest component [N] and the others [N, 3] in -sqrt(1/2) .. sqrt(1/2).

    The largest is made positive: a quaternion and its negative are the same rotation.
    """
    largest = np.argmax(np.abs(quats), axis=1)
    sign = np.where(np.take_along_axis(quats, largest[:, None], 1) < 0, -1, 1)
    return largest, sign * np.take_along_axis(quats, _OTHERS[largest], 1)


def from_smallest_three(largest: Indices, others: F32) -> F32:
    """The inverse of `smallest_three`: unit [N, 4]."""
    quats = np.empty((len(others), 4), np.float64)
    np.put_along_axis(quats, _OTHERS[largest], others, 1)
    rest = np.sqrt(np.maximum(0, 1 - (others.astype(np.float64) ** 2).sum(1)))
    np.put_along_axis(quats, largest[:, None], rest[:, None], 1)
    return quats / np.linalg.norm(quats, axis=1, keepdims=True)


def morton_order(points: F32) -> Indices:
    """[N] the order of points [N, 3] along a Z-shaped curve, which keeps neighbours together."""
    if len(points) == 0:
        return np.zeros(0, np.int64)
    cells = to_levels(fraction_between(points.astype(np.float64), points.min(0), points.max(0)), 1 << _MORTON_BITS)
    x, y, z = (_every_third_bit(cells[:, k].astype(np.uint64)) for k in range(3))
    return np.argsort(x | y << np.uint64(1) | z << np.uint64(2), kind="stable")


def _every_third_bit(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The bits of numbers below 2^21 with two zeros between each (https://en.wikipedia.org/wiki/Z-order_curve)."""
    masks = ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F), (4, 0x10C30C30C30C30C3),
             (2, 0x1249249249249249))  # fmt: skip
    for shift, mask in masks:
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values


def as_bytes(values: F32) -> U8:
    """Numbers 0..1 to 0..255, rounded; what lies outside goes to the ends."""
    return to_levels(values, 256).astype(np.uint8)
