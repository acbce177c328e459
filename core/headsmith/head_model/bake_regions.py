"""Soft region masks on the vertices."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.head_model.bake_uv import islands
from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32

NECK_LINE_M = ((0.03, 0.08, 0.13, 0.18), (-0.108, -0.068, -0.058, -0.055))
"""depth behind the eyes and height of the line from under the chin, below the ear, to the hair's end on the nape"""


def region_masks(source: MakeHuman, layout: HeadLayout, rest: F32) -> dict[str, F32]:
    """name -> [V] 0..1."""
    head = np.zeros(len(rest), bool)
    head[layout.part_rows("head")] = True
    parts = islands(layout)
    y, z = rest[:, 1], rest[:, 2]
    masks = {
        "lips": _painted(source, layout, "lips"),
        "ears": _painted(source, layout, "ears"),
        "inner_mouth": _painted(source, layout, "inside-mouth"),
    }
    for part in ("teeth_upper", "teeth_lower", "tongue"):
        masks["inner_mouth"][layout.part_rows(part)] = 1
    eyes = _painted(source, layout, "eyelids")
    for part in ("eye_left", "eye_right", "lashes"):
        eyes[layout.part_rows(part)] = 1
    hidden = [np.setdiff1d(layout.faces[pocket], layout.faces[parts.outer]) for pocket in parts.sockets]
    eyes[np.concatenate(hidden)] = 1
    hairline = y - 0.055 + np.clip(-z, 0, 0.2) * 1.1
    scalp = _ramp(hairline, 0.012) * head * (1 - masks["ears"])
    neck = _ramp(np.interp(-z, *NECK_LINE_M) - y, 0.012) * head * (1 - masks["ears"])
    inner = 1 - masks["inner_mouth"]
    face = head * inner * (1 - scalp) * (1 - neck) * (1 - masks["ears"]) * _ramp(z + 0.085, 0.01)
    face[np.concatenate(hidden)] = 0
    masks |= {"eyes": eyes, "scalp": scalp * inner * (1 - neck), "neck": neck * inner, "face": face}
    return {name: np.clip((m + m[layout.mirror]) / 2, 0, 1).astype(np.float32) for name, m in masks.items()}


def texel_importance(regions: dict[str, F32]) -> F32:
    """[V] the wished density of texels, relative."""
    extra = {"face": 1.4, "ears": 0.4, "lips": 0.6, "eyes": 0.8, "neck": -0.1}
    return 0.8 + np.sum([amount * regions[name] for name, amount in extra.items()], axis=0)


def _ramp(x: F32, width: float) -> F32:
    """0 to 1 around zero over `width`."""
    t = np.clip(x / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _painted(source: MakeHuman, layout: HeadLayout, name: str) -> F32:
    """[V] a mask painted in MakeHuman's own texture space, read at the vertices."""
    image = source.mask(name)
    faces = np.flatnonzero(layout.face_part == 0)
    uv, rows = layout.base_uv[faces].reshape(-1, 2), layout.faces[faces].reshape(-1)
    pixel = np.clip((np.stack([1 - uv[:, 1], uv[:, 0]]) * len(image)).astype(int), 0, len(image) - 1)
    total = np.bincount(rows, image[pixel[0], pixel[1]], layout.vertex_count)
    return total / np.maximum(np.bincount(rows, minlength=layout.vertex_count), 1)
