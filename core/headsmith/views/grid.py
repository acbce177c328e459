"""A voxel grid in head space and the skull's signed distance on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.head_model.raster import rasterize_projected
from headsmith.types import F32, I32, Bool

_FAR_M = 100.0
"""a camera this far away is as good as parallel over the size of a head"""


@dataclass(frozen=True)
class Grid:
    origin_m: F32
    """[3] corner (0, 0, 0)"""
    voxel_m: float
    shape: tuple[int, int, int]

    def points(self) -> F32:
        """[X, Y, Z, 3] the corners."""
        axes = [np.arange(n, dtype=np.float32) * self.voxel_m + o
                for n, o in zip(self.shape, self.origin_m, strict=True)]  # fmt: skip
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)

    def sample(self, values: F32, points_m: F32) -> F32:
        """Values [X, Y, Z] at points [..., 3]; beyond the grid its border goes on."""
        at = (np.asarray(points_m) - self.origin_m) / self.voxel_m
        return ndimage.map_coordinates(values, np.moveaxis(at, -1, 0), order=1, mode="nearest")

    def coarse(self, step: int) -> Grid:
        """The same box with voxels `step` times as large."""
        shape = tuple(int(np.ceil((n - 1) / step)) + 1 for n in self.shape)
        return Grid(self.origin_m, self.voxel_m * step, (shape[0], shape[1], shape[2]))


def grid_around(low_m: F32, high_m: F32, voxel_m: float) -> Grid:
    """The grid over the box from `low_m` to `high_m` ([3] each)."""
    shape = np.ceil((np.asarray(high_m) - low_m) / voxel_m).astype(int) + 1
    return Grid(np.asarray(low_m, np.float32), voxel_m, (int(shape[0]), int(shape[1]), int(shape[2])))


def skull_distance(grid: Grid, vertices_m: F32, faces: I32, opening_m: float) -> F32:
    """[X, Y, Z] metres to the head without its thin parts (ears, nose), negative inside."""
    solid = _between_front_and_back(grid, vertices_m, faces, 2) & _between_front_and_back(grid, vertices_m, faces, 0)
    radius = opening_m / grid.voxel_m
    kept = ndimage.distance_transform_edt(solid) > radius
    if not kept.any():
        kept = solid
    opened = ndimage.distance_transform_edt(~kept) <= radius
    outside, inside = ndimage.distance_transform_edt(~opened), ndimage.distance_transform_edt(opened)
    distance = np.where(opened, 0.5 - inside, outside - 0.5) * grid.voxel_m
    return ndimage.gaussian_filter(distance.astype(np.float32), 1.2, mode="nearest")


def _between_front_and_back(grid: Grid, vertices_m: F32, faces: I32, axis: int) -> Bool:
    """[X, Y, Z] between the first and the last surface along an axis, as two parallel cameras see them.

    Filling between the two closes the mouth and needs no watertight mesh.
    """
    a, b = [k for k in range(3) if k != axis]
    size = (grid.shape[a], grid.shape[b])
    place = (vertices_m - grid.origin_m) / grid.voxel_m + 0.5
    limits = []
    for sign in (1.0, -1.0):
        points = np.stack([place[:, a], place[:, b], _FAR_M + sign * vertices_m[:, axis]], 1)
        depth = rasterize_projected(points, faces, size).depth_m.T
        limits.append(sign * (depth - _FAR_M))
    at = grid.origin_m[axis] + np.arange(grid.shape[axis]) * grid.voxel_m
    low, high = np.expand_dims(limits[0], axis), np.expand_dims(limits[1], axis)
    line = at.reshape([-1 if k == axis else 1 for k in range(3)])
    return (line >= low) & (line <= high)
