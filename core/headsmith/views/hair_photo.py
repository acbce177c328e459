"""What one photo says about the hair: mattes, signed distances in metres, and the skin's depth, on a small crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, Bool, Camera, HeadFit, Mattes
from headsmith.views.params import HairParams
from headsmith.views.skull import in_skull_frame, region

_MARGIN = 0.08
"""crop around the head, as a fraction of its size"""
_MIN_PIECE = 0.03
"""pieces of hair smaller than this fraction of the largest are noise in the matte"""
_FIT_ERROR_M = 0.006
"""how far the mesh may keep from the outline that it stands for"""
_MAX_ENLARGEMENT = 2.0
"""of small photos"""


@dataclass(frozen=True)
class HairPhoto:
    """Maps [H, W] in the pixels of `camera`; signed distances are positive inside, metres at the head's depth."""

    camera: Camera
    """in the skull's rest frame"""
    vertices_m: F32
    """[V, 3] the head in the photo's expression, in the same frame"""
    hair: Bool
    hair_sd_m: F32
    head_sd_m: F32
    skin_sd_m: F32
    """inside where the head's mesh is seen and no hair is"""
    mesh_depth_m: F32
    """smoothed; +inf where there is no mesh"""
    px_m: float
    """size of a pixel at the head's depth"""
    source_camera: Camera
    """of the whole photo at full size, in the skull's rest frame"""
    box_px: F32
    """[4] x0, y0, x1, y1: what the maps show of the whole photo"""

    def sample(self, values: F32, pixels: F32) -> F32:
        """A map [H, W] at pixels [N, 2]; the border goes on for ever."""
        return ndimage.map_coordinates(values, [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5], order=1, mode="nearest")


def measure_photo(model: HeadModel, fit: HeadFit, shot: tuple[int, Mattes], params: HairParams) -> HairPhoto:
    """Photo number `shot[0]` of the fit, with its mattes."""
    index, mattes = shot
    vertices, source = in_skull_frame(model, fit, fit.views[index])
    pixels, depth = source.project(vertices)
    box = _head_box(mattes.head, pixels)
    scale = min(params.work_px / max(box[2] - box[0], box[3] - box[1]), _MAX_ENLARGEMENT)
    camera, (hair, head) = crop(source, (mattes.hair, mattes.head), box, scale)
    px_m = float(np.median(depth)) / camera.focal_px
    buffers = rasterize(vertices, model.faces, camera)
    seen = buffers.triangle >= 0
    is_hair = _clean(hair * np.clip(head * 2, 0, 1) > 0.5) & ~_beard(model, vertices, buffers.depth_m, camera)
    # what is neither hair nor the mesh (a shoulder, a hand) bounds the hair like the background
    explained = is_hair | (ndimage.distance_transform_edt(~seen) * px_m < _FIT_ERROR_M)
    depth_m = _smooth_depth(buffers.depth_m, 0.004 / px_m)
    return HairPhoto(
        camera, vertices, is_hair, signed_distance(is_hair) * px_m, signed_distance((head > 0.5) & explained) * px_m,
        signed_distance(seen & ~is_hair & (head > 0.5)) * px_m, depth_m, px_m,
        source, box,
    )  # fmt: skip


def signed_distance(mask: Bool) -> F32:
    """[H, W] pixels to the edge of `mask`, positive inside; beyond the picture counts as more of the same."""
    if mask.all() or not mask.any():
        return np.full(mask.shape, 1e3 if mask.all() else -1e3, np.float32)
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    distance = np.where(mask, inside - 0.5, 0.5 - outside)
    return ndimage.gaussian_filter(distance, 0.7, mode="nearest").astype(np.float32)


def crop(camera: Camera, maps: Sequence[np.ndarray], box: F32, scale: float) -> tuple[Camera, list[F32]]:
    """The camera and its maps [H, W] or [H, W, 3] cut to `box` (x0, y0, x1, y1 in pixels) and scaled.

    What lies beyond the picture repeats its border.
    """
    size = np.maximum(np.round((box[2:] - box[:2]) * scale), 1).astype(int)
    principal = (np.asarray(camera.principal_px) - box[:2]) * scale
    out = replace(
        camera, focal_px=camera.focal_px * scale, principal_px=(float(principal[0]), float(principal[1])),
        size_px=(int(size[0]), int(size[1])),
    )  # fmt: skip
    x = (np.arange(size[0]) + 0.5) / scale + box[0] - 0.5
    y = (np.arange(size[1]) + 0.5) / scale + box[1] - 0.5
    return out, [_resample(m, x, y, 0.5 / scale) for m in maps]


def _resample(image: F32, x: F32, y: F32, sigma_px: float) -> F32:
    image = np.asarray(image, np.float32)
    if image.ndim == 3:
        return np.stack([_resample(image[..., k], x, y, sigma_px) for k in range(image.shape[2])], -1)
    if sigma_px > 0.6:
        image = ndimage.gaussian_filter(image, sigma_px * 0.8, mode="nearest")
    grid = np.meshgrid(y, x, indexing="ij")
    return ndimage.map_coordinates(image, grid, order=1, mode="nearest").astype(np.float32)


def _head_box(head: F32, mesh_px: F32) -> F32:
    """[4] x0, y0, x1, y1 around the matte and the mesh, with a margin."""
    ys, xs = np.nonzero(head > 0.5)
    low, high = mesh_px.min(0), mesh_px.max(0)
    if len(xs):
        low = np.minimum(low, [xs.min(), ys.min()])
        high = np.maximum(high, [xs.max() + 1, ys.max() + 1])
    margin = _MARGIN * (high - low).max()
    return np.concatenate([low - margin, high + margin])


def _clean(hair: Bool) -> Bool:
    """The hair without specks and pinholes."""
    hair = ndimage.binary_opening(hair, iterations=1)
    for value in (True, False):
        labels, count = ndimage.label(hair == value)
        if count > 1:
            sizes = np.bincount(labels.ravel())
            sizes[0] = 0
            small = sizes < _MIN_PIECE * (sizes.max() if value else (hair.sum() or 1))
            small[0] = False
            hair = np.where(small[labels], not value, hair)
    return hair


def _beard(model: HeadModel, vertices_m: F32, depth_m: F32, camera: Camera) -> Bool:
    """[H, W] the middle of the lower face, where hair is a beard and belongs to the texture."""
    face = vertices_m[region(model, "face") > 0.5]
    if len(face) < 16:
        return np.zeros(depth_m.shape, bool)
    lips = vertices_m[region(model, "lips") > 0.5]
    top = lips[:, 1].max() + 0.02 if len(lips) else face[:, 1].mean()
    half_width = 0.75 * np.abs(face[:, 0]).max()
    points = unproject(camera, np.where(np.isfinite(depth_m), depth_m, 0))
    return np.isfinite(depth_m) & (points[..., 1] < top) & (np.abs(points[..., 0]) < half_width)


def unproject(camera: Camera, depth_m: F32) -> F32:
    """[H, W, 3] the points at camera depth [H, W] behind each pixel's centre."""
    height, width = depth_m.shape
    x = (np.arange(width) + 0.5 - camera.principal_px[0]) / camera.focal_px
    y = (np.arange(height) + 0.5 - camera.principal_px[1]) / camera.focal_px
    rays = np.stack([*np.meshgrid(x, y), np.ones((height, width))], -1)
    return move_back(camera, rays * depth_m[..., None])


def move_back(camera: Camera, points_m: F32) -> F32:
    """Points [..., 3] from camera space to the camera's world."""
    T = camera.T_camera_world
    return ((points_m - T[:3, 3]) @ T[:3, :3]).astype(np.float32)


def _smooth_depth(depth_m: F32, sigma_px: float) -> F32:
    """The skin's depth without wrinkles and eye sockets, by normalised convolution."""
    known = np.isfinite(depth_m).astype(np.float32)
    total = ndimage.gaussian_filter(np.where(known > 0, depth_m, 0), sigma_px)
    weight = ndimage.gaussian_filter(known, sigma_px)
    return np.where(known > 0, total / np.maximum(weight, 1e-6), np.inf).astype(np.float32)
