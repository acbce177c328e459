"""The nearest point of a triangle mesh, and the mesh's normal there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.topology import edges_of
from headsmith.types import F32, Bool

_CANDIDATES = 12
"""triangles whose middles are nearest; enough where neighbours have similar sizes"""


@dataclass(frozen=True)
class Nearest:
    """For each of N points its nearest on the mesh."""

    points_m: F32
    """[N, 3]"""
    normals: F32
    """[N, 3] unit, smooth"""
    distance_m: F32
    """[N]"""
    border: Bool
    """[N] whether the triangle lies at the mesh's border, so that the surface may go on where nobody saw it"""


class ClosestPoints:
    """A mesh, prepared for many questions."""

    def __init__(self, mesh: TriangleMesh) -> None:
        self.mesh = mesh
        self.normals = vertex_normals(mesh.vertices_m, mesh.faces)
        corners = mesh.vertices_m[mesh.faces].astype(np.float64)
        self.tree = cKDTree(corners.mean(1))
        edges = edges_of(mesh.faces)
        rim = np.zeros(len(mesh.vertices_m), bool)
        rim[edges.vertices[edges.faces[:, 1] < 0]] = True
        self.border: Bool = np.any(rim[mesh.faces], axis=1)

    def __call__(self, points_m: F32) -> Nearest:
        """Of points [N, 3]."""
        count = min(_CANDIDATES, len(self.mesh.faces))
        candidates = self.tree.query(points_m, count)[1].reshape(len(points_m), count)
        corners = self.mesh.vertices_m[self.mesh.faces[candidates]].astype(np.float64)
        weights = nearest_barycentric(corners, np.asarray(points_m, np.float64)[:, None])
        places = (corners * weights[..., None]).sum(2)
        distance = np.linalg.norm(places - points_m[:, None], axis=2)
        row, best = np.arange(len(points_m)), distance.argmin(1)
        triangle = candidates[row, best]
        normals = (self.normals[self.mesh.faces[triangle]] * weights[row, best][..., None]).sum(1)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return Nearest(places[row, best], normals, distance[row, best], self.border[triangle])


def nearest_barycentric(corners: F32, points: F32) -> F32:
    """[..., 3] weights of the point of each triangle [..., 3, 3] that is nearest to `points` [..., 3].

    The foot of the perpendicular where it lies inside, else the nearest of the feet on the three edges.
    """
    a, b, c = np.moveaxis(corners, -2, 0)
    inside = _plane_weights(a, b, c, points)
    best = inside.copy()
    found = np.where((inside >= 0).all(-1), 0.0, np.inf)
    for k, (p, q) in enumerate(((a, b), (b, c), (c, a))):
        share = ((points - p) * (q - p)).sum(-1) / np.maximum(((q - p) ** 2).sum(-1), 1e-30)
        share = np.clip(share, 0.0, 1.0)
        distance = np.square(p + share[..., None] * (q - p) - points).sum(-1)
        nearer = distance < found
        found = np.where(nearer, distance, found)
        weights = np.zeros_like(best)
        weights[..., k], weights[..., (k + 1) % 3] = 1 - share, share
        best = np.where(nearer[..., None], weights, best)
    return best


def _plane_weights(a: F32, b: F32, c: F32, points: F32) -> F32:
    """[..., 3] barycentric weights of the feet of perpendiculars (Ericson 2004, section 3.4); -1 for flat triangles."""
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = (u * u).sum(-1), (u * v).sum(-1), (v * v).sum(-1)
    wu, wv = (w * u).sum(-1), (w * v).sum(-1)
    area = uu * vv - uv * uv
    safe = np.where(area > 0, area, 1.0)
    second, third = (vv * wu - uv * wv) / safe, (uu * wv - uv * wu) / safe
    out = np.stack([1 - second - third, second, third], -1)
    return np.where((area > 0)[..., None], out, -1.0)
