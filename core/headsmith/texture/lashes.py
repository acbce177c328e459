"""Eyelashes: hairs finer than the triangles that stand for them, so that some of the skin behind shows through."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.texture.eyes import EYES
from headsmith.texture.project import smoothstep
from headsmith.texture.uv import Atlas
from headsmith.types import F32

LASH = np.array([0.09, 0.07, 0.06], np.float32)
"""sRGB"""
SHOWS_THROUGH = (0.65, 0.3)
"""share of the skin behind, on the lower and on the upper lid: lower lashes are the finer ones"""
BETWEEN_LIDS_M = (-2e-3, 1e-3)
"""height above the middle of the eyes between which lower lashes become upper ones"""
NEAR = 6
"""vertices of the skin that are its colour there"""


def paint_lashes(model: HeadModel, lashes: Atlas, head: Atlas, skin: F32) -> F32:
    """[N, 3] sRGB of the lashes' texels, beside `skin` [M, 3], the sRGB of the `head`'s."""
    place = lashes.at(model.v_template)
    colours, seen = head.vertex_means(skin, np.ones(len(skin), np.float32))
    rows = np.flatnonzero(seen > 0)
    nearest = cKDTree(model.v_template[rows]).query(place, NEAR)[1]
    behind = colours[rows][nearest].mean(1)
    balls = np.concatenate([model.v_template[model.faces[model.faces_of(eye)].reshape(-1)] for eye in EYES])
    upper = smoothstep(*BETWEEN_LIDS_M, place[:, 1] - balls[:, 1].mean())
    through = (SHOWS_THROUGH[0] + (SHOWS_THROUGH[1] - SHOWS_THROUGH[0]) * upper)[:, None]
    return (LASH + through * np.maximum(behind - LASH, 0)).astype(np.float32)
