"""The texture layout: the outer head large on the left, every other part in a column beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from headsmith.head_model import bake_eye
from headsmith.head_model.bake_mesh import HeadLayout
from headsmith.head_model.bake_unwrap import unwrap
from headsmith.head_model.default import PARTS
from headsmith.types import F32, I32, Bool

Box = tuple[float, float, float, float]
"""u, v, width, height"""

HEAD_BOX: Box = (0.005, 0.005, 0.78, 0.99)
COLUMN_U, COLUMN_WIDTH = 0.794, 0.2
EYE_BOXES: tuple[Box, Box] = ((COLUMN_U, 0.795, COLUMN_WIDTH, 0.2), (COLUMN_U, 0.588, COLUMN_WIDTH, 0.2))
EYE_BACK_BOXES: tuple[Box, Box] = ((0.794, 0.012, 0.04, 0.04), (0.844, 0.012, 0.04, 0.04))
LASH_BOX: Box = (0.896, 0.012, 0.098, 0.04)
PART_BOXES: dict[str, Box] = {
    "teeth_upper": (COLUMN_U, 0.315, COLUMN_WIDTH, 0.075),
    "teeth_lower": (COLUMN_U, 0.232, COLUMN_WIDTH, 0.075),
    "tongue": (0.794, 0.064, 0.075, 0.16),
}
CAVITY_BOX: Box = (COLUMN_U, 0.398, COLUMN_WIDTH, 0.182)
SOCKET_BOXES: tuple[Box, Box] = ((0.881, 0.148, 0.113, 0.076), (0.881, 0.064, 0.113, 0.076))
IRIS_POWER = 0.65
"""below 1 the middle of the eyeball gets more texels than its back"""
LASHES_PER_LINE = 22


@dataclass(frozen=True)
class Islands:
    """[F] which triangles go where."""

    outer: Bool
    cavity: Bool
    sockets: tuple[Bool, Bool]


def islands(layout: HeadLayout) -> Islands:
    """The head's surface, the mouth cavity and the pockets behind the lids, as MakeHuman's own layout parts them."""
    body = np.flatnonzero(layout.face_part == PARTS.index("head"))
    keys = np.round(layout.base_uv[body].reshape(-1, 2), 6)
    _, corner = np.unique(keys, axis=0, return_inverse=True)
    corner = corner.reshape(-1, 3)
    edges = np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]]])
    n = int(corner.max()) + 1
    _, label = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (n, n)), directed=False)
    masks = {k: _mask(len(layout.faces), body[label[corner[:, 0]] == k]) for k in np.unique(label)}
    centre = {k: layout.base_uv[m].mean((0, 1)) for k, m in masks.items()}
    cavity = next(k for k, c in centre.items() if c[0] > 0.7 and c[1] < 0.14)
    pockets = sorted((k for k, c in centre.items() if c[0] < 0.2 and 0.5 < c[1] < 0.7), key=lambda k: -centre[k][0])
    outer = (layout.face_part == PARTS.index("head")) & ~masks[cavity] & ~masks[pockets[0]] & ~masks[pockets[1]]
    return Islands(outer, masks[cavity], (masks[pockets[0]], masks[pockets[1]]))


def _mask(count: int, rows: I32) -> Bool:
    out = np.zeros(count, bool)
    out[rows] = True
    return out


def lip_rim(layout: HeadLayout) -> I32:
    """The closed loop of vertices where the lips pass into the mouth cavity, in order."""
    cavity = layout.faces[islands(layout).cavity]
    directed = {(int(a), int(b)) for f in cavity for a, b in zip(f, np.roll(f, -1), strict=True)}
    following = {a: b for a, b in directed if (b, a) not in directed}
    loop = [next(iter(following))]
    while (n := following[loop[-1]]) != loop[0]:
        loop.append(n)
    return np.array(loop, np.int32)


def texture_coordinates(layout: HeadLayout, rest: F32, importance: F32) -> tuple[F32, I32]:
    """uvs [U, 2] and uv_faces [F, 3]; `importance` [V] is the wished density of texels on the outer head."""
    parts = islands(layout)
    pieces = [(parts.outer, *unwrap(rest, layout.faces[parts.outer], importance, HEAD_BOX))]
    boxed = [(parts.cavity, CAVITY_BOX), *zip(parts.sockets, SOCKET_BOXES, strict=True)]
    boxed += [(layout.face_part == PARTS.index(name), box) for name, box in PART_BOXES.items()]
    pieces += [(mask, *_boxed(layout.base_uv[mask], box)) for mask, box in boxed]
    for side, name in enumerate(("eye_left", "eye_right")):
        mask = layout.face_part == PARTS.index(name)
        pieces.append((mask, *_eye(layout.faces[mask] - layout.eye_slice(side).start, side)))
    lashes = layout.face_part == PARTS.index("lashes")
    pieces.append((lashes, *_lashes(int(lashes.sum()))))
    uv_faces: I32 = np.zeros(layout.faces.shape, np.int32)
    uvs, start = [], 0
    for mask, uv, rows in pieces:
        uv_faces[mask] = rows + start
        uvs.append(uv)
        start += len(uv)
    return np.concatenate(uvs).astype(np.float32), uv_faces


def _boxed(corner_uv: F32, box: Box) -> tuple[F32, I32]:
    """MakeHuman's own coordinates [F, 3, 2] scaled to fill `box`, turned over where they are seen from behind."""
    uv, rows = np.unique(np.round(corner_uv.reshape(-1, 2), 6), axis=0, return_inverse=True)
    faces: I32 = rows.reshape(-1, 3).astype(np.int32)
    a, b = (uv[faces[:, k]] - uv[faces[:, 0]] for k in (1, 2))
    if (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() < 0:
        uv = uv * np.array([-1.0, 1.0])
    return (uv - uv.min(0)) / np.ptp(uv, axis=0) * box[2:] + box[:2], faces


def _eye(faces: I32, side: int) -> tuple[F32, I32]:
    """A disc around the pupil, seen from the front, and a small one for the cap at the back."""
    disc = bake_eye.disc_uv(IRIS_POWER)
    front = (disc * 0.5 + 0.5) * EYE_BOXES[side][2:] + EYE_BOXES[side][:2]
    around = np.concatenate([disc[bake_eye.ring(len(bake_eye.RING_ANGLES) - 1)], [[0.0, 0.0]]]) * np.array([-1.0, 1.0])
    back = (around * 0.5 + 0.5) * EYE_BACK_BOXES[side][2:] + EYE_BACK_BOXES[side][:2]
    rows = faces.copy()
    cap = (faces == bake_eye.VERTICES - 1).any(1)
    rows[cap] = faces[cap] - (bake_eye.VERTICES - 1 - bake_eye.SEGMENTS) + len(disc)
    return np.concatenate([front, back]), rows.astype(np.int32)


def _lashes(count: int) -> tuple[F32, I32]:
    """One small triangle each, in lines."""
    lines = -(-count // LASHES_PER_LINE)
    u, v, width, height = LASH_BOX
    k = np.arange(count)
    cell = np.array([width / LASHES_PER_LINE, height / lines])
    corner = np.stack([k % LASHES_PER_LINE, k // LASHES_PER_LINE], 1) * cell + np.array([u, v])
    triangle = np.array([[0.15, 0.15], [0.85, 0.15], [0.5, 0.85]]) * cell
    return (corner[:, None] + triangle).reshape(-1, 2), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
