"""The visual hull: what every matte agrees to be the person (Laurentini 1994), near the fitted head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, label, map_coordinates
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.surface_nets import surface_nets
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.params import HullParams
from headsmith.surface.visibility import seen_from
from headsmith.types import F32, I32, Camera, Mattes

COARSE = 3
"""far from the head, the distance to it is asked on voxels so many times as large"""
NEIGHBOURS = 6
"""vertices whose reach is averaged, so that it changes gently"""
MARGIN_M = 0.01
FINE_M = 0.012
TANGENT_M = 0.004
"""from the nearest vertex: nearer than that, the tangent plane is the better guess"""


def visual_hull(
    model: HeadModel, vertices_m: F32, cameras: Sequence[Camera], mattes: Sequence[Mattes], params: HullParams
) -> TriangleMesh:
    """Of the person, cut off where it leaves the neighbourhood of the head [V, 3]: none where skin is bare.

    A place is outside when more than `params.outvoted` of the views that see it say so; pictures that do not show it
    have no say. Views that see little of the back and the front leave a hull without end there, hence the cut.
    """
    skin, reach = _reach(model, params)
    reach *= 1 - bareness(TriangleMesh(vertices_m, model.faces), cameras, mattes)[skin]
    margin = reach.max() + MARGIN_M
    low = vertices_m[skin].min(0) - margin
    shape = np.ceil((vertices_m[skin].max(0) + margin - low) / params.voxel_m).astype(np.int32) + 1
    distances = [_signed_distance_px(matte.person) for matte in mattes]
    drop = int(params.outvoted * len(cameras))
    y, z = np.meshgrid(*(low[k] + np.arange(shape[k]) * params.voxel_m for k in (1, 2)), indexing="ij")
    field = np.empty(shape, np.float32)
    for i in range(shape[0]):
        places = np.stack([np.full_like(y, low[0] + i * params.voxel_m), y, z], -1).astype(np.float32)
        outside = np.stack([_outside_m(places, camera, distance)
                            for camera, distance in zip(cameras, distances, strict=True)])  # fmt: skip
        field[i] = np.partition(outside, len(cameras) - 1 - drop, 0)[len(cameras) - 1 - drop]
    near = _beyond_reach(model, vertices_m, (skin, reach), (low, shape, params.voxel_m))
    return TriangleMesh(*surface_nets(_main_piece(np.maximum(field, near)), low, params.voxel_m))


def bareness(head: TriangleMesh, cameras: Sequence[Camera], mattes: Sequence[Mattes]) -> F32:
    """[V] 0..1 how far the mattes show bare skin at each vertex, by the views that see it squarely; 0 where none do."""
    normals = vertex_normals(head.vertices_m, head.faces)
    total, skin = np.full(len(normals), 1e-3), np.zeros(len(normals))
    for camera, matte in zip(cameras, mattes, strict=True):
        weight, pixels = seen_from(head, normals, camera)
        at = (pixels[:, 1] - 0.5, pixels[:, 0] - 0.5)
        skin += weight**2 * map_coordinates(np.asarray(matte.skin, np.float32), at, order=1, mode="constant")
        total += weight**2
    return np.clip(2 * skin / total - 0.5, 0, 1)


def _signed_distance_px(mask: F32) -> F32:
    """[H, W] pixels to the mask's edge, negative inside."""
    inside = mask >= 0.5
    if inside.all() or not inside.any():
        return np.full(mask.shape, -1e3 if inside.all() else 1e3, np.float32)
    return np.where(inside, 0.5 - distance_transform_edt(inside), distance_transform_edt(~inside) - 0.5)


def _outside_m(places_m: F32, camera: Camera, distance_px: F32) -> F32:
    """[...] metres by which places [..., 3] lie outside one view's mask; very negative where it does not see them."""
    pixels, depth = camera.project(places_m)
    width, height = camera.size_px
    scale = np.array([distance_px.shape[1] / width, distance_px.shape[0] / height])
    x, y = pixels[..., 0] * scale[0] - 0.5, pixels[..., 1] * scale[1] - 0.5
    value = map_coordinates(distance_px.astype(np.float32), [y, x], order=1, mode="nearest")
    seen = (x > 0) & (y > 0) & (x < distance_px.shape[1] - 1) & (y < distance_px.shape[0] - 1) & (depth > 0)
    return np.where(seen, value * depth / (camera.focal_px * scale[0]), -1.0).astype(np.float32)


def _reach(model: HeadModel, params: HullParams) -> tuple[I32, F32]:
    """The vertices of the outer skin [S] and how far the person may reach beyond each, metres [S]."""
    outer = np.zeros(len(model.v_template), bool)
    outer[model.faces[model.faces_of("head")]] = True
    outer &= model.regions["inner_mouth"] < 0.5
    reach = np.full(len(model.v_template), params.hair_reach_m)
    reach[model.regions["neck"] > 0.5] = params.neck_reach_m
    reach[model.regions["face"] > 0.5] = params.face_reach_m
    rows = np.flatnonzero(outer).astype(np.int32)
    return rows, reach[rows]


def _beyond_reach(model: HeadModel, vertices_m: F32, skin: tuple[I32, F32], grid: tuple[F32, I32, float]) -> F32:
    """[X, Y, Z] metres beyond the neighbourhood of the head, negative within; exact near the head itself."""
    (rows, reach), (low, shape, voxel_m) = skin, grid
    counts = [int(np.ceil((n - 1) / COARSE)) + 1 for n in shape]
    axes = [low[k] + np.arange(counts[k]) * voxel_m * COARSE for k in range(3)]
    head = _Head(cKDTree(vertices_m[rows]), vertices_m[rows], vertex_normals(vertices_m, model.faces)[rows], reach)
    coarse = head.beyond_m(np.stack(np.meshgrid(*axes, indexing="ij"), -1)).astype(np.float32)
    steps = [np.minimum(np.arange(n) / COARSE, counts[k] - 1) for k, n in enumerate(shape)]
    out = map_coordinates(coarse, np.meshgrid(*steps, indexing="ij"), order=1)
    near = np.argwhere(np.abs(out) < FINE_M)
    out[tuple(near.T)] = head.beyond_m(low + near * voxel_m)
    return out


@dataclass(frozen=True)
class _Head:
    """The head's outer skin and how far the person may reach beyond it."""

    tree: cKDTree
    vertices_m: F32
    """[S, 3]"""
    normals: F32
    """[S, 3]"""
    reach_m: F32
    """[S]"""

    def beyond_m(self, points_m: F32) -> F32:
        """[...] signed distance of points [..., 3] to the skin's tangent planes, less its reach, and cut off below."""
        distance, nearest = self.tree.query(points_m, NEIGHBOURS)
        share = 1 / np.maximum(distance, 1e-4) ** 2
        share /= share.sum(-1, keepdims=True)
        away = points_m[..., None, :] - self.vertices_m[nearest]
        height = ((away * self.normals[nearest]).sum(-1) * share).sum(-1)
        # far off, tangent planes say little, and inside they only need to say that it is inside
        outside = np.where(height > 0, np.maximum(height, distance[..., 0] - TANGENT_M), height)
        below = self.vertices_m[:, 1].min() - points_m[..., 1]
        return np.maximum(outside - (self.reach_m[nearest] * share).sum(-1), below)


def _main_piece(field: F32) -> F32:
    """The field without what is not connected to its largest part."""
    pieces, count = label(field < 0)
    if count <= 1:
        return field
    largest = np.bincount(pieces[pieces > 0]).argmax()
    return np.where((pieces > 0) & (pieces != largest), np.float32(1e-3), field)
