"""From MakeHuman's whole body to the head: which vertices and faces stay, and where they lie for any body."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from headsmith.head_model import bake_eye
from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32, I32

NECK_CUT_VERTEX = 1526
"""a midline vertex of the base mesh above the breastbone; the edge loop through it is the rim of the neck"""
ADULT_SCALE = 1.06
"""MakeHuman's average head has an interpupillary distance of 58 mm, adults have 61 to 64 mm"""
PARTS = ("head", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes")
GROUPS = {
    "body": "head",
    "helper-upper-teeth": "teeth_upper",
    "helper-lower-teeth": "teeth_lower",
    "helper-tongue": "tongue",
    "helper-l-eyelashes-1": "lashes",
    "helper-l-eyelashes-2": "lashes",
    "helper-r-eyelashes-1": "lashes",
    "helper-r-eyelashes-2": "lashes",
}


@dataclass(frozen=True)
class HeadLayout:
    """The head's topology and the rule that places its vertices from the base mesh's."""

    base_rows: I32
    """[B] base-mesh vertices that the head keeps; the eyeballs follow, left then right"""
    faces: I32
    """[F, 3]"""
    base_uv: F32
    """[F, 3, 2] MakeHuman's own texture coordinates, zero on the eyeballs"""
    face_part: I32
    """[F] rows of PARTS"""
    mirror: I32
    """[V]"""
    rim: I32
    """[R] rows along the neck rim, in order"""
    eye_rows: tuple[I32, I32]
    """base-mesh vertices of MakeHuman's own eyeballs, left and right"""

    scale: float = ADULT_SCALE

    @property
    def vertex_count(self) -> int:
        return len(self.base_rows) + 2 * bake_eye.VERTICES

    def eye_slice(self, side: int) -> slice:
        """Rows of the left (0) or right (1) eyeball."""
        start = len(self.base_rows) + side * bake_eye.VERTICES
        return slice(start, start + bake_eye.VERTICES)

    def part_rows(self, part: str) -> I32:
        """Vertex rows of one part."""
        return np.unique(self.faces[self.face_part == PARTS.index(part)]).astype(np.int32)

    def place(self, base_vertices: F32) -> F32:
        """[V, 3] metres, true size, origin midway between the eyes, from base-mesh vertices [N, 3]."""
        eyes = [self._eyeball(base_vertices, side) for side in (0, 1)]
        centre = (eyes[0][1] + eyes[1][1]) / 2
        placed = np.concatenate([base_vertices[self.base_rows], eyes[0][0], eyes[1][0]])
        return (placed - centre) * self.scale

    def _eyeball(self, base_vertices: F32, side: int) -> tuple[F32, F32]:
        """A sphere fitted to MakeHuman's eyeball: vertices and centre; linear in the base vertices."""
        points = base_vertices[self.eye_rows[side]]
        centre = (points.min(0) + points.max(0)) / 2
        radius = np.linalg.norm(points - centre, axis=1).mean()
        return centre + radius * bake_eye.unit_eyeball(), centre


def head_layout(source: MakeHuman) -> HeadLayout:
    """Cut the head off the body and add the parts inside it."""
    base, group = source.base, np.array(source.base.quad_group)
    body = np.flatnonzero(group == "body")
    loop, inside = _cut(base.quads[body], base.vertices)
    kept = body[np.isin(base.quads[body], inside).all(1)]
    chosen = np.concatenate([kept, *(np.flatnonzero(group == name) for name in GROUPS if name != "body")])
    rows = np.unique(base.quads[chosen])
    corner_index = _split(base.quads[chosen], base.vertices, source.mirror)
    lookup = np.full(len(base.vertices), -1, np.int32)
    lookup[rows] = np.arange(len(rows))
    parts = np.array([PARTS.index(GROUPS[g]) for g in group[chosen]], np.int32)
    quad, corners = corner_index
    faces = lookup[base.quads[chosen][quad[:, None], corners]]
    uv = base.uvs[base.uv_quads[chosen][quad[:, None], corners]]
    return _with_eyes(source, rows.astype(np.int32), faces, uv, parts[quad], lookup[loop])


def _with_eyes(source: MakeHuman, rows: I32, faces: I32, uv: F32, parts: I32, rim: I32) -> HeadLayout:
    count, ball, flip = len(rows), bake_eye.eyeball_faces(), bake_eye.mirror_rows()
    eyes = [count + ball, count + bake_eye.VERTICES + flip[ball][:, ::-1]]
    all_faces = np.concatenate([faces, *eyes]).astype(np.int32)
    all_parts = np.concatenate([parts, *(np.full(len(ball), 1 + side, np.int32) for side in (0, 1))])
    lookup = {int(r): i for i, r in enumerate(rows)}
    mirror = [lookup[int(m)] for m in source.mirror[rows]]
    mirror_all = np.concatenate([mirror, count + bake_eye.VERTICES + flip, count + flip]).astype(np.int32)
    eye_rows = (source.groups["helper-l-eye"], source.groups["helper-r-eye"])
    all_uv = np.concatenate([uv, np.zeros((2 * len(ball), 3, 2))])
    return HeadLayout(rows, all_faces, all_uv, all_parts, mirror_all, rim.astype(np.int32), eye_rows)


def _split(quads: I32, vertices: F32, mirror: I32) -> tuple[I32, I32]:
    """Triangles of quads as (quad row [T], corner numbers [T, 3]); diagonals are mirror images of each other."""
    key = {frozenset(map(int, q)): i for i, q in enumerate(quads)}
    diagonal = np.zeros(len(quads), np.int64)
    for i, q in enumerate(quads):
        p = vertices[q]
        if p[:, 0].mean() < -1e-9:
            continue
        diagonal[i] = int(np.linalg.norm(p[0] - p[2]) > np.linalg.norm(p[1] - p[3]))
        j = key[frozenset(map(int, mirror[q]))]
        ends = {int(mirror[q[diagonal[i]]]), int(mirror[q[diagonal[i] + 2]])}
        diagonal[j] = 0 if int(quads[j][0]) in ends else 1
    rows, corners = [], []
    for i, q in enumerate(quads):
        if q[2] == q[3]:
            options = [[0, 1, 2]]
        else:
            options = [[0, 1, 2], [0, 2, 3]] if diagonal[i] == 0 else [[0, 1, 3], [1, 2, 3]]
        rows += [i] * len(options)
        corners += options
    return np.array(rows, np.int64), np.array(corners, np.int64)


def _cut(quads: I32, vertices: F32) -> tuple[I32, I32]:
    """The edge loop through NECK_CUT_VERTEX, and all body vertices on the head's side of it."""
    faces_of_edge, neighbours = defaultdict(set), defaultdict(set)
    for i, q in enumerate(quads):
        for a, b in zip(q, np.roll(q, -1), strict=True):
            faces_of_edge[frozenset((int(a), int(b)))].add(i)
            neighbours[int(a)].add(int(b))
            neighbours[int(b)].add(int(a))
    start = NECK_CUT_VERTEX
    sideways = max(neighbours[start], key=lambda n: vertices[n, 0])
    loop = [start, sideways]
    while loop[-1] != start:
        before, here = loop[-2], loop[-1]
        behind = faces_of_edge[frozenset((before, here))]
        loop.append(next(n for n in neighbours[here] if not behind & faces_of_edge[frozenset((here, n))]))
    loop.pop()
    top = int(np.argmax(np.where(np.arange(len(vertices)) <= quads.max(), vertices[:, 1], -np.inf)))
    inside, queue = {top, *loop}, [top]
    while queue:
        for n in neighbours[queue.pop()]:
            if n not in inside:
                inside.add(n)
                queue.append(n)
    return np.array(loop), np.array(sorted(inside))
