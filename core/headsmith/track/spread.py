"""From shifts of landmarks to shifts of the whole mesh."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from headsmith.head_model.landmark_sets import LOWER_INNER_LIP, UPPER_INNER_LIP
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
LIP_LINE = ((78, 78), *zip(UPPER_INNER_LIP, LOWER_INNER_LIP, strict=True), (308, 308))
"""landmarks of the upper and of the lower lip from corner to corner, where they meet"""
LIPS_TIED_M, LIPS_FREE_M = 4e-3, 10e-3
"""how far from that line both lips move as one, and from where on as they like"""
LIPS_M = 2.5e-3
"""standard deviation of what counts as near"""


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


def lips_as_one(model: HeadModel, rest_m: F32, move_m: F32) -> F32:
    """A move [V, 3] of the head `rest_m` [V, 3], whose lips touch, under which they still do: around the line between
    them it is the mean of what lies near, on either lip.

    Detected landmarks of closed lips lie apart; lips that followed them would show the teeth.
    """
    points = model.landmarks(rest_m.astype(np.float32)).astype(np.float64)
    line = points[np.array(LIP_LINE)].mean(1)
    skin = np.unique(model.faces[model.faces_of("head")])
    away_m = cKDTree(_finely(line)).query(rest_m[skin])[0]
    near, away_m = skin[away_m < LIPS_FREE_M], away_m[away_m < LIPS_FREE_M]
    tree = cKDTree(rest_m[near])
    pairs = tree.sparse_distance_matrix(tree, LIPS_FREE_M, output_type="coo_matrix")
    pull = sparse.coo_matrix((np.exp(-0.5 * (pairs.data / LIPS_M) ** 2), (pairs.row, pairs.col)), pairs.shape).tocsr()
    pull.setdiag(1.0)
    mean = (pull @ move_m[near]) / np.asarray(pull.sum(1))
    share = np.clip((LIPS_FREE_M - away_m) / (LIPS_FREE_M - LIPS_TIED_M), 0, 1)[:, None]
    out = move_m.copy()
    out[near] += share * (mean - move_m[near])
    return out


def _finely(line: F32) -> F32:
    """[K, 3] points along a line of corners [C, 3]."""
    steps = np.linspace(0, len(line) - 1, 10 * len(line))
    return np.stack([np.interp(steps, np.arange(len(line)), line[:, axis]) for axis in range(3)], 1)


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
