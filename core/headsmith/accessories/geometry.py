"""Questions to a triangle mesh, in numpy: where a ray meets it, and what of it is nearest to a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.types import F32, I32

CHUNK = 2_000_000
"""ray-triangle or point-vertex pairs worked on at once, to bound memory"""


@dataclass(frozen=True)
class Surface:
    """Part of a mesh: `vertices` [V, 3] metres, `faces` [F, 3], and the rows [F] that those faces have in the mesh."""

    vertices: F32
    faces: I32
    rows: I32

    def corners(self) -> F32:
        """[F, 3, 3] metres."""
        return self.vertices[self.faces].astype(np.float64)


@dataclass(frozen=True)
class Hits:
    """One answer for each question; `triangle` [N] is a row of the whole mesh, -1 where there is none."""

    triangle: I32
    barycentric: F32
    """[N, 3]"""
    points_m: F32
    """[N, 3] on the surface"""
    distance_m: F32
    """[N] along the ray, or signed by the surface's outside: +inf for a ray that meets nothing"""


def unit(vectors: F32) -> F32:
    """[..., 3] scaled to length 1; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def cast(surface: Surface, origins: F32, directions: F32, last: bool = False) -> Hits:
    """Where rays (`origins`, unit `directions` [N, 3]) meet the surface first, or, with `last`, for the last time.

    Moeller and Trumbore 1997, "Fast, minimum storage ray-triangle intersection"; both sides of a triangle count.
    """
    corners = surface.corners()
    origins, directions = np.broadcast_arrays(np.asarray(origins, np.float64), np.asarray(directions, np.float64))
    step = max(1, CHUNK // max(len(corners), 1))
    parts = [_cast(corners, origins[i : i + step], directions[i : i + step], last)
             for i in range(0, len(origins), step)]  # fmt: skip
    face, uv, t = (np.concatenate(column) for column in zip(*parts, strict=True))
    barycentric = np.stack([1 - uv.sum(1), uv[:, 0], uv[:, 1]], 1)
    points = origins + np.where(np.isfinite(t), t, 0)[:, None] * directions
    return Hits(np.where(face >= 0, surface.rows[np.maximum(face, 0)], -1).astype(np.int32), barycentric, points, t)


def _cast(corners: F32, origins: F32, directions: F32, last: bool) -> tuple[I32, F32, F32]:
    a = corners[:, 0]
    e1, e2 = corners[:, 1] - a, corners[:, 2] - a
    # the scalar triple products, expanded so that each is one matrix product
    normal = np.cross(e1, e2)
    det = -directions @ normal.T
    safe = np.where(np.abs(det) < 1e-14, np.inf, det)
    moment = np.cross(origins, directions)
    u = (moment @ e2.T + directions @ np.cross(a, e2).T) / safe
    v = -(moment @ e1.T + directions @ np.cross(a, e1).T) / safe
    t = (origins @ normal.T - (a * normal).sum(1)) / safe
    inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t > 1e-7) & np.isfinite(safe)
    reach = np.where(inside, t, -np.inf if last else np.inf)
    best = reach.argmax(1) if last else reach.argmin(1)
    row = np.arange(len(origins))
    found = inside[row, best]
    uv = np.stack([u[row, best], v[row, best]], 1)
    return np.where(found, best, -1), np.where(found[:, None], uv, 0), np.where(found, t[row, best], np.inf)


def nearest(surface: Surface, points_m: F32) -> Hits:
    """The surface's nearest point to each of `points_m` [N, 3]; distances are negative inside.

    The candidates are the triangles around the four nearest vertices, which is exact for the evenly tessellated
    heads it is meant for and far cheaper than all triangles.
    """
    points = np.asarray(points_m, np.float64)
    fans, used = _fans(surface)
    step = max(1, CHUNK // len(used))
    parts = [_nearest(surface, fans, used, points[i : i + step]) for i in range(0, len(points), step)]
    face, barycentric, on, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Hits(surface.rows[face].astype(np.int32), barycentric, on, distance)


def _fans(surface: Surface) -> tuple[I32, I32]:
    """The faces around each vertex [V, most] (padded by repeating one) and the vertices that have any."""
    vertex = surface.faces.ravel()
    order = np.argsort(vertex, kind="stable")
    counts = np.bincount(vertex, minlength=len(surface.vertices))
    starts = np.cumsum(counts) - counts
    slot = np.minimum(np.arange(counts.max())[None], np.maximum(counts[:, None] - 1, 0))
    fans = (order // 3)[np.minimum(starts[:, None] + slot, len(order) - 1)]
    return fans.astype(np.int32), np.flatnonzero(counts).astype(np.int32)


def _nearest(surface: Surface, fans: I32, used: I32, points: F32) -> tuple[I32, F32, F32, F32]:
    """Face [P], barycentric [P, 3], point [P, 3] and signed distance [P] of the nearest point to each of `points`."""
    known = surface.vertices[used].astype(np.float64)
    square = (known**2).sum(1)[None] - 2 * points @ known.T
    count = min(4, len(used))
    close = used[np.argpartition(square, count - 1, axis=1)[:, :count]]
    faces = fans[close].reshape(len(points), -1)
    corners = surface.corners()[faces]
    barycentric, on = closest_on_triangles(points[:, None], corners)
    away = points[:, None] - on
    distance = np.linalg.norm(away, axis=-1)
    normals = unit(np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]))
    facing = (unit(away) * normals).sum(-1)
    # on an edge or vertex, of the faces that meet there the one that faces the point most tells the side
    tied = distance <= distance.min(1, keepdims=True) + 1e-7
    best = np.where(tied, np.abs(facing), -1.0).argmax(1)
    row = np.arange(len(points))
    sign = np.where(facing[row, best] < 0, -1.0, 1.0)
    return faces[row, best], barycentric[row, best], on[row, best], sign * distance[row, best]


def closest_on_triangles(points: F32, corners: F32) -> tuple[F32, F32]:
    """Barycentric [..., 3] and position [..., 3] of the point of each triangle `corners` [..., 3, 3] nearest to
    `points` [..., 3]."""
    a, b, c = (corners[..., k, :] for k in range(3))
    normal = np.cross(b - a, c - a)
    area2 = np.maximum((normal**2).sum(-1), 1e-30)
    shares = [(np.cross(q - p, points - p) * normal).sum(-1) / area2 for p, q in ((b, c), (c, a), (a, b))]
    inside = np.stack(shares, -1)
    best, least = inside, np.where((inside >= 0).all(-1), -1.0, np.inf)
    for k in range(3):
        on_edge = _on_edge(points, corners, k)
        away = (((on_edge[..., None] * corners).sum(-2) - points) ** 2).sum(-1)
        nearer = away < least
        best, least = np.where(nearer[..., None], on_edge, best), np.where(nearer, away, least)
    return best, (best[..., None] * corners).sum(-2)


def _on_edge(points: F32, corners: F32, k: int) -> F32:
    """Barycentric of the nearest point of the edge from corner k to the next."""
    p, q = corners[..., k, :], corners[..., (k + 1) % 3, :]
    edge = q - p
    share = np.clip(((points - p) * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-30), 0, 1)
    barycentric = np.zeros((*share.shape, 3))
    barycentric[..., k], barycentric[..., (k + 1) % 3] = 1 - share, share
    return barycentric
