"""What every ONNX operation is given when it is laid out, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.damage import damaged
from headsmith.asset.onnx_file import Attribute, OnnxNode, Shape
from headsmith.types import F32

MAX_SPAN = 16
"""of kernel sizes, strides, pads and enlargements"""
Run = Callable[..., F32]


@dataclass(frozen=True)
class Planned:
    """An operation of fixed shapes."""

    run: Run
    """takes those of the node's inputs that are not constants, in order"""
    shape: Shape
    """of what it gives"""
    multiply_adds: int
    scratch_floats: int = 0
    """what it needs for itself while it runs"""
    is_view: bool = False
    """gives its input's memory, not memory of its own"""
    run_in_place: Run | None = None
    """may destroy its first input"""


@dataclass(frozen=True)
class Inputs:
    """What a node is given: shapes of all values so far that are float32, and the values that are constants."""

    node: OnnxNode
    shapes: Mapping[str, Shape]
    constants: Mapping[str, NDArray[Any]]
    subject: str

    def wrong(self, found: str, expected: str) -> NoReturn:
        raise damaged(self.subject, f"{self.node.op} with {found}", expected)

    def count(self, low: int, high: int) -> None:
        if not low <= len(self.node.inputs) <= high:
            self.wrong(f"{len(self.node.inputs)} inputs", f"{low} to {high}")

    def shape(self, k: int, dimensions: int | None = None) -> Shape:
        """Of the float32 input `k`."""
        name = self.node.inputs[k]
        if name not in self.shapes:
            self.wrong(f"'{name}' as an input", "float32 values of the file or of earlier nodes")
        shape = self.shapes[name]
        if dimensions is not None and len(shape) != dimensions:
            self.wrong(f"an input of shape {list(shape)}", f"{dimensions} dimensions")
        return shape

    def weights(self, k: int, *dimensions: int) -> F32:
        """The float32 constant that is input `k`."""
        value = self._constant(k)
        if value.dtype != np.float32 or value.ndim not in dimensions or not value.size:
            self.wrong(f"weights of shape {list(value.shape)}, {value.dtype}", f"{dimensions} dimensions, float32")
        return value

    def integers(self, k: int) -> list[int]:
        """The list of whole numbers that is input `k`."""
        value = self._constant(k)
        if value.dtype != np.int64 or value.ndim != 1 or value.size > 8:
            self.wrong(f"'{self.node.inputs[k]}' as a shape", "a short list of whole numbers")
        return [int(number) for number in value]

    def is_given(self, k: int) -> bool:
        name = self.node.inputs[k] if k < len(self.node.inputs) else ""
        return bool(name) and (name not in self.constants or self.constants[name].size > 0)

    def _constant(self, k: int) -> NDArray[Any]:
        name = self.node.inputs[k]
        if name not in self.constants:
            self.wrong(f"'{name}' that the file does not hold", "weights of the file there")
        return self.constants[name]

    def attributes(self, **defaults: Attribute) -> dict[str, Any]:
        """All attributes, `defaults` where the file is silent; others, and other types, are refused."""
        given = self.node.attributes
        for name, value in given.items():
            if type(value) is not type(defaults.get(name)):
                self.wrong(f"the attribute '{name}' = {value!r}"[:100], " and ".join(defaults) or "no attributes")
        return {**defaults, **given}
