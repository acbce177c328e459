"""How far a fitted head is from the true one: distances to its surface, and errors of the neutral shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from headsmith.asset.alignment import similarity
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

MM = 1000.0
_ROUNDS = 10
"""of nearest points and alignment"""
_INSIDE = 0.5
FACE_PARTS = ("brow", "nose", "cheeks", "mouth", "chin", "eyes")


@dataclass(frozen=True)
class SurfaceError:
    """Distances from points of a fitted face to the true surface, millimetres."""

    mean_mm: float
    median_mm: float
    p95_mm: float
    by_part_mm: dict[str, float]
    """mean of each of `FACE_PARTS`"""
    scale: float
    """by which the fitted head was multiplied before it was measured; 1 where sizes were to be right"""


def face_vertices(model: HeadModel) -> I32:
    """Indices of the face region's outer skin: without eyeballs, teeth and the mouth's inside."""
    skin = np.zeros(len(model.v_template), bool)
    skin[np.unique(model.faces[model.faces_of("head")])] = True
    skin &= model.regions["inner_mouth"] <= _INSIDE
    return np.flatnonzero(skin & (model.regions["face"] > _INSIDE)).astype(np.int32)


def face_parts(model: HeadModel) -> dict[str, I32]:
    """`FACE_PARTS` -> indices of vertices; together, the face region."""
    rows = face_vertices(model)
    x, y = np.abs(model.v_template[rows, 0]), model.v_template[rows, 1]
    eyes = model.regions["eyes"][rows] > _INSIDE
    mouth = (model.regions["lips"][rows] > 0.2) | ((y < -0.052) & (y > -0.088) & (x < 0.034))
    nose = ~eyes & ~mouth & (x < 0.019) & (y > -0.054) & (y < 0.012)
    brow = ~eyes & ~mouth & ~nose & (y > 0)
    chin = ~mouth & (y < -0.082) & (x < 0.045)
    cheeks = ~(eyes | mouth | nose | brow | chin)
    return dict(zip(FACE_PARTS, (rows[m] for m in (brow, nose, cheeks, mouth, chin, eyes)), strict=True))


def surface_error(model: HeadModel, fitted_m: F32, true_m: F32, *, scaled: bool = False) -> SurfaceError:
    """The face of one posed or neutral head [V, 3] against the whole surface of another [V, 3] of the same model.

    Aligned first corner by corner, then point to surface (Besl and McKay 1992); with its size where `scaled`.
    """
    rows = face_vertices(model)
    start = similarity(fitted_m[rows].astype(np.float64), true_m[rows].astype(np.float64), scaled=scaled)
    skin = model.faces[model.faces_of("head")]
    return _error_to(model, fitted_m, (true_m, skin), start, scaled)


def mesh_error(
    model: HeadModel, true_m: F32, mesh: tuple[F32, I32], fitted_m: F32, *, scaled: bool = False
) -> SurfaceError:
    """The true face [V, 3] against any mesh (vertices, faces), such as a surface before a head was laid on it.

    `fitted_m` [V, 3] is a head that lies about on that mesh: it says where to start.
    """
    rows = face_vertices(model)
    start = similarity(true_m[rows].astype(np.float64), fitted_m[rows].astype(np.float64), scaled=scaled)
    error = _error_to(model, true_m, mesh, start, scaled)
    # in the units of the truth
    parts = {name: value / error.scale for name, value in error.by_part_mm.items()}
    return SurfaceError(error.mean_mm / error.scale, error.median_mm / error.scale, error.p95_mm / error.scale, parts,
                        1 / error.scale)  # fmt: skip


def _error_to(
    model: HeadModel, moved_m: F32, mesh: tuple[F32, I32], start: tuple[float, F32, F32], scaled: bool
) -> SurfaceError:
    rows = face_vertices(model)
    points, (scale, R, shift) = moved_m[rows].astype(np.float64), start
    for _ in range(_ROUNDS):
        nearest, _ = nearest_on_mesh(scale * points @ R.T + shift, *mesh)
        scale, R, shift = similarity(points, nearest, scaled=scaled)
    distance = np.zeros(len(moved_m))
    distance[rows] = nearest_on_mesh(scale * points @ R.T + shift, *mesh)[1] * MM
    parts = {name: float(distance[part].mean()) for name, part in face_parts(model).items()}
    of_face = distance[rows]
    return SurfaceError(float(of_face.mean()), float(np.median(of_face)), float(np.percentile(of_face, 95)), parts,
                        scale)  # fmt: skip


@dataclass(frozen=True)
class ShapeError:
    """A neutral head against the true one, vertex by vertex, after rigid alignment; millimetres."""

    face_mm: float
    head_mm: float
    """the face, ears and skull"""
    eye_distance_mm: float
    """how much wider the eyes stand than in truth"""


def shape_error(model: HeadModel, rest_m: F32, true_rest_m: F32) -> ShapeError:
    """Of rest vertices [V, 3]: what identity and offsets got wrong."""
    face = face_vertices(model)
    head = np.unique(model.faces[model.faces_of("head")])
    head = head[(model.regions["neck"][head] < _INSIDE) & (model.regions["inner_mouth"][head] < _INSIDE)]
    out = []
    for rows in (face, head):
        _, R, shift = similarity(rest_m[rows].astype(np.float64), true_rest_m[rows].astype(np.float64), scaled=False)
        out.append(float(np.linalg.norm(rest_m[rows] @ R.T + shift - true_rest_m[rows], axis=1).mean() * MM))
    return ShapeError(out[0], out[1], float(_eye_distance(model, rest_m) - _eye_distance(model, true_rest_m)) * MM)


def _eye_distance(model: HeadModel, rest_m: F32) -> float:
    left, right = (rest_m[np.unique(model.faces[model.faces_of(part)])].mean(0) for part in ("eye_left", "eye_right"))
    return float(np.linalg.norm(left - right))


def nearest_on_mesh(points_m: F32, vertices_m: F32, faces: I32) -> tuple[F32, F32]:
    """The nearest places [N, 3] on a mesh to points [N, 3], and the distances [N] to them; exact."""
    corners = np.ascontiguousarray(vertices_m[faces], np.float64)
    middle = corners.mean(1)
    radius = np.sqrt(np.square(corners - middle[:, None]).sum(-1).max(1))
    nearest, distance = _search(np.ascontiguousarray(points_m, np.float64), corners, middle, radius)
    return nearest, distance


@njit(cache=True, nogil=True)
def _search(points, corners, middle, radius):  # type: ignore[no-untyped-def]
    count = len(points)
    nearest, distance = np.empty((count, 3)), np.empty(count)
    for i in range(count):
        p, best = points[i], np.inf
        for f in range(len(corners)):
            dx, dy, dz = p[0] - middle[f, 0], p[1] - middle[f, 1], p[2] - middle[f, 2]
            reach = best + radius[f]
            # no point of the triangle is nearer than its circumscribed ball
            if dx * dx + dy * dy + dz * dz >= reach * reach:
                continue
            place = _foot(p, corners[f, 0], corners[f, 1], corners[f, 2])
            d = np.sqrt((place[0] - p[0]) ** 2 + (place[1] - p[1]) ** 2 + (place[2] - p[2]) ** 2)
            if d < best:
                best, nearest[i] = d, place
        distance[i] = best
    return nearest, distance


@njit(cache=True, nogil=True)
def _foot(p, a, b, c):  # type: ignore[no-untyped-def]
    """The point of a triangle nearest to p (Ericson, Real-Time Collision Detection, 2004, section 5.1.5); triangles may
    be segments or points."""
    ab, ac, ap = b - a, c - a, p - a
    d1, d2 = np.dot(ab, ap), np.dot(ac, ap)
    if d1 <= 0 and d2 <= 0:
        return a
    bp = p - b
    d3, d4 = np.dot(ab, bp), np.dot(ac, bp)
    if d3 >= 0 and d4 <= d3:
        return b
    cp = p - c
    d5, d6 = np.dot(ab, cp), np.dot(ac, cp)
    if d6 >= 0 and d5 <= d6:
        return c
    vc = d1 * d4 - d3 * d2
    if vc <= 0 and d1 >= 0 and d3 <= 0 and d1 > d3:
        return a + d1 / (d1 - d3) * ab
    vb = d5 * d2 - d1 * d6
    if vb <= 0 and d2 >= 0 and d6 <= 0 and d2 > d6:
        return a + d2 / (d2 - d6) * ac
    va = d3 * d6 - d5 * d4
    if va <= 0 and d4 >= d3 and d5 >= d6 and d4 - d3 + d5 - d6 > 0:
        return b + (d4 - d3) / ((d4 - d3) + (d5 - d6)) * (c - b)
    total = va + vb + vc
    if total <= 0:
        return a
    return a + vb / total * ab + vc / total * ac
