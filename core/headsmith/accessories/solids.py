"""Closed quad surfaces from rings of points: tubes, loops, shells of revolution, and the profiles they are swept from.

A "ring" is a closed polygon [S, 3]; rings [R, S, 3] one after another make the surface.
"""

from __future__ import annotations

import numpy as np

from headsmith.accessories.geometry import unit
from headsmith.accessories.mesh import Solid
from headsmith.types import F32, I32


def tube(rings: F32) -> Solid:
    """Rings [R, S, 3] joined in order, each end closed by a fan around its middle."""
    count, around = rings.shape[:2]
    poles = np.stack([rings[0].mean(0), rings[-1].mean(0)])
    vertices = np.concatenate([rings.reshape(-1, 3), poles])
    sides, uv_sides = _sides(count, around, count)
    south, north = count * around, count * around + 1
    j = np.arange(around)
    k = (j + 1) % around
    none = np.full(around, -1)
    last = (count - 1) * around
    fans = np.concatenate([np.stack([np.full(around, south), k, j, none], 1),
                           np.stack([np.full(around, north), last + j, last + k, none], 1)])  # fmt: skip
    uvs = np.concatenate([_grid_uvs(rings), np.stack([(j + 0.5) / around, 0 * j], 1),
                          np.stack([(j + 0.5) / around, 0 * j + 1], 1)])  # fmt: skip
    base, wide = count * (around + 1), around + 1
    uv_fans = np.concatenate([np.stack([base + j, j + 1, j, none], 1),
                              np.stack([base + around + j, (count - 1) * wide + j, (count - 1) * wide + j + 1, none],
                                       1)])  # fmt: skip
    return outward(Solid(vertices, np.concatenate([sides, fans]).astype(np.int32), uvs,
                         np.concatenate([uv_sides, uv_fans]).astype(np.int32)))  # fmt: skip


def loop(rings: F32) -> Solid:
    """Rings [R, S, 3] joined in order and the last to the first."""
    count, around = rings.shape[:2]
    faces, uv_faces = _sides(count + 1, around, count)
    again = np.concatenate([rings, rings[:1]])
    return outward(Solid(rings.reshape(-1, 3), faces, _grid_uvs(again), uv_faces))


def _sides(count: int, around: int, stored: int) -> tuple[I32, I32]:
    """Quads between `count` rings of which `stored` are kept (the next is the first again), and their uv rows."""
    i, j = np.meshgrid(np.arange(count - 1), np.arange(around), indexing="ij")
    k = (j + 1) % around
    below, above = i % stored * around, (i + 1) % stored * around
    faces = np.stack([below + j, below + k, above + k, above + j], -1).reshape(-1, 4)
    wide = around + 1
    uv = np.stack([i * wide + j, i * wide + j + 1, (i + 1) * wide + j + 1, (i + 1) * wide + j], -1).reshape(-1, 4)
    return faces.astype(np.int32), uv.astype(np.int32)


def _grid_uvs(rings: F32) -> F32:
    """u around and v along the rings by arc length, 0..1: [R * (S + 1), 2]."""
    closed = np.concatenate([rings, rings[:, :1]], 1)
    u = _arc(closed.mean(0) + _widest(closed))
    v = _arc(rings.mean(1)) if len(rings) > 1 else np.zeros(1)
    return np.stack(np.meshgrid(u, v), -1).reshape(-1, 2)


def _widest(closed: F32) -> F32:
    """The largest ring about its own middle, so that equal rings do not cancel in a loop."""
    about = closed - closed[:, :-1].mean(1, keepdims=True)
    return about[np.linalg.norm(about, axis=-1).sum(1).argmax()] - closed.mean(0)


def _arc(points: F32) -> F32:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return length / length[-1] if length[-1] > 1e-9 else np.linspace(0, 1, len(points))


def outward(solid: Solid) -> Solid:
    """The same surface with its faces counter-clockwise seen from outside (positive volume)."""
    quad = solid.faces[:, 3] >= 0
    triangles = np.concatenate([solid.faces[:, :3], solid.faces[quad][:, [0, 2, 3]]])
    a, b, c = np.moveaxis(solid.vertices[triangles] - solid.vertices.mean(0), 1, 0)
    if (np.cross(a, b) * c).sum() >= 0:
        return solid
    turn = np.where(quad[:, None], [0, 3, 2, 1], [0, 2, 1, 3])
    return Solid(solid.vertices, np.take_along_axis(solid.faces, turn, 1), solid.uvs,
                 np.take_along_axis(solid.uv_faces, turn, 1))  # fmt: skip


def mirrored(solid: Solid) -> Solid:
    """The surface on the other side of the plane x = 0."""
    return outward(Solid(solid.vertices * [-1, 1, 1], solid.faces, solid.uvs, solid.uv_faces))


def rounded_rectangle(width_m: float, height_m: float, radius_m: float, per_corner: int = 4) -> F32:
    """[4 * per_corner, 2] counter-clockwise, centred on the origin."""
    radius = min(radius_m, width_m / 2 - 1e-6, height_m / 2 - 1e-6)
    quarter = np.linspace(0, np.pi / 2, per_corner)
    angle = np.concatenate([quarter + k * np.pi / 2 for k in range(4)])
    sign = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], per_corner, 0)
    corner = np.array([width_m / 2 - radius, height_m / 2 - radius])
    return sign * corner + radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def ellipse(width_m: float, height_m: float, count: int) -> F32:
    """[count, 2] counter-clockwise, centred on the origin."""
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angle) * width_m / 2, np.sin(angle) * height_m / 2], 1)


def sweep(path_m: F32, up: F32, profile: F32, scale: F32 | None = None, closed: bool = False) -> F32:
    """Rings [R, S, 3]: `profile` [S, 2] (or one for each point, [R, S, 2]) set across `path_m` [R, 3].

    The profile's first axis points sideways (tangent x up), its second towards `up` ([3] or [R, 3]); `scale` [R]
    or [R, 2] enlarges it.
    """
    tangent = tangents(path_m, closed)
    side = unit(np.cross(tangent, np.broadcast_to(up, path_m.shape)))
    top = np.cross(side, tangent)
    factor = np.ones((len(path_m), 2)) if scale is None else np.broadcast_to(np.reshape(scale, (len(path_m), -1)),
                                                                              (len(path_m), 2))  # fmt: skip
    shape = np.broadcast_to(profile, (len(path_m), *profile.shape[-2:])) * factor[:, None]
    return path_m[:, None] + shape[..., :1] * side[:, None] + shape[..., 1:] * top[:, None]


def tangents(path_m: F32, closed: bool = False) -> F32:
    """[R, 3] unit, central differences."""
    if closed:
        return unit(np.roll(path_m, -1, 0) - np.roll(path_m, 1, 0))
    return unit(np.gradient(path_m, axis=0))


def with_round_ends(rings: F32, depth_m: float, steps: int = 3) -> F32:
    """The rings of an open tube with both ends rounded off over `depth_m`."""
    angle = np.linspace(np.pi / 2, 0, steps + 1)[:-1] * 0.94
    return np.concatenate([_dome(rings[0], rings[1], depth_m, angle), rings,
                           _dome(rings[-1], rings[-2], depth_m, angle)[::-1]])  # fmt: skip


def _dome(end: F32, inner: F32, depth_m: float, angle: F32) -> F32:
    middle = end.mean(0)
    outside = unit(middle - inner.mean(0))
    shrunk = middle + (end - middle) * np.cos(angle)[:, None, None]
    return shrunk + outside * depth_m * np.sin(angle)[:, None, None]


def smooth_path(points_m: F32, count: int) -> F32:
    """[count, 3] evenly spaced along a Catmull-Rom spline (centripetal: no loops) through `points_m` [P, 3]."""
    padded = np.concatenate([2 * points_m[:1] - points_m[1:2], points_m, 2 * points_m[-1:] - points_m[-2:-1]])
    dense = np.concatenate([_span(*padded[i : i + 4]) for i in range(len(points_m) - 1)] + [points_m[-1:]])
    return resample(dense, count)


def _span(p0: F32, p1: F32, p2: F32, p3: F32) -> F32:
    """The spline between p1 and p2 (Barry and Goldman 1988), without its last point."""
    gaps = np.linalg.norm(np.diff(np.stack([p0, p1, p2, p3]), axis=0), axis=1)
    t0, t1, t2, t3 = np.concatenate([[0.0], np.cumsum(np.sqrt(np.maximum(gaps, 1e-6)))])
    t = np.linspace(t1, t2, 24, endpoint=False)[:, None]
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    return (t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2


def resample(points: F32, count: int) -> F32:
    """[count, D] evenly spaced by arc length along the open polyline `points` [P, D]."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, column) for column in points.T], 1)
