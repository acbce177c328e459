"""From shifts of landmarks to shifts of the whole mesh."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

FACE_MESH = 468
"""landmarks beyond these are irises, which say nothing about skin"""
LEAST_KNOWN = 0.05
STILL = 1e-4
"""pull towards no shift, against which the bending of a field without landmarks gives way"""
# in radii of the eyeball: where shifts follow its surface, and where they are free
HUGGING, FREE = 1.6, 2.2
RIGID = 0.9
"""weight of an eye's joint from which on a vertex belongs to the eyeball"""


def spread(model: HeadModel, rest_m: F32, shifts_m: F32) -> F32:
    """[V, 3, M] fields of least bending that pass near the landmarks' `shifts_m` [478, 3, M]; 0 far from the face.

    They run along the mesh, so that the lips may part. Eyeballs, teeth and tongue stay; lashes follow the skin.
    """
    used = np.flatnonzero(model.landmark_weight[:FACE_MESH] > LEAST_KNOWN)
    corners = model.faces[model.landmark_triangle[used]]
    shape = (len(used), len(rest_m))
    rows = np.repeat(np.arange(len(used)), 3)
    at = sparse.coo_matrix((model.landmark_barycentric[used].ravel(), (rows, corners.ravel())), shape).tocsr()
    trust = sparse.diags(model.landmark_weight[used])
    bending = _umbrella(model.faces, len(rest_m))
    system = bending.T @ bending + at.T @ trust @ at + STILL * sparse.identity(len(rest_m))
    wanted = at.T @ (trust @ shifts_m[used].reshape(len(used), -1))
    fields = splu(system.tocsc()).solve(np.asarray(wanted)).reshape(len(rest_m), *shifts_m.shape[1:])
    return _parts_follow(model, rest_m, fields)


def along_eyeballs(model: HeadModel, rest_m: F32, moves_m: F32) -> F32:
    """The moves [V, 3, 1 + E], at rest and by each expression, near an eyeball without what leads away from its
    centre: lids slide over it."""
    places = np.concatenate([rest_m[..., None], rest_m[..., None] + model.exprdirs], 2)
    out = moves_m.copy()
    for joint in (i for i, name in enumerate(model.joint_names) if name.endswith("_eye")):
        arm = places - model.joints(rest_m)[joint][:, None]
        ball = model.weights[:, joint] > RIGID
        distance = np.linalg.norm(arm, axis=1, keepdims=True)
        radius = distance[ball, :, 0].max()
        away = arm / np.maximum(distance, 1e-9)
        close = np.clip((FREE - distance / radius) / (FREE - HUGGING), 0, 1)
        out -= close * away * (out * away).sum(1, keepdims=True)
    return out


def _umbrella(faces: I32, count: int) -> sparse.csr_matrix:
    """[V, V] a vertex less the mean of its neighbours."""
    i, j = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    ends, others = np.concatenate([i, j]), np.concatenate([j, i])
    graph = sparse.coo_matrix((np.ones(len(ends)), (ends, others)), (count, count)).tocsr()
    graph.data[:] = 1.0
    degree = np.maximum(np.asarray(graph.sum(1)).ravel(), 1)
    return sparse.identity(count) - sparse.diags(1 / degree) @ graph


def _parts_follow(model: HeadModel, rest_m: F32, fields: F32) -> F32:
    out, skin = np.zeros_like(fields), np.unique(model.faces[model.faces_of("head")])
    out[skin] = fields[skin]
    if "lashes" in model.part_names:
        lashes = np.unique(model.faces[model.faces_of("lashes")])
        out[lashes] = fields[skin[cKDTree(rest_m[skin]).query(rest_m[lashes])[1]]]
    return out
