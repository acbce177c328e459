"""GNM Head v3 (gnm_head.npz): Google's head model, under the names of its own arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from headsmith.errors import InputError
from headsmith.head_model.complete import Detect, RawHead, complete
from headsmith.head_model.model import HeadModel
from headsmith.types import F32

LICENCE = "GNM Head, under the licence it is published with"
# joint of GNM -> the name that Headsmith and FLAME give it
JOINT_NAMES = {"neck": "root", "head": "neck", "left_eye": "left_eye", "right_eye": "right_eye"}


def is_gnm(arrays: dict[str, Any]) -> bool:
    """Whether the arrays of a file look like GNM's."""
    return "vertex_identity_basis" in arrays and "template_vertex_positions" in arrays


def load_gnm(path: Path, arrays: dict[str, Any], detect: Detect) -> HeadModel:
    """The head model of a GNM file's `arrays`. Raises InputError where they do not fit together."""
    vertices = _array(path, arrays, "template_vertex_positions", (None, 3))
    count = len(vertices)
    identity = _array(path, arrays, "vertex_identity_basis", (None, count, 3))
    expression = _array(path, arrays, "expression_basis", (None, count, 3))
    weights = _array(path, arrays, "skinning_weights", (None, count))
    joints = len(weights)
    regressor = _array(path, arrays, "joint_regressor", (joints, count))
    correctives = _array(path, arrays, "pose_correctives_regressor", (9 * joints, 3 * count))
    faces = _array(path, arrays, "triangles", (None, 3)).astype(np.int32)
    if faces.min() < 0 or faces.max() >= count:
        raise _refusal(path, "triangles of vertices that do not exist")
    names = [str(name) for name in arrays.get("joint_names", [])]
    raw = RawHead(
        name="GNM Head",
        licence=LICENCE,
        vertices=vertices.astype(np.float32),
        faces=faces,
        shapedirs=identity.transpose(1, 2, 0).astype(np.float32),
        exprdirs=expression.transpose(1, 2, 0).astype(np.float32),
        expression_names=tuple(str(name) for name in arrays.get("expression_names", [])),
        # GNM has correctives for the root too, which never turns here
        posedirs=correctives[9:].reshape(9 * (joints - 1), count, 3).transpose(1, 2, 0).astype(np.float32),
        J_regressor=regressor.astype(np.float32),
        weights=weights.T.astype(np.float32),
        parents=_parents(path, arrays, joints),
        joint_names=tuple(JOINT_NAMES.get(name, name) for name in names),
        corner_uvs=_array(path, arrays, "triangle_uvs", (len(faces), 3, 2)).astype(np.float32),
    )
    if len(raw.joint_names) != joints or len(raw.expression_names) != len(expression):
        raise _refusal(path, "fewer names than joints or expressions")
    return complete(path, raw, detect)


def _parents(path: Path, arrays: dict[str, Any], joints: int) -> np.ndarray[Any, Any]:
    parents = _array(path, arrays, "joint_parent_indices", (joints,)).astype(np.int32)
    parents[0] = -1
    if any(not -1 <= parent < joint for joint, parent in enumerate(parents)):
        raise _refusal(path, "joints that come before their parents")
    return parents


def _array(path: Path, arrays: dict[str, Any], name: str, shape: tuple[int | None, ...]) -> F32:
    if name not in arrays:
        raise _refusal(path, f"no '{name}'")
    array = np.asarray(arrays[name])
    fits = array.ndim == len(shape) and all(n is None or n == m for n, m in zip(shape, array.shape, strict=True))
    if not fits or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise _refusal(path, f"'{name}' of type {array.dtype} and shape {array.shape}")
    return array


def _refusal(path: Path, found: str) -> InputError:
    return InputError(path, found=found, expected="the arrays of GNM Head v3", action="use the file as it is published")
