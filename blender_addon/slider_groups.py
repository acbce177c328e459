# SPDX-License-Identifier: GPL-3.0-or-later
"""How 52 sliders are laid out so that one finds them: by part of the face, left and right side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PREFIXES = {
    "brow": "Brows",
    "eye": "Eyes",
    "nose": "Cheeks and Nose",
    "cheek": "Cheeks and Nose",
    "jaw": "Jaw",
    "mouth": "Mouth",
    "tongue": "Tongue",
}
"""how a slider's name begins -> its group, from the top of the face down"""
OTHER = "Other"
"""what an artist added, or another head model has"""
_SIDE = re.compile(r"(Left|Right)$")


@dataclass(frozen=True)
class Row:
    label: str
    sliders: tuple[str, ...]
    """one, or the left and the right one"""


def group_of(name: str) -> str:
    """The part of the face that the slider moves."""
    found = (title for prefix, title in PREFIXES.items() if name.startswith(prefix))
    return next(found, OTHER)


def grouped(names: Iterable[str]) -> dict[str, list[Row]]:
    """Group -> its rows, groups from the top of the face down; groups without sliders are left out."""
    groups: dict[str, list[Row]] = {title: [] for title in (*PREFIXES.values(), OTHER)}
    names = list(names)
    for name in names:
        base = _SIDE.sub("", name)
        pair = (f"{base}Left", f"{base}Right")
        if name == pair[1] and pair[0] in names:
            continue
        both = name == pair[0] and pair[1] in names
        groups[group_of(name)].append(Row(_label(base if both else name), pair if both else (name,)))
    return {title: rows for title, rows in groups.items() if rows}


def words(name: str) -> str:
    """`Mouth Smile Left` for mouthSmileLeft."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return parts[:1].upper() + parts[1:]


def matching(names: Iterable[str], search: str) -> list[str]:
    """The names in which every word that was typed occurs, in any order and case."""
    typed = search.lower().split()
    return [name for name in names if all(part in f"{name} {words(name)}".lower() for part in typed)]


def _label(name: str) -> str:
    """The words that the group's title does not say already."""
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
    if prefix in ("nose", "cheek", "tongue"):
        return words(name)
    # jawLeft and jawRight, mouthLeft and mouthRight
    return words(name[len(prefix) :]) or "Sideways"
