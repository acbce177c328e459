"""The default head: the file that `headsmith.head_model.bake` writes, and its `HeadModel`."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.model import JOINT_NAMES, HeadModel
from headsmith.types import F32

NAME = "headsmith-default"
LICENCE = "CC0-1.0 (made from the MakeHuman base mesh, targets and face units)"
DATA_FILE = "default_head.npz"
STEP_M = 2e-6
"""displacements are stored as int16 multiples of this"""
PARTS = ("head", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes")
REGIONS = ("face", "lips", "eyes", "scalp", "ears", "neck", "inner_mouth")


@cache
def load_default_head() -> HeadModel:
    """The head that ships with Headsmith. The arrays are shared between callers: do not write into them."""
    data = files("headsmith.head_model").joinpath("data", DATA_FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return _unpack({name: arrays[name] for name in arrays.files})


def pack(model: HeadModel) -> dict[str, Any]:
    """The arrays of the data file."""
    return {
        "v_template": model.v_template.astype(np.float32),
        "faces": model.faces.astype(np.uint16),
        "shapedirs": _to_steps(model.shapedirs.transpose(2, 1, 0)),
        "arkit": _to_steps(model.arkit.transpose(0, 2, 1)),
        "J_regressor": model.J_regressor.astype(np.float32),
        "weights": model.weights.astype(np.float32),
        "parents": model.parents.astype(np.int32),
        "uvs": model.uvs.astype(np.float32),
        "uv_faces": model.uv_faces.astype(np.uint16),
        "face_part": model.face_part.astype(np.uint8),
        "regions": np.round(np.stack([model.regions[name] for name in REGIONS]) * 255).astype(np.uint8),
        "landmark_triangle": model.landmark_triangle.astype(np.int32),
        "landmark_barycentric": model.landmark_barycentric.astype(np.float32),
        "landmark_weight": model.landmark_weight.astype(np.float32),
        "mirror": model.mirror.astype(np.int32),
    }


def _to_steps(displacements_m: F32) -> np.ndarray:
    steps = np.rint(displacements_m / STEP_M)
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise ValueError("a displacement is too long for the file's step")
    return steps.astype(np.int16)


def _from_steps(steps: np.ndarray) -> F32:
    return steps.astype(np.float32) * np.float32(STEP_M)


def _unpack(a: dict[str, np.ndarray]) -> HeadModel:
    arkit = np.ascontiguousarray(_from_steps(a["arkit"]).transpose(0, 2, 1))
    regions = {name: row.astype(np.float32) / 255 for name, row in zip(REGIONS, a["regions"], strict=True)}
    return HeadModel(
        name=NAME,
        licence=LICENCE,
        v_template=a["v_template"],
        faces=a["faces"].astype(np.int32),
        shapedirs=np.ascontiguousarray(_from_steps(a["shapedirs"]).transpose(2, 1, 0)),
        exprdirs=np.ascontiguousarray(arkit.transpose(1, 2, 0)),
        expression_names=ARKIT_52,
        posedirs=None,
        J_regressor=a["J_regressor"],
        weights=a["weights"],
        parents=a["parents"],
        joint_names=JOINT_NAMES,
        arkit=arkit,
        uvs=a["uvs"],
        uv_faces=a["uv_faces"].astype(np.int32),
        part_names=PARTS,
        face_part=a["face_part"].astype(np.int32),
        regions=regions,
        landmark_triangle=a["landmark_triangle"],
        landmark_barycentric=a["landmark_barycentric"],
        landmark_weight=a["landmark_weight"],
        mirror=a["mirror"],
    )
