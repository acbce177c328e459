"""Which head a name or a file means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from headsmith.errors import InputError
from headsmith.head_model.default import load_default_head
from headsmith.head_model.flame import is_flame, load_flame
from headsmith.head_model.gnm import is_gnm, load_gnm
from headsmith.head_model.model import HeadModel
from headsmith.head_model.npz import read_npz_arrays
from headsmith.head_model.restricted_pickle import read_pickled_arrays
from headsmith.types import U8, Landmarks

Detect = Callable[[U8], Landmarks | None]


def load_head(head: str, detect: Detect) -> HeadModel:
    """`default`, or the path of a FLAME file (.pkl, .npz) or GNM file (.npz).

    `detect` finds landmarks on renders of a head whose file brings no landmark embedding.
    Raises InputError for an unknown name or a file that is neither.
    """
    if head == "default":
        return load_default_head()
    path = Path(head)
    if path.suffix.lower() in (".pkl", ".npz") and path.is_file():
        arrays = read_pickled_arrays(path) if path.suffix.lower() == ".pkl" else read_npz_arrays(path)
        if is_flame(arrays):
            return load_flame(path, arrays, detect)
        if is_gnm(arrays):
            return load_gnm(path, arrays, detect)
        raise InputError(
            path, found="neither FLAME's nor GNM's arrays", expected="a FLAME or GNM model file",
            action="give the model file itself")  # fmt: skip
    raise InputError(
        head, found="no head model of that name", expected="'default' or a FLAME or GNM model file (.pkl, .npz)",
        action="correct --head")  # fmt: skip
