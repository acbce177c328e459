"""Where the head's outline belongs, by the mattes: bare skin meets the background, hair hides the skull inside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter, map_coordinates

from headsmith.fit.evidence import Outline
from headsmith.fit.points import HeadSpace, points_at
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, I32, Camera, Mattes

SEARCH_PX = 14.0
"""how far from the outline a matte's edge is looked for, at the comparison's size"""
STEP_PX = 0.5
BESIDE_PX = 2.5
"""how far on either side of an edge the mattes are asked what meets there"""
EVERY = 3
"""of the outline's pixels, one in so many is used"""
HAIR_WEIGHT = 0.6
MIN_FRONT_COS = 0.5


def match_outline(space: HeadSpace, vertices_m: F32, camera: Camera, mattes: Mattes, longest_px: int) -> Outline | None:
    """The head's outline in one photo and its places on the mattes; None where nothing could be matched.

    Bare skin pulls from both sides. Hair only pushes: the skull may lie anywhere inside it.
    """
    scale = min(1.0, longest_px / max(camera.size_px))
    triangle, barycentric, pixels, normals = _outline(vertices_m, space, scaled_camera(camera, scale))
    offset_px, weights = _match(pixels, normals, mattes, scale)
    used = weights > 0
    if not used.any():
        return None
    points = points_at(space, triangle[used], barycentric[used])
    matched_px = (pixels + offset_px[:, None] * normals)[used] / scale
    return Outline(points, matched_px, normals[used], weights[used])


def scaled_camera(camera: Camera, scale: float) -> Camera:
    """The camera of the picture made `scale` times as large (sizes rounded up)."""
    size = (int(np.ceil(camera.size_px[0] * scale)), int(np.ceil(camera.size_px[1] * scale)))
    principal = (camera.principal_px[0] * scale, camera.principal_px[1] * scale)
    return replace(camera, focal_px=camera.focal_px * scale, principal_px=principal, size_px=size)


def _outline(vertices_m: F32, space: HeadSpace, camera: Camera) -> tuple[I32, F32, F32, F32]:
    """Triangle [K], barycentric [K, 3], pixel [K, 2] and outward normal [K, 2] of the outline."""
    faces = space.model.faces
    buffers = rasterize(vertices_m, faces, camera)
    covered = buffers.triangle >= 0
    # pixels at the picture's border are no outline of the head
    row, column = np.nonzero(covered & ~binary_erosion(covered, border_value=1))
    row, column = row[::EVERY], column[::EVERY]
    blurred = gaussian_filter(covered.astype(np.float64), 1.5)
    gradient = np.stack(np.gradient(blurred)[::-1], -1)[row, column]
    normals = -gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-9)
    pixels = np.stack([column + 0.5, row + 0.5], 1) + 0.5 * normals
    return buffers.triangle[row, column], buffers.barycentric[row, column].astype(np.float64), pixels, normals


def _match(pixels: F32, normals: F32, mattes: Mattes, scale: float) -> tuple[F32, F32]:
    """Signed distance along the normal to the matte's edge [K], and its weight [K], 0 where there is none."""
    distances = np.arange(-SEARCH_PX, SEARCH_PX + STEP_PX, STEP_PX)
    person = _sample(mattes.person, pixels[:, None] + distances[:, None] * normals[:, None], scale)
    leaving = (person[:, :-1] >= 0.5) & (person[:, 1:] < 0.5)
    cost = np.where(leaving, np.abs(distances[:-1]), np.inf)
    nearest = cost.argmin(1)
    index = np.arange(len(pixels))
    inside, outside = person[index, nearest], person[index, nearest + 1]
    fraction = np.clip((inside - 0.5) / np.maximum(inside - outside, 1e-6), 0, 1)
    offset = distances[nearest] + fraction * STEP_PX
    within = pixels + (offset - BESIDE_PX)[:, None] * normals
    skin, hair, head = (_sample(matte, within, scale) for matte in (mattes.skin, mattes.hair, mattes.head))
    bare = np.clip(2 * skin / np.maximum(skin + hair, 0.2) - 1, 0, 1)
    weights = np.maximum(bare, np.where(offset < 0, HAIR_WEIGHT, 0.0))
    facing = _edge_cosine(mattes.person, within, normals, scale) > MIN_FRONT_COS
    found = np.isfinite(cost.min(1)) & (head > 0.5) & facing
    return offset, weights * found


def _edge_cosine(matte: F32, pixels: F32, normals: F32, scale: float) -> F32:
    """[K] cosine between the outline's normal and the matte's own, around `pixels`."""
    tangent = np.stack([-normals[:, 1], normals[:, 0]], 1)
    across = _sample(matte, pixels + 2 * BESIDE_PX * normals, scale) - _sample(matte, pixels, scale)
    forward, back = pixels + BESIDE_PX * (normals + tangent), pixels + BESIDE_PX * (normals - tangent)
    along = _sample(matte, forward, scale) - _sample(matte, back, scale)
    return -across / np.maximum(np.hypot(across, along), 1e-6)


def _sample(matte: F32, pixels: F32, scale: float) -> F32:
    """A matte [H, W] at pixels [..., 2] of the picture `scale` times as large."""
    x, y = pixels[..., 0] / scale - 0.5, pixels[..., 1] / scale - 0.5
    return map_coordinates(matte, [y, x], order=1, mode="nearest")
