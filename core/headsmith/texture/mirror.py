"""Where each point of the texture lies on the other side of the head."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32


def mirrored_uv(model: HeadModel, atlas: Atlas) -> F32:
    """[N, 2] the texture coordinates of the mirrored point of each texel."""
    return atlas.at_corners(mirrored_corner_uv(model))


def mirrored_corner_uv(model: HeadModel) -> F32:
    """[F, 3, 2] for each triangle's corners the texture coordinates of their mirror images."""
    partner = _partner(model.faces, model.mirror)
    out = _by_nearest_triangle(model, np.flatnonzero(partner < 0).astype(np.int32))
    exact = np.flatnonzero(partner >= 0)
    theirs = model.faces[partner[exact]]
    wanted = model.mirror[model.faces[exact]]
    place = (wanted[:, :, None] == theirs[:, None, :]).argmax(2)
    out[exact] = model.uvs[np.take_along_axis(model.uv_faces[partner[exact]], place, 1)]
    return out


def _partner(faces: I32, mirror: I32) -> I32:
    """[F] the triangle made of the mirrored vertices, -1 where there is none."""
    count = np.int64(len(mirror) + 1)

    def key(corners: I32) -> np.ndarray:
        a, b, c = np.sort(corners, axis=1).astype(np.int64).T
        return (a * count + b) * count + c

    keys = key(faces)
    order = np.argsort(keys, kind="stable")
    wanted = key(mirror[faces])
    found = order[np.clip(np.searchsorted(keys[order], wanted), 0, len(keys) - 1)]
    return np.where(keys[found] == wanted, found, -1).astype(np.int32)


def _by_nearest_triangle(model: HeadModel, chosen: I32) -> F32:
    """[F, 3, 2], filled for the `chosen` triangles of meshes that are not quite symmetric."""
    out = np.zeros((len(model.faces), 3, 2), np.float32)
    if not len(chosen):
        return out
    triangles = model.v_template[model.faces]
    centres = triangles.mean(1)
    flipped = triangles[chosen] * np.array([-1, 1, 1], np.float32)
    nearest = cKDTree(centres).query(flipped.mean(1))[1]
    a, b, c = np.moveaxis(triangles[nearest], 1, 0)
    frame = np.stack([b - a, c - a], 2)
    inverse = np.linalg.pinv(frame)
    st = np.einsum("fij,fkj->fki", inverse, flipped - a[:, None])
    st = np.clip(st, -0.5, 1.5)
    barycentric = np.concatenate([1 - st.sum(2, keepdims=True), st], 2)
    out[chosen] = np.einsum("fkc,fcd->fkd", barycentric, model.uvs[model.uv_faces[nearest]])
    return out
