"""ONNX files written piece by piece (https://github.com/onnx/onnx/blob/v1.16.0/onnx/onnx.proto).

Every function gives the bytes of one message; `model` gives a file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TYPES = {"float32": 1, "int64": 7, "float16": 10, "float64": 11}


def varint(number: int) -> bytes:
    """A whole number, negative ones in two's complement of 64 bits."""
    number &= 2**64 - 1
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | float | str | bytes) -> bytes:
    """One field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name: str, array: Any) -> bytes:
    """A constant of float32, float16, float64 or int64."""
    array = np.ascontiguousarray(array)
    dims = b"".join(field(1, size) for size in np.shape(array))
    return dims + field(2, TYPES[array.dtype.name]) + field(8, name) + field(9, array.tobytes())


def attribute(name: str, value: float | int | str | Sequence[int]) -> bytes:
    """Of a node; its type follows from the Python type."""
    if isinstance(value, float):
        return field(1, name) + field(2, value) + field(20, 1)
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + b"".join(field(8, number) for number in value) + field(20, 7)


def node(op: str, inputs: Sequence[str], output: str, **attributes: float | int | str | Sequence[int]) -> bytes:
    """One operation; an empty name stands for an input that is left out."""
    names = b"".join(field(1, name) for name in inputs) + field(2, output)
    return names + field(4, op) + b"".join(field(5, attribute(k, v)) for k, v in attributes.items())


def value(name: str, shape: Sequence[int | str], kind: int = 1) -> bytes:
    """What goes in or comes out; `kind` 1 is float32."""
    dims = b"".join(field(1, field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def graph(
    nodes: Sequence[bytes],
    weights: Mapping[str, Any],
    takes: Mapping[str, Sequence[int | str]],
    gives: Mapping[str, Sequence[int | str]],
) -> bytes:
    """Nodes in the order in which they run, constants by name, inputs and outputs as name -> shape."""
    out = b"".join(field(1, one) for one in nodes) + field(2, "g")
    out += b"".join(field(5, tensor(name, array)) for name, array in weights.items())
    out += b"".join(field(11, value(name, shape)) for name, shape in takes.items())
    return out + b"".join(field(12, value(name, shape)) for name, shape in gives.items())


def model(inner: bytes, opset: int = 17, domain: str = "") -> bytes:
    """The file around a graph."""
    return field(1, 8) + field(2, "headsmith") + field(7, inner) + field(8, field(1, domain) + field(2, opset))
