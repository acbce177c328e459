"""Expressions of VRM 1.0 out of ARKit's blendshapes.

https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/expressions.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar
from headsmith.motion import EXPRESSIONS, VISEMES
from headsmith_exporters.mesh_parts import MeshPart

Weights = Mapping[str, float]

PRESETS: dict[str, Weights] = {
    "neutral": {},
    "happy": EXPRESSIONS["big smile"],
    "angry": EXPRESSIONS["anger"],
    "sad": EXPRESSIONS["frown"],
    "relaxed": {
        "mouthSmileLeft": 0.35,
        "mouthSmileRight": 0.35,
        "eyeBlinkLeft": 0.2,
        "eyeBlinkRight": 0.2,
        "browInnerUp": 0.1,
    },
    "surprised": EXPRESSIONS["surprise"],
    "aa": VISEMES["aa"],
    "ih": VISEMES["I"],
    "ou": VISEMES["U"],
    "ee": VISEMES["E"],
    "oh": VISEMES["O"],
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    # beyond that the pupils are under the lids
    "lookUp": {"eyeLookUpLeft": 0.6, "eyeLookUpRight": 0.6},
    "lookDown": {"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0},
    "lookLeft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "lookRight": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
}
"""preset -> weights at full strength"""

OVERRIDES: dict[str, dict[str, str]] = {
    # their mouths stand open already, and lids that are half closed would close beyond the eye
    "happy": {"overrideMouth": "blend"},
    "surprised": {"overrideMouth": "blend"},
    "relaxed": {"overrideBlink": "blend"},
}
"""what a preset tones down while it is on"""


def expressions(avatar: Avatar, parts: tuple[MeshPart, ...], mesh_nodes: Mapping[str, int]) -> dict[str, Any]:
    """VRMC_vrm.expressions: the presets, and each of ARKit's blendshapes under its own name.

    The meshes `parts`, at `mesh_nodes` (name -> node), have ARKit's 52 as their first morph targets.
    """
    moved = _moved_meshes(avatar, parts)

    def expression(weights: Weights) -> dict[str, Any]:
        binds = [
            {"node": mesh_nodes[mesh], "index": ARKIT_52.index(shape), "weight": weight}
            for shape, weight in weights.items()
            for mesh in moved[shape]
        ]
        return {"isBinary": False, "morphTargetBinds": binds}

    return {
        "preset": {name: expression(weights) | OVERRIDES.get(name, {}) for name, weights in PRESETS.items()},
        "custom": {shape: expression({shape: 1.0}) for shape in ARKIT_52},
    }


def _moved_meshes(avatar: Avatar, parts: tuple[MeshPart, ...]) -> dict[str, list[str]]:
    """Blendshape -> the meshes that it moves at all."""
    names, deltas = avatar.blendshapes.names, avatar.blendshapes.deltas
    moves = {part.name: np.abs(deltas[:, part.source_vertex]).max((1, 2)) > 0 for part in parts}
    return {shape: [mesh for mesh, rows in moves.items() if rows[names.index(shape)]] for shape in ARKIT_52}
