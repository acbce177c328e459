"""How far the hair stands off the skull: measured at the photos' silhouettes, spread over the rest of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Bool
from headsmith.views.grid import Grid
from headsmith.views.hair_photo import HairPhoto, move_back
from headsmith.views.params import HairParams
from headsmith.views.skull import region

_REACH_M = 0.02
"""distance within which a measurement rules alone"""
_BESIDE_M = 0.05
"""how far hair is taken to go on where the photo stops showing it"""
_RAY_STEPS = 96
_COARSE = 4
"""thickness varies slowly: it is worked out on every fourth corner of the grid"""


@dataclass(frozen=True)
class RimSamples:
    """Where the hair's outline passes the skull most closely, and at which distance."""

    points_m: F32
    """[N, 3]"""
    thickness_m: F32
    """[N]"""


def nearest_on_rays(grid: Grid, distance: F32, photo: HairPhoto, pixels: F32) -> tuple[F32, F32]:
    """For the rays of pixels [N, 2]: the points [N, 3] nearest to (or deepest in) the skull, and the distance [N]."""
    middle = photo.camera.project(photo.vertices_m.mean(0)[None])[1][0]
    depths = np.linspace(middle - 0.22, middle + 0.22, _RAY_STEPS)
    rays = np.concatenate(
        [(pixels - np.asarray(photo.camera.principal_px)) / photo.camera.focal_px, np.ones((len(pixels), 1))], 1
    )
    points = move_back(photo.camera, rays[:, None] * depths[:, None])
    at = grid.sample(distance, points)
    best = at.argmin(1)
    rows = np.arange(len(pixels))
    return points[rows, best], at[rows, best]


def rim_samples(grid: Grid, distance: F32, photo: HairPhoto, params: HairParams) -> RimSamples:
    """Samples along the head's outline in one photo, zero where the outline is bare skin above the ears."""
    inside = photo.head_sd_m > 0
    outline = inside & ~ndimage.binary_erosion(inside, border_value=1)
    outline &= ndimage.binary_erosion(photo.inside, iterations=2)
    near_hair = ndimage.binary_dilation(photo.hair, iterations=2)
    rows, columns = np.nonzero(outline)
    pixels = np.stack([columns + 0.5, rows + 0.5], 1).astype(np.float32)
    # the outline runs half a pixel outside the centres of its pixels
    points, gap = nearest_on_rays(grid, distance, photo, pixels)
    gap = gap + 0.5 * photo.px_m
    hairy = near_hair[rows, columns]
    crown = np.quantile(photo.vertices_m[:, 1], 0.75)
    used = (hairy & (gap < params.max_thickness_m)) | (~hairy & (points[:, 1] > crown))
    return RimSamples(points[used], np.where(hairy, np.maximum(gap, 0), 0)[used].astype(np.float32))


def spread_thickness(grid: Grid, samples: RimSamples) -> F32:
    """[X, Y, Z] thickness everywhere, by inverse distance weighting of the samples."""
    coarse = grid.coarse(_COARSE)
    points = coarse.points().reshape(-1, 3)
    if not len(samples.points_m):
        return np.zeros(grid.shape, np.float32)
    out = np.empty(len(points), np.float32)
    for start in range(0, len(points), 4096):
        apart = ((points[start : start + 4096, None] - samples.points_m) ** 2).sum(-1)
        weight = 1.0 / (apart + _REACH_M**2) ** 2
        out[start : start + 4096] = (weight @ samples.thickness_m) / weight.sum(1)
    return refine(coarse, out.reshape(coarse.shape), grid)


def refine(coarse: Grid, values: F32, grid: Grid) -> F32:
    """Values on a coarse grid, on the fine one."""
    return coarse.sample(values, grid.points()).astype(np.float32)


def hairiness(model: HeadModel, rest_m: F32, photos: list[HairPhoto]) -> F32:
    """[V] 0..1: hair covers this vertex of the rest head [V, 3].

    What photos show counts first. Beside it hair goes on, and covers what the model calls scalp; farther off the
    mirror image tells, and last the model.
    """
    told, trust = np.zeros(len(rest_m)), np.zeros(len(rest_m))
    for photo in photos:
        seen, covered = _look_at_vertices(photo)
        told += np.where(seen, covered, 0)
        trust += seen
    seen = trust > 0
    if not seen.any():
        return _smooth_over_mesh(region(model, "scalp"), model, 4)
    told = told / np.maximum(trust, 1)
    expected = np.where(seen[model.mirror], told[model.mirror], 1) * region(model, "scalp")
    apart, nearest = cKDTree(rest_m[seen]).query(rest_m)
    beside = np.where(apart < _BESIDE_M, told[seen][nearest], 0)
    return _smooth_over_mesh(np.where(seen, told, np.maximum(expected, beside)), model, 4)


def _look_at_vertices(photo: HairPhoto) -> tuple[Bool, F32]:
    """[V] whether a photo shows the place of each vertex, and whether hair is there."""
    pixels, depth = photo.camera.project(photo.vertices_m)
    width, height = photo.camera.size_px
    column = np.clip(pixels[:, 0].astype(int), 0, width - 1)
    row = np.clip(pixels[:, 1].astype(int), 0, height - 1)
    mesh = photo.mesh_depth_m[row, column]
    seen = (depth < mesh + 0.008) & np.isfinite(mesh) & (photo.head_sd_m[row, column] > 0)
    seen &= photo.inside[row, column]
    return seen, photo.hair[row, column].astype(np.float32)


def _smooth_over_mesh(values: F32, model: HeadModel, rounds: int) -> F32:
    """[V] averaged with the neighbours."""
    edges = np.concatenate([model.faces[:, [0, 1]], model.faces[:, [1, 2]], model.faces[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    count = np.maximum(np.bincount(edges[:, 0], minlength=len(values)), 1)
    for _ in range(rounds):
        values = 0.5 * values + 0.5 * np.bincount(edges[:, 0], values[edges[:, 1]], len(values)) / count
    return values.astype(np.float32)


def spread_hairiness(grid: Grid, vertices_m: F32, value: F32) -> F32:
    """[X, Y, Z] the hairiness of the nearest vertices."""
    coarse = grid.coarse(_COARSE)
    apart, nearest = cKDTree(vertices_m).query(coarse.points().reshape(-1, 3), k=6)
    weight = 1.0 / (apart + 0.003)
    out = (value[nearest] * weight).sum(1) / weight.sum(1)
    return refine(coarse, out.reshape(coarse.shape).astype(np.float32), grid)
