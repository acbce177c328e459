"""Where hair is: a field on the voxel grid, negative inside, from what the photos show and the skull suggests.

Hair wraps the skull (measured thickness), hangs behind the face where it is long, covers the skin where a photo shows
it doing so; and it keeps inside every photo's matte and behind every patch of skin that a photo shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.types import F32
from headsmith.views.grid import Grid, grid_around, skull_distance
from headsmith.views.hair_photo import HairPhoto
from headsmith.views.params import HairParams
from headsmith.views.skull import region, scalp_vertices
from headsmith.views.thickness import (
    RimSamples,
    hairiness,
    nearest_on_rays,
    rim_samples,
    spread_hairiness,
    spread_thickness,
)

_BARE_M = 0.004
"""how deep under bare skin the volume ends"""
_HEM_M = 0.01
"""the body ends this much above the hair's ends, which its thickness reaches"""
_ROUNDING_M = 0.03
"""radius of the edge of hair that hangs free"""
_TRIM_VOXELS = 1.5
_NAPE_FADE_M = 0.05
"""height over which short hair gets thinner towards the nape, and over which hanging hair detaches from the skull"""
_NAPE_INWARD, _NAPE_CURL, _NAPE_REACH_M = 0.25, 2.5, 0.045
"""long hair comes closer to the neck as it falls: metres per metre, per square metre, and at most"""
_HEM_WAVE_M = 0.003
"""how unevenly its ends are cut"""
_PER_DISSENT = 6
"""so many photos may be contradicted by one of them"""
_SIDE_MIN_M = 0.012
"""a strand on a side of the head counts for the hair's length if it is wider than this"""


@dataclass(frozen=True)
class HairVolume:
    grid: Grid
    field: F32
    """[X, Y, Z] metres, negative inside"""
    skull: F32
    """[X, Y, Z] metres to the skull"""
    hairy: F32
    """[V] 0..1 how far hair covers each vertex of the head"""


@dataclass(frozen=True)
class Levels:
    """Heights and depths that divide the head, metres in the rest frame."""

    ear_y: float
    ear_z: float
    fall_y: float
    """of the rearmost point of the skull, from which long hair falls freely"""
    nape_y: float
    ends_y: tuple[float, float]
    """where the hair ends on the subject's right (x < 0) and left side"""


def hair_volume(model: HeadModel, rest_m: F32, photos: list[HairPhoto], params: HairParams) -> HairVolume:
    """From the rest head [V, 3] and one or more photos, of which the first shows the hair best."""
    grid = _grid(rest_m, photos, params)
    points = grid.points()
    skull = skull_distance(grid, rest_m, model.faces, params.scalp_opening_m)
    levels = _levels(model, rest_m, photos[0], (grid, skull))
    hanging = _hanging(grid, skull, points, levels)
    outer = np.minimum(skull, np.maximum(hanging, points[..., 1] - levels.fall_y))
    parts = [rim_samples(grid, outer, photo, params) for photo in photos]
    samples = RimSamples(
        np.concatenate([p.points_m for p in parts]), np.concatenate([p.thickness_m for p in parts])
    )  # fmt: skip
    thickness = np.clip(spread_thickness(grid, samples), params.min_thickness_m, params.max_thickness_m)
    value = hairiness(model, rest_m, photos)
    hairy = spread_hairiness(grid, rest_m, value)
    above_nape = points[..., 1] - levels.nape_y - _uneven(points)
    behind = np.clip((levels.ear_z - points[..., 2]) / 0.02, 0, 1)
    short = 1 - behind * (1 - np.clip(above_nape / _NAPE_FADE_M, 0.2, 1))
    wrap = skull - (thickness * short * hairy - _BARE_M * (1 - hairy))
    wrap = smooth_max(wrap, -above_nape, 0.01)
    fade = np.clip(1 - (points[..., 1] - levels.fall_y) / _NAPE_FADE_M, 0, 1)
    field = smooth_min(wrap, hanging - thickness * fade, 0.01)
    for photo in photos:
        field = np.minimum(field, _shown(points, photo, (grid, outer), params))
    field = ndimage.gaussian_filter(field, 1.0, mode="nearest")
    cuts = [
        np.maximum(_hull(points, photo, params.hull_slack_m if number else 0.0),
                   _in_front_of_skin(points, photo, levels.ear_z, params))
        for number, photo in enumerate(photos)
    ]  # fmt: skip
    field = np.maximum(field, agreed_cut(cuts))
    return HairVolume(grid, _main_piece(field), skull, value)


def _grid(rest_m: F32, photos: list[HairPhoto], params: HairParams) -> Grid:
    """Over the head, and over the hair of the photos at the head's depth."""
    low, high = rest_m.min(0) - 0.02, rest_m.max(0) + 0.02
    low[2] -= 0.06
    for photo in photos:
        rows, columns = np.nonzero(photo.hair)
        pixels = np.stack([columns + 0.5, rows + 0.5], 1).astype(np.float32)
        T = photo.camera.T_camera_world
        depth = (rest_m.mean(0) @ T[:3, :3].T + T[:3, 3])[2]
        rays = (pixels - np.asarray(photo.camera.principal_px)) / photo.camera.focal_px
        inside = np.concatenate([rays, np.ones((len(rays), 1))], 1) * depth
        shown = (inside - T[:3, 3]) @ T[:3, :3]
        low, high = np.minimum(low, shown.min(0) - 0.02), np.maximum(high, shown.max(0) + 0.02)
    reach = 0.14
    low = np.maximum(low, rest_m.min(0) - reach)
    return grid_around(low, np.minimum(high, rest_m.max(0) + reach), params.voxel_m)


def _levels(model: HeadModel, rest_m: F32, photo: HairPhoto, skull: tuple[Grid, F32]) -> Levels:
    ears = rest_m[region(model, "ears") > 0.5]
    if not len(ears):
        ears = 0.5 * (rest_m.min(0) + rest_m.max(0))[None]
    scalp = rest_m[scalp_vertices(model)]
    rows, columns = np.nonzero(photo.hair)
    pixels = np.stack([columns + 0.5, rows + 0.5], 1).astype(np.float32)
    points, _ = nearest_on_rays(*skull, photo, pixels)
    narrow = max(int(_SIDE_MIN_M / photo.px_m), 1)
    ends = [_lowest(points[points[:, 0] * side > 0.02], narrow, photo.px_m) for side in (-1.0, 1.0)]
    rearmost = scalp[scalp[:, 2].argmin()]
    return Levels(
        ear_y=float(ears[:, 1].mean()),
        ear_z=float(ears[:, 2].mean()),
        fall_y=float(rearmost[1]),
        nape_y=float(scalp[:, 1].min()),
        ends_y=(ends[0], ends[1]),
    )


def _lowest(points_m: F32, narrow: int, step_m: float) -> float:
    """The height down to which at least `narrow` points lie in each layer of `step_m`; +inf without points."""
    if not len(points_m):
        return float("inf")
    layer = np.floor(points_m[:, 1] / step_m).astype(int)
    count = np.bincount(layer - layer.min())
    return float((np.flatnonzero(count >= min(narrow, count.max()))[0] + layer.min()) * step_m)


def _hanging(grid: Grid, skull: F32, points: F32, levels: Levels) -> F32:
    """[X, Y, Z] distance to the body that hair falling behind the ears would hang around.

    The rear part of the skull's widest section, continued down to where the hair ends on either side.
    """
    x, y, z = np.moveaxis(points, -1, 0)
    right, left = levels.ends_y
    if min(right, left) > levels.ear_y:
        return np.full(grid.shape, 1.0, np.float32)
    share = np.clip(x / 0.12 + 0.5, 0, 1)
    # a side whose hair ends above the ear has nothing hanging
    right, left = (end if end < levels.ear_y else levels.fall_y for end in (right, left))
    lowest = (1 - share) * right + share * left + _uneven(points)
    fallen = np.maximum(levels.fall_y - y, 0)
    inward = np.minimum(_NAPE_INWARD * fallen + _NAPE_CURL * fallen**2, _NAPE_REACH_M)
    above = np.stack([x, np.maximum(y, levels.fall_y), z - inward], -1)
    section = grid.sample(skull, above)
    body = smooth_max(section, z - levels.ear_z, _ROUNDING_M)
    return smooth_max(body, lowest + _HEM_M - y, _ROUNDING_M).astype(np.float32)


def _uneven(points: F32) -> F32:
    """[X, Y, Z] metres by which the hair's ends vary in height: two waves of unlike length never look ruled."""
    x, _, z = np.moveaxis(points, -1, 0)
    return _HEM_WAVE_M * (np.sin(70 * x + 1) + 0.5 * np.sin(170 * x + 60 * z))


def smooth_max(a: F32, b: F32, radius_m: float) -> F32:
    """The larger of two distances, with the edge between them rounded off (Quilez's polynomial minimum, mirrored)."""
    overlap = np.maximum(radius_m - np.abs(a - b), 0)
    return np.maximum(a, b) + overlap**2 / (4 * radius_m)


def smooth_min(a: F32, b: F32, radius_m: float) -> F32:
    """The smaller of two distances, with the groove between them filled."""
    return -smooth_max(-a, -b, radius_m)


def _shown(points: F32, photo: HairPhoto, outer: tuple[Grid, F32], params: HairParams) -> F32:
    """[X, Y, Z] the least hair that explains every pixel of hair: in front of the skin, or else around the skull."""
    pixels, depth = photo.camera.project(points.reshape(-1, 3))
    height, width = photo.hair.shape
    rows, columns = np.nonzero(photo.hair)
    centres = np.stack([columns + 0.5, rows + 0.5], 1).astype(np.float32)
    nearest, _ = nearest_on_rays(*outer, photo, centres)
    middle = np.zeros((height, width), np.float32)
    middle[rows, columns] = photo.camera.project(nearest)[1]
    middle = _fill_from_known(middle, photo.hair)
    # a little too wide: smoothing takes it back, and the matte cuts it sharp afterwards
    edge = photo.sample(photo.hair_sd_m, pixels) + _TRIM_VOXELS * params.voxel_m
    half = np.sqrt(np.maximum(_ROUNDING_M**2 - (_ROUNDING_M - np.clip(edge, 0, _ROUNDING_M)) ** 2, 0))
    free = np.abs(depth - photo.sample(middle, pixels)) - np.maximum(half, params.min_thickness_m)
    skin = photo.sample(_fill_from_known(photo.mesh_depth_m, np.isfinite(photo.mesh_depth_m)), pixels)
    over = photo.sample(np.isfinite(photo.mesh_depth_m).astype(np.float32), pixels) > 0.5
    stand_off = params.min_thickness_m + 0.15 * np.clip(edge, 0, 0.03)
    front = np.where(over, skin - stand_off - depth, 1.0)
    layer = np.maximum(front, depth - photo.sample(middle, pixels))
    return np.maximum(np.minimum(free, layer), -edge).reshape(points.shape[:3]).astype(np.float32)


def _fill_from_known(values: F32, known: np.ndarray) -> F32:
    """Each unknown pixel of [H, W] takes the nearest known one's value."""
    index = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return values[tuple(index)]


def _hull(points: F32, photo: HairPhoto, slack_m: float) -> F32:
    """[X, Y, Z] positive where a point would be seen outside the head's matte."""
    pixels, _ = photo.camera.project(points.reshape(-1, 3))
    return (-photo.sample(photo.head_sd_m, pixels) - slack_m).reshape(points.shape[:3])


def agreed_cut(cuts: list[F32]) -> F32:
    """[X, Y, Z] positive where photos cut the hair away; of many several must, for mattes err and hair moves."""
    few = len(cuts) // _PER_DISSENT
    if not few:
        return np.maximum.reduce(cuts)
    return np.partition(np.stack(cuts), -1 - few, axis=0)[-1 - few]


def _in_front_of_skin(points: F32, photo: HairPhoto, ear_z_m: float, params: HairParams) -> F32:
    """[X, Y, Z] positive where hair would hide skin that the photo shows.

    Under such skin nothing is left as far back as the ears either, or it would be seen through an open mouth.
    """
    pixels, depth = photo.camera.project(points.reshape(-1, 3))
    known = np.isfinite(photo.mesh_depth_m)
    if not known.any():
        return np.full(points.shape[:3], -1.0, np.float32)
    skin = photo.sample(_fill_from_known(photo.mesh_depth_m, known), pixels) + params.skin_gap_m
    deep = np.maximum(skin - depth, points.reshape(-1, 3)[:, 2] - ear_z_m)
    return np.minimum(photo.sample(photo.skin_sd_m, pixels), deep).reshape(points.shape[:3]).astype(np.float32)


def _main_piece(field: F32) -> F32:
    """The field without loose crumbs."""
    labels, count = ndimage.label(field < 0)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        crumbs = (sizes < 0.02 * sizes.max())[labels] & (labels > 0)
        field = np.where(crumbs, 1e-3, field)
    return field.astype(np.float32)
