"""A format's options from text such as `fine=true`, as the command line gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from headsmith.errors import InputError
from headsmith_exporters.registry import Format

_TRUTHS = {"true": True, "false": False}
_NAMES = (tuple[str, ...], tuple[str, ...] | None)
"""lists of names, which commas separate"""
_EXPECTED: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_EXPECTED |= dict.fromkeys(_NAMES, "names with commas between them")


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


def with_accessories(chosen: Format, options: Any, accessories: Sequence[str]) -> Any:
    """`options` with what the head is to wear. Raises InputError for a format that has no accessories."""
    if not accessories:
        return options
    if not hasattr(options, "accessories"):
        raise InputError("--accessory", found=f"the format {chosen.name}, which has none",
                         expected="a format of the rigged mesh, such as glb", action="leave it out")  # fmt: skip
    return dataclasses.replace(options, accessories=(*options.accessories, *accessories))


def option_kinds(chosen: Format) -> dict[str, Any]:
    """Name and type of each option that text can set: truths, numbers, words, lists of names and choices."""
    hints = get_type_hints(chosen.options)
    fields = dataclasses.fields(chosen.options)  # type: ignore[arg-type]
    return {f.name: hints[f.name] for f in fields if hints[f.name] in _EXPECTED or get_origin(hints[f.name]) is Literal}


def _value(name: str, text: str, kind: Any) -> Any:
    if kind in _NAMES:
        return tuple(name.strip() for name in text.split(",") if name.strip())
    choices = get_args(kind)
    try:
        if choices:
            return choices[choices.index(text)]
        return _TRUTHS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        expected = f"one of {', '.join(choices)}" if choices else _EXPECTED[kind]
        raise InputError("--option", found=f"{name}='{text}'", expected=expected, action="correct it") from None
