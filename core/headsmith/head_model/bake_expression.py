"""The 52 ARKit blendshapes on the mean head."""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model import bake_eye
from headsmith.head_model.bake_identity import ETHNICITIES
from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32

GAZE_RADIANS = {"Down": (0.40, 0.0), "Up": (-0.35, 0.0), "In": (0.0, -0.44), "Out": (0.0, 0.44)}
"""rotation about x and, for the left eye, about y at weight 1"""

SHARE = {"jawOpen": 0.85, "mouthClose": 0.85, "mouthShrugUpper": 0.85, "mouthPucker": 0.5, "browInnerUp": 1.2}
"""of the face unit, where it is too strong or too weak; mouthClose closes what jawOpen opens"""
MIDLINE_M = 0.004
"""half the width over which the shapes of one eye end at the bridge of the nose"""
ADDED = {"mouthPucker": {"mouth-pursing": 0.6}}
"""MakeHuman's expression units on top of the face unit"""


def arkit_deltas(source: MakeHuman, layout: HeadLayout, rest: F32) -> F32:
    """[52, V, 3] metres on the mean head `rest` [V, 3]."""
    deltas = []
    for name in ARKIT_52:
        delta = layout.carry(_combined(source, name))
        if name.startswith("eye"):
            # the face units also shake the other eye's socket a little
            delta *= _on_side(rest[:, 0] if name.endswith("Left") else -rest[:, 0])[:, None]
        for side, word in enumerate(("Left", "Right")):
            if name.startswith("eyeLook") and name.endswith(word):
                eye = layout.eye_slice(side)
                delta[eye] = _turned(rest[eye], name[len("eyeLook") : -len(word)], side)
        deltas.append(delta)
    return _symmetric(np.stack(deltas), layout).astype(np.float32)


def _on_side(x: F32) -> F32:
    """0 to 1 across the midline."""
    t = np.clip(x / (2 * MIDLINE_M) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _combined(source: MakeHuman, name: str) -> F32:
    """[N, 3] the face unit with its corrections."""
    field = SHARE.get(name, 1.0) * source.face_unit(name)
    for unit, amount in ADDED.get(name, {}).items():
        variants = [source.target(f"expression/units/{e}/{unit}") for e in ETHNICITIES]
        field = field + amount * np.mean(variants, axis=0)
    return field


def _turned(eyeball: F32, direction: str, side: int) -> F32:
    """[E, 3] the displacement of an eyeball that looks in `direction`."""
    pitch, yaw = GAZE_RADIANS[direction]
    rotation = rotation_matrices(np.array([pitch, yaw if side == 0 else -yaw, 0.0]))
    centre = eyeball[bake_eye.ring(bake_eye.EQUATOR_RING)].mean(0)
    return (eyeball - centre) @ rotation.T + centre - eyeball


def _symmetric(deltas: F32, layout: HeadLayout) -> F32:
    """Left and right made mirror images of each other, and shapes without a side symmetric."""
    flipped = deltas[:, layout.mirror] * np.array([-1.0, 1.0, 1.0])
    twins = [ARKIT_52.index(twin_name(name)) for name in ARKIT_52]
    return (deltas + flipped[twins]) / 2


def twin_name(name: str) -> str:
    """The blendshape on the other side; itself for one without a side."""
    for here, there in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(here):
            return name.removesuffix(here) + there
    return name
