"""From MakeHuman's whole body to the head: which vertices and faces stay, and where they lie for any body."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from headsmith.head_model import bake_eye
from headsmith.head_model.bake_lashes import lashes_of_left_eye
from headsmith.head_model.default import PARTS
from headsmith.head_model.makehuman import MakeHuman
from headsmith.types import F32, I32

NECK_CUT_VERTEX = 1526
"""a midline vertex of the base mesh above the breastbone; the edge loop through it is the rim of the neck"""
ADULT_SCALE = 1.06
"""MakeHuman's average head has an interpupillary distance of 58 mm, adults have 61 to 64 mm"""
TEETH_SCALE = np.array([0.94, 1.0, 1.0])
TEETH_BACK_M, TEETH_DROP_M = 0.0025, {"teeth_upper": 0.0, "teeth_lower": 0.001}
"""MakeHuman's teeth stick through the closed lips beside the corners of the mouth"""
GROUPS = {
    "body": "head",
    "helper-upper-teeth": "teeth_upper",
    "helper-lower-teeth": "teeth_lower",
    "helper-tongue": "tongue",
}


@dataclass(frozen=True)
class HeadLayout:
    """The head's topology and the rule that places its vertices from the base mesh's.

    Vertices in order: body, teeth and tongue; lashes, left then right; eyeballs, left then right.
    """

    blend_rows: I32
    """[B, 4] base-mesh vertices behind each vertex but the eyeballs'"""
    blend_weights: F32
    """[B, 4]"""
    faces: I32
    """[F, 3]"""
    base_uv: F32
    """[F, 3, 2] MakeHuman's own texture coordinates, zero on lashes and eyeballs"""
    face_part: I32
    """[F] rows of PARTS"""
    mirror: I32
    """[V]"""
    rim: I32
    """[R] rows along the neck rim, in order"""
    eye_rows: tuple[I32, I32]
    """base-mesh vertices of MakeHuman's own eyeballs, left and right"""

    @property
    def vertex_count(self) -> int:
        return len(self.blend_rows) + 2 * bake_eye.VERTICES

    def eye_slice(self, side: int) -> slice:
        """Rows of the left (0) or right (1) eyeball."""
        start = len(self.blend_rows) + side * bake_eye.VERTICES
        return slice(start, start + bake_eye.VERTICES)

    def part_rows(self, part: str) -> I32:
        """Vertex rows of one part."""
        return np.unique(self.faces[self.face_part == PARTS.index(part)]).astype(np.int32)

    def carry(self, field: F32) -> F32:
        """[V, 3] true-size displacements of a base-mesh field [N, 3]; zero on the eyeballs."""
        out = np.zeros((self.vertex_count, 3))
        out[: len(self.blend_rows)] = self._blend(field) * ADULT_SCALE
        return out

    def place(self, base_vertices: F32) -> F32:
        """[V, 3] metres, true size, origin midway between the eyes, from base-mesh vertices [N, 3]."""
        balls, centres = zip(*(_eyeball(base_vertices[rows]) for rows in self.eye_rows), strict=True)
        placed = np.concatenate([self._blend(base_vertices), *balls])
        for part, drop_m in TEETH_DROP_M.items():
            rows = self.part_rows(part)
            placed[rows] = placed[rows] * TEETH_SCALE - np.array([0.0, drop_m, TEETH_BACK_M])
        return (placed - (centres[0] + centres[1]) / 2) * ADULT_SCALE

    def _blend(self, field: F32) -> F32:
        return (field[self.blend_rows] * self.blend_weights[..., None]).sum(1)


def _eyeball(points: F32) -> tuple[F32, F32]:
    """A ball fitted to MakeHuman's eyeball [E, 3]: vertices and centre."""
    centre = (points.min(0) + points.max(0)) / 2
    radius = np.linalg.norm(points - centre, axis=1).mean()
    return centre + radius * bake_eye.unit_eyeball(), centre


@dataclass(frozen=True)
class _Cutout:
    """Triangles with base-mesh corners."""

    corners: I32
    """[F, 3]"""
    uv: F32
    """[F, 3, 2]"""
    part: I32
    """[F]"""


def head_layout(source: MakeHuman) -> HeadLayout:
    """Cut the head off the body and add the parts inside it."""
    base, group = source.base, np.array(source.base.quad_group)
    body = np.flatnonzero(group == "body")
    loop, inside = _cut(base.quads[body], base.vertices)
    kept = body[np.isin(base.quads[body], inside).all(1)]
    chosen = np.concatenate([kept, *(np.flatnonzero(group == name) for name in GROUPS if name != "body")])
    quad, corner = _split(base.quads[chosen], base.vertices, source.mirror)
    parts = np.array([PARTS.index(GROUPS[g]) for g in group[chosen]], np.int32)
    cutout = _Cutout(base.quads[chosen][quad[:, None], corner], base.uvs[base.uv_quads[chosen][quad[:, None], corner]],
                     parts[quad])  # fmt: skip
    return _assemble(source, cutout, loop)


def _assemble(source: MakeHuman, cutout: _Cutout, loop: I32) -> HeadLayout:
    rows = np.unique(cutout.corners)
    lookup = np.full(len(source.base.vertices), -1, np.int32)
    lookup[rows] = np.arange(len(rows))
    lash_rows, lash_weights = lashes_of_left_eye(source)
    lashes, balls = len(lash_rows), bake_eye.VERTICES
    starts = np.cumsum([len(rows), lashes, lashes, balls])
    hair, ball, flip = np.arange(lashes).reshape(-1, 3), bake_eye.eyeball_faces(), bake_eye.mirror_rows()
    swap = np.arange(lashes).reshape(-1, 3)[:, [1, 0, 2]].reshape(-1)
    faces = [lookup[cutout.corners], starts[0] + hair, starts[1] + swap[hair][:, ::-1],
             starts[2] + ball, starts[3] + flip[ball][:, ::-1]]  # fmt: skip
    names = ("lashes", "lashes", "eye_left", "eye_right")
    parts = [cutout.part, *(np.full(len(f), PARTS.index(n)) for n, f in zip(names, faces[1:], strict=True))]
    extra = sum(len(f) for f in faces[1:])
    single = np.zeros((len(rows), 4))
    single[:, 0] = 1
    return HeadLayout(
        blend_rows=np.concatenate([np.repeat(rows[:, None], 4, 1), lash_rows, source.mirror[lash_rows][swap]]),
        blend_weights=np.concatenate([single, lash_weights, lash_weights[swap]]),
        faces=np.concatenate(faces).astype(np.int32),
        base_uv=np.concatenate([cutout.uv, np.zeros((extra, 3, 2))]),
        face_part=np.concatenate(parts).astype(np.int32),
        mirror=np.concatenate([lookup[source.mirror[rows]], starts[1] + swap, starts[0] + swap, starts[3] + flip,
                               starts[2] + flip]).astype(np.int32),
        rim=lookup[loop],
        eye_rows=(source.groups["helper-l-eye"], source.groups["helper-r-eye"]),
    )  # fmt: skip


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
    pairs = np.array([[[0, 1, 2], [0, 2, 3]], [[0, 1, 3], [1, 2, 3]]])[diagonal]
    pairs[quads[:, 2] == quads[:, 3]] = [[0, 1, 2], [0, 2, 3]]
    real = np.ones((len(quads), 2), bool)
    real[quads[:, 2] == quads[:, 3], 1] = False
    rows = np.repeat(np.arange(len(quads)), 2).reshape(-1, 2)
    return rows[real].astype(np.int32), pairs[real].astype(np.int32)


def _cut(quads: I32, vertices: F32) -> tuple[I32, I32]:
    """The edge loop through NECK_CUT_VERTEX, and all body vertices on the head's side of it."""
    faces_of_edge, neighbours = defaultdict(set), defaultdict(set)
    for i, q in enumerate(quads):
        for a, b in zip(q, np.roll(q, -1), strict=True):
            faces_of_edge[frozenset((int(a), int(b)))].add(i)
            neighbours[int(a)].add(int(b))
            neighbours[int(b)].add(int(a))
    start = NECK_CUT_VERTEX
    loop = [start, max(neighbours[start], key=lambda n: vertices[n, 0])]
    while loop[-1] != start:
        before, here = loop[-2], loop[-1]
        behind = faces_of_edge[frozenset((before, here))]
        loop.append(next(n for n in neighbours[here] if not behind & faces_of_edge[frozenset((here, n))]))
    loop.pop()
    top = max(neighbours, key=lambda v: vertices[v, 1])
    inside, queue = {top, *loop}, [top]
    for v in queue:
        fresh = neighbours[v] - inside
        inside |= fresh
        queue += fresh
    return np.array(loop, np.int32), np.array(sorted(inside), np.int32)
