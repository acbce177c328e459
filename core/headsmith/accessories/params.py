"""Parameters of the generators: frozen dataclasses whose fields carry unit and range, checked in one place.

User interfaces read the same fields (`dataclasses.fields(...)`, `field.metadata["number"]`).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from headsmith.errors import InputError


@dataclass(frozen=True)
class Number:
    """The range and unit of a field."""

    low: float
    high: float
    unit: str
    text: str
    """what it is, in one line"""
    automatic: bool = False
    """whether 0 stands for "as the head asks for" """


@dataclass(frozen=True)
class Choice:
    options: tuple[str, ...]
    text: str


def length(default: float, low: float, high: float, text: str, automatic: bool = False) -> Any:
    """A field in metres."""
    return dataclasses.field(default=default, metadata={"number": Number(low, high, "m", text, automatic)})


def angle(default: float, low: float, high: float, text: str) -> Any:
    """A field in radians."""
    return dataclasses.field(default=default, metadata={"number": Number(low, high, "rad", text)})


def share(default: float, text: str, low: float = 0.0, high: float = 1.0) -> Any:
    """A field without unit, 0..1 unless told."""
    return dataclasses.field(default=default, metadata={"number": Number(low, high, "", text)})


def choice(default: str, options: tuple[str, ...], text: str) -> Any:
    return dataclasses.field(default=default, metadata={"choice": Choice(options, text)})


def color(default: tuple[float, float, float], text: str) -> Any:
    """A field of linear RGB, 0..1."""
    return dataclasses.field(default=default, metadata={"color": text})


def checked(params: Any) -> Any:
    """`params` itself; raises InputError for the first field out of its range."""
    for field in dataclasses.fields(params):
        value = getattr(params, field.name)
        if "number" in field.metadata:
            _check_number(field.name, value, field.metadata["number"])
        elif "choice" in field.metadata and value not in field.metadata["choice"].options:
            _refuse(field.name, repr(value), f"one of {', '.join(field.metadata['choice'].options)}")
        elif "color" in field.metadata and not (len(value) == 3 and all(0 <= c <= 1 for c in value)):
            _refuse(field.name, repr(value), "three numbers 0..1 (linear RGB)")
    return params


def _check_number(name: str, value: float, number: Number) -> None:
    inside = number.low - 1e-6 <= value <= number.high + 1e-6 or (number.automatic and value == 0)
    if not (math.isfinite(value) and inside):
        unit = f" {number.unit}" if number.unit else ""
        also = ", or 0 to fit the head" if number.automatic else ""
        _refuse(name, f"{value:g}{unit}", f"{number.low:g} to {number.high:g}{unit}{also}")


def _refuse(name: str, found: str, expected: str) -> None:
    raise InputError(f"accessory setting '{name}'", found=found, expected=expected, action="choose a value in range")
