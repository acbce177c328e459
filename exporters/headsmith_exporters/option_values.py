"""A format's options from text such as `fine=true`, as the command line gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from headsmith.errors import InputError
from headsmith_exporters.registry import Format

_TRUTHS = {"true": True, "false": False}
_EXPECTED: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def options_from(chosen: Format, assignments: Iterable[str]) -> Any:
    """The format's options dataclass with each NAME=VALUE in place of a default.

    Raises InputError for an unknown name and a value of another type.
    """
    values: dict[str, Any] = {}
    kinds = option_kinds(chosen)
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in kinds:
            raise InputError("--option", found=f"'{assignment}'",
                             expected=f"one of {', '.join(kinds)}" if kinds else f"none: {chosen.name} has no options",
                             action="write NAME=VALUE")  # fmt: skip
        values[name] = _value(name, text, kinds[name])
    return chosen.options(**values)


def option_kinds(chosen: Format) -> dict[str, Any]:
    """Name and type of each option that text can set: truths, numbers, words and choices."""
    hints = get_type_hints(chosen.options)
    fields = dataclasses.fields(chosen.options)  # type: ignore[arg-type]
    return {f.name: hints[f.name] for f in fields if hints[f.name] in _EXPECTED or get_origin(hints[f.name]) is Literal}


def _value(name: str, text: str, kind: Any) -> Any:
    choices = get_args(kind)
    try:
        if choices:
            return choices[choices.index(text)]
        return _TRUTHS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        expected = f"one of {', '.join(choices)}" if choices else _EXPECTED[kind]
        raise InputError("--option", found=f"{name}='{text}'", expected=expected, action="correct it") from None
