"""FLAME files (https://flame.is.tue.mpg.de): the user's own, in the published .pkl or as .npz of the same arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from headsmith.errors import InputError
from headsmith.head_model.complete import Detect, RawHead, complete
from headsmith.head_model.model import JOINT_NAMES, HeadModel
from headsmith.types import F32

IDENTITY_COUNT = 300
LICENCE = "FLAME, under the licence its user agreed to (see flame.is.tue.mpg.de/modellicense.html)"
SHAPES: dict[str, tuple[int, ...]] = {
    "v_template": (5023, 3),
    "f": (9976, 3),
    "shapedirs": (5023, 3, 400),
    "posedirs": (5023, 3, 36),
    "weights": (5023, 5),
    "J_regressor": (5, 5023),
    "kintree_table": (2, 5),
}


def is_flame(arrays: dict[str, Any]) -> bool:
    """Whether the arrays of a file look like FLAME's."""
    return "shapedirs" in arrays and "posedirs" in arrays and "kintree_table" in arrays


def load_flame(path: Path, arrays: dict[str, Any], detect: Detect) -> HeadModel:
    """The head model of a FLAME file's `arrays`.

    Raises InputError where an array is missing, has another shape than FLAME's, or is not finite.
    """
    checked = {name: _checked(path, arrays, name, shape) for name, shape in SHAPES.items()}
    parents = checked["kintree_table"][0].astype(np.int64).astype(np.int32)
    parents[0] = -1
    raw = RawHead(
        name=f"FLAME ({path.name})",
        licence=LICENCE,
        vertices=checked["v_template"].astype(np.float32),
        faces=checked["f"].astype(np.int32),
        shapedirs=checked["shapedirs"][..., :IDENTITY_COUNT].astype(np.float32),
        exprdirs=checked["shapedirs"][..., IDENTITY_COUNT:].astype(np.float32),
        expression_names=tuple(f"flame_expression_{i:03d}" for i in range(400 - IDENTITY_COUNT)),
        posedirs=checked["posedirs"].astype(np.float32),
        J_regressor=checked["J_regressor"].astype(np.float32),
        weights=checked["weights"].astype(np.float32),
        parents=parents,
        joint_names=JOINT_NAMES,
    )
    if raw.faces.min() < 0 or raw.faces.max() >= len(raw.vertices):
        raise _refusal(path, "triangles of vertices that do not exist")
    if any(parent >= joint for joint, parent in enumerate(parents)):
        raise _refusal(path, "joints that come before their parents")
    return complete(path, raw, detect)


def _checked(path: Path, arrays: dict[str, Any], name: str, shape: tuple[int, ...]) -> F32:
    array = np.asarray(arrays.get(name, 0))
    if array.shape != shape:
        raise _refusal(path, f"'{name}' of shape {array.shape}" if name in arrays else f"no '{name}'", f"{shape}")
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise _refusal(path, f"numbers in '{name}' that are not finite")
    return array


def _refusal(path: Path, found: str, expected: str = "FLAME's arrays") -> InputError:
    return InputError(path, found=found, expected=expected, action="use a FLAME 2020 or 2023 file as it is published")
