"""Typed access to untrusted JSON: a getter raises InputError, naming the file and the key, if the value is wrong."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from headsmith.asset.damage import damaged
from headsmith.types import F32

MAX_DEPTH = 32
MAX_NAMES = 10_000


@dataclass(frozen=True)
class Node:
    """One value of a JSON document and where it stands."""

    value: Any
    subject: str
    place: str = ""

    def _wrong(self, expected: str) -> NoReturn:
        shown = json.dumps(self.value)[:60] if not isinstance(self.value, dict | list) else type(self.value).__name__
        raise damaged(self.subject, f"{shown} as '{self.place or 'the whole'}'", expected)

    def __getitem__(self, key: str) -> Node:
        fields = self.fields()
        if key not in fields:
            raise damaged(self.subject, f"no '{self.place + '.' if self.place else ''}{key}'", "that key")
        return fields[key]

    def fields(self) -> dict[str, Node]:
        if not isinstance(self.value, dict):
            self._wrong("an object")
        dot = f"{self.place}." if self.place else ""
        return {key: Node(value, self.subject, dot + key) for key, value in self.value.items()}

    def items(self) -> list[Node]:
        if not isinstance(self.value, list):
            self._wrong("a list")
        return [Node(value, self.subject, f"{self.place}[{k}]") for k, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            self._wrong("text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def names(self) -> tuple[str, ...]:
        """Texts that differ from each other."""
        if len(self.items()) > MAX_NAMES:
            self._wrong(f"at most {MAX_NAMES} names")
        names = self.texts()
        if len(set(names)) != len(names):
            self._wrong("names that differ")
        return names

    def integer(self, low: int, high: int) -> int:
        if type(self.value) is not int or not low <= self.value <= high:
            self._wrong(f"a whole number from {low} to {high}")
        return self.value

    def number(self, low: float = -1e300, high: float = 1e300) -> float:
        # abs() first: a whole number of hundreds of digits does not fit a float
        if type(self.value) not in (int, float) or not abs(self.value) <= 1e300 or not math.isfinite(self.value):
            self._wrong("a finite number")
        if not low <= self.value <= high:
            self._wrong(f"a number from {low:g} to {high:g}")
        return float(self.value)

    def numbers(self, *shape: int) -> F32:
        """float32 of `shape` from nested lists."""
        if not shape:
            value = self.number()
            if abs(value) > float(np.finfo(np.float32).max):
                self._wrong("a number that a 32-bit float can hold")
            return np.float32(value)  # type: ignore[return-value]
        items = self.items()
        if len(items) != shape[0]:
            self._wrong(f"{shape[0]} values")
        return np.array([item.numbers(*shape[1:]) for item in items], np.float32).reshape(shape)


def parse_json(data: bytes, subject: str) -> Node:
    """Strict JSON: UTF-8, no NaN or Infinity, no key twice, not nested deeper than 32. Raises InputError."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise damaged(subject, f"text that is not JSON ({str(error)[:80]})", "strict JSON") from error
    if not _shallow(value, MAX_DEPTH):
        raise damaged(subject, "JSON nested too deep", f"at most {MAX_DEPTH} levels")
    return Node(value, subject)


def _shallow(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_shallow(item, levels - 1) for item in value))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key twice in one object")
    return out
