"""An ONNX network made ready to run: checked as a whole, with known cost and memory, before anything is computed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.damage import damaged
from headsmith.asset.onnx_file import OnnxGraph, OnnxNode, Shape
from headsmith.asset.onnx_node import Inputs, Planned, Run
from headsmith.asset.onnx_ops import cast_constant, plan_node
from headsmith.types import F32

MAX_FLOATS = 1 << 27
"""512 MiB: what a run may need beside the weights"""
MAX_MULTIPLY_ADDS = 10**11
"""of one run: a few seconds; a texture of 512 x 512 px needs about a hundredth of it"""


@dataclass(frozen=True)
class _Step:
    run: Run
    takes: tuple[str, ...]
    gives: str
    drops: tuple[str, ...]
    """values that nobody needs any more"""


class Network:
    """A graph of one input and one output. Raises InputError about `subject` for whatever it cannot run."""

    def __init__(self, graph: OnnxGraph, subject: str) -> None:
        self.input_name, self.input_shape = _only(graph.inputs, "input", subject)
        self.output_name, self.output_shape = _only(graph.outputs, "output", subject)
        self._steps = _Layout(graph, subject).steps()

    def run(self, x: F32) -> F32:
        """`x` is float32 of `input_shape`; gives float32 of `output_shape`. Overflow gives infinity, silently."""
        values = {self.input_name: x}
        with np.errstate(all="ignore"):
            for step in self._steps:
                values[step.gives] = step.run(*[values[name] for name in step.takes])
                for name in step.drops:
                    del values[name]
        return values[self.output_name]


def _only(values: dict[str, Shape], kind: str, subject: str) -> tuple[str, Shape]:
    if len(values) != 1:
        raise damaged(subject, f"{len(values)} {kind}s of the network", "one")
    return next(iter(values.items()))


class _Layout:
    """Follows the graph once: shapes, cost, and which memory is free when."""

    def __init__(self, graph: OnnxGraph, subject: str) -> None:
        self.graph, self.subject = graph, subject
        self.constants: dict[str, NDArray[Any]] = dict(graph.constants)
        self.shapes: dict[str, Shape] = {k: v.shape for k, v in graph.constants.items() if v.dtype == np.float32}
        self.shapes.update(graph.inputs)
        self.uses = Counter(name for node in graph.nodes for name in set(node.inputs))
        self.uses.update(graph.outputs.keys())
        self.owners: set[str] = set()
        """values in memory of their own, that a step may write to when nobody else needs them"""

    def steps(self) -> list[_Step]:
        live: Counter[str] = Counter({name: math.prod(shape) for name, shape in self.graph.inputs.items()})
        left, cost, steps = self.uses.copy(), 0, []
        for node in self.graph.nodes:
            if node.output in self.shapes or node.output in self.constants:
                raise damaged(self.subject, f"the value '{node.output}' twice", "each once")
            if node.op == "Cast":
                self._cast(node)
                continue
            plan = plan_node(self._inputs(node))
            cost += plan.multiply_adds
            # a view is counted too: it keeps alive what it looks at
            live[node.output] = math.prod(plan.shape)
            self._check_size(cost, live.total() + plan.scratch_floats)
            self.shapes[node.output] = plan.shape
            step = self._step(node, plan, left)
            for name in step.drops:
                del live[name]
            steps.append(step)
        self._check_outputs()
        return steps

    def _inputs(self, node: OnnxNode) -> Inputs:
        return Inputs(node, self.shapes, self.constants, self.subject)

    def _cast(self, node: OnnxNode) -> None:
        value = cast_constant(self._inputs(node))
        self.constants[node.output], self.shapes[node.output] = value, value.shape

    def _step(self, node: OnnxNode, plan: Planned, left: Counter[str]) -> _Step:
        takes = tuple(name for name in node.inputs if name and name not in self.constants)
        left.subtract(set(takes))
        drops = tuple(name for name in sorted(set(takes)) if not left[name])
        in_place = plan.run_in_place if takes[0] in self.owners and self.uses[takes[0]] == 1 else None
        if not plan.is_view:
            self.owners.add(node.output)
        unused = () if left[node.output] else (node.output,)
        return _Step(in_place or plan.run, takes, node.output, drops + unused)

    def _check_size(self, multiply_adds: int, floats: int) -> None:
        if multiply_adds > MAX_MULTIPLY_ADDS or floats > MAX_FLOATS:
            raise damaged(self.subject, f"a network of {multiply_adds:.1e} multiply-adds and {4 * floats:.1e} bytes",
                          f"at most {MAX_MULTIPLY_ADDS:.0e} and {4 * MAX_FLOATS:.1e}")  # fmt: skip

    def _check_outputs(self) -> None:
        for name, shape in self.graph.outputs.items():
            if name in self.constants or self.shapes.get(name) != shape:
                found = self.shapes.get(name)
                raise damaged(self.subject, f"the output '{name}' of shape {list(found or ())}", f"{list(shape)}")
