"""The part of the ONNX file format that a dynamic texture uses, read with suspicion.

Field numbers: https://github.com/onnx/onnx/blob/v1.16.0/onnx/onnx.proto
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.damage import damaged
from headsmith.asset.protobuf import Message, Reader

MAX_FILE_BYTES = 64 << 20
MAX_NODES = 1_000
MAX_DIMENSIONS = 8
OPSETS = range(11, 18)
FLOAT, INT64, FLOAT16 = 1, 7, 10
"""TensorProto.DataType"""
_TYPES: dict[int, np.dtype[Any]] = {FLOAT: np.dtype("<f4"), INT64: np.dtype("<i8"), FLOAT16: np.dtype("<f2")}

Attribute = float | int | str | tuple[int, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class OnnxNode:
    op: str
    inputs: tuple[str, ...]
    """an input that is left out is an empty text"""
    output: str
    attributes: dict[str, Attribute]


@dataclass(frozen=True)
class OnnxGraph:
    """Nodes in the order of the file; values are known by their names."""

    nodes: tuple[OnnxNode, ...]
    constants: dict[str, NDArray[Any]]
    """float32, float16 or int64"""
    inputs: dict[str, Shape]
    """float32, without those that are constants"""
    outputs: dict[str, Shape]


def parse_onnx(data: bytes, subject: str) -> OnnxGraph:
    """The graph in `data`; nothing is allocated that `data` does not hold. Raises InputError about `subject`."""
    if len(data) > MAX_FILE_BYTES:
        raise damaged(subject, f"{len(data)} bytes", f"at most {MAX_FILE_BYTES}")
    model = Reader(subject).message(memoryview(data))
    _check_opset(model)
    return _graph(model.one(7).message())


def _check_opset(model: Message) -> None:
    versions = [one.integer(2) for one in (f.message() for f in model.all(8)) if one.text(1) in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        found = f"opset {versions[0]}" if versions else "no opset"
        raise model.reader.wrong(found, f"opset {OPSETS[0]} to {OPSETS[-1]}")


def _graph(graph: Message) -> OnnxGraph:
    if graph.has(15):
        raise graph.reader.wrong("sparse weights", "plain ones")
    if len(graph.all(1)) > MAX_NODES:
        raise graph.reader.wrong(f"{len(graph.all(1))} nodes", f"at most {MAX_NODES}")
    constants: dict[str, NDArray[Any]] = {}
    for field in graph.all(5):
        tensor = field.message()
        name = tensor.text(8)
        if name in constants:
            raise graph.reader.wrong(f"the weights '{name}' twice", "names that differ")
        constants[name] = _tensor(tensor, name)
    return OnnxGraph(
        nodes=tuple(_node(field.message()) for field in graph.all(1)),
        constants=constants,
        inputs=_values(graph, 11, constants),
        outputs=_values(graph, 12, {}),
    )


def _tensor(tensor: Message, name: str) -> NDArray[Any]:
    wrong, kind = tensor.reader.wrong, tensor.integer(2)
    if kind not in _TYPES:
        raise wrong(f"weights '{name}' of type {kind}", "float32, float16 or int64")
    if tensor.has(13) or tensor.integer(14) or tensor.has(3):
        raise wrong(f"weights '{name}' outside the file", "weights in the file")
    shape = tensor.integers(1, MAX_DIMENSIONS)
    if tensor.has(9):
        data = tensor.one(9).data()
    elif kind == FLOAT and tensor.has(4):
        data = tensor.one(4).data()
    elif kind == INT64:
        data = memoryview(np.array(tensor.integers(7, MAX_DIMENSIONS), "<i8").tobytes())
    else:
        raise wrong(f"weights '{name}' without data", "raw data")
    dtype = _TYPES[kind]
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise wrong(f"{len(data)} bytes of weights '{name}'", f"the size of an array {list(shape)}")
    # a copy, because data in the midst of a file is rarely aligned
    array = np.frombuffer(data, dtype).reshape(shape).copy()
    if not np.isfinite(array).all():
        raise wrong(f"weights '{name}' that are not finite", "finite numbers")
    return array


def _node(node: Message) -> OnnxNode:
    op, outputs = node.text(4), [field.text() for field in node.all(2)]
    if node.text(7) not in ("", "ai.onnx"):
        raise node.reader.wrong(f"the operation {op} of '{node.text(7)}'", "ONNX's own")
    if len(outputs) != 1 or not outputs[0]:
        raise node.reader.wrong(f"{op} with {len(outputs)} outputs", "one")
    attributes = dict(_attribute(field.message()) for field in node.all(5))
    return OnnxNode(op, tuple(field.text() for field in node.all(1)), outputs[0], attributes)


def _attribute(attribute: Message) -> tuple[str, Attribute]:
    name = attribute.text(1)
    kinds = [number for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 23, 15, 14, 21) if attribute.has(number)]
    if kinds == [2]:
        return name, attribute.one(2).real()
    if kinds == [3]:
        return name, attribute.integer(3)
    if kinds == [4]:
        return name, attribute.text(4)
    if kinds == [8]:
        return name, attribute.integers(8, 16)
    if not kinds:
        # the default value, which proto3 writers leave out; the type tells which
        defaults: dict[int, Attribute] = {1: 0.0, 2: 0, 3: ""}
        return name, defaults.get(attribute.integer(20), ())
    raise attribute.reader.wrong(f"the attribute '{name}'", "a number, a text or whole numbers")


def _values(graph: Message, number: int, known: Container[str]) -> dict[str, Shape]:
    """Shapes of the graph's inputs or outputs that are not `known`: float32 ones of fixed shape are accepted."""
    out: dict[str, Shape] = {}
    for info in (field.message() for field in graph.all(number)):
        name = info.text(1)
        if name in known:
            continue
        if name in out:
            raise graph.reader.wrong(f"'{name}' twice", "names that differ")
        out[name] = _fixed_shape(info.one(2).message().one(1).message(), name)
    return out


def _fixed_shape(tensor: Message, name: str) -> Shape:
    if tensor.integer(1) != FLOAT:
        raise tensor.reader.wrong(f"'{name}' of type {tensor.integer(1)}", "float32")
    dims = [dim.message() for dim in tensor.one(2).message().all(1)]
    if len(dims) > MAX_DIMENSIONS or not all(dim.has(1) and dim.integer(1) > 0 for dim in dims):
        raise tensor.reader.wrong(f"'{name}' of open shape", "a fixed one")
    return tuple(dim.integer(1) for dim in dims)
