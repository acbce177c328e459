"""Closed lids: clean skin in place of the crease and the shadow that an open eye's photo leaves on them."""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.model import HeadModel
from headsmith.texture.blend import Layer, vertex_pull
from headsmith.texture.lids import BLINKS, find_lids, open_skin
from headsmith.texture.project import smoothstep
from headsmith.texture.surface import solve_field
from headsmith.texture.uv import Atlas
from headsmith.types import F32, HeadFit

CLOSING = (0.25, 0.9)
"""weights of a blink between which a lid's crease gives way to clean skin"""
KEEP = 0.3
"""how much of the texture's own detail and shadow stays on a closed lid"""


def clean_lids(model: HeadModel, fit: HeadFit, atlas: Atlas, albedo: F32) -> tuple[F32, F32]:
    """What closed lids gain: log factors [N, 3] on the static sRGB `albedo` [N, 3], and where they count, [N, 2] for
    the left and the right eye."""
    lids = find_lids(model, [view.expression for view in fit.views])
    nowhere = np.zeros((len(albedo), 3), np.float32), np.zeros((len(albedo), 2), np.float32)
    if lids is None:
        return nowhere
    skin = atlas.at(_skin(model))
    _, sure = open_skin(atlas, Layer(albedo, skin), lids, lids.anywhere)
    near = sure * atlas.at(lids.near)
    if not (near > 0.3).any():
        return nowhere
    means, total = atlas.vertex_means(albedo, near)
    tone = atlas.at(solve_field(model.faces, means, vertex_pull(total)))
    gain = (1 - KEEP) * np.log(np.clip(tone, 0.05, 1) / np.clip(albedo, 0.05, 1))
    folded = lids.anywhere * (1 - lids.rim)
    left = model.v_template[:, 0] > 0
    return gain.astype(np.float32), atlas.at(np.stack([folded * left, folded * ~left], 1))


def closing(weights: F32) -> F32:
    """[N, 2] 0..1 how far each eye's lids show clean skin, in poses of ARKit weights [N, 52]."""
    return smoothstep(*CLOSING, weights[:, [ARKIT_52.index(name) for name in BLINKS]])


def _skin(model: HeadModel) -> F32:
    """[V] 1 on the head's own surface but lips and the inside of the mouth."""
    out = np.zeros(len(model.v_template), np.float32)
    if "head" in model.part_names:
        out[np.unique(model.faces[model.faces_of("head")])] = 1
    for name in ("lips", "inner_mouth"):
        out *= 1 - model.regions.get(name, np.zeros_like(out))
    return out
