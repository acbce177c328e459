"""What one photo says about the hair: mattes, signed distances in metres, and the skin's depth, on a small crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, Bool, Camera, Frame, HeadFit, Mattes
from headsmith.views.hair_matte import MatteView, plausible_hair
from headsmith.views.params import HairParams
from headsmith.views.skull import in_skull_frame

_MARGIN = 0.08
"""crop around the head, as a fraction of its size"""
_FIT_ERROR_M = 0.006
"""how far the mesh may keep from the outline that it stands for"""
_FRINGE_M = 0.003
"""width of the hair's soft edge"""
_MAX_ENLARGEMENT = 2.0
"""of small photos"""


@dataclass(frozen=True)
class Shot:
    """A photo of the fit."""

    index: int
    """row of `HeadFit.views`"""
    frame: Frame
    mattes: Mattes


@dataclass(frozen=True)
class HairPhoto:
    """Maps [H, W] in the pixels of `camera`; signed distances are positive inside, metres at the head's depth."""

    camera: Camera
    """in the skull's rest frame"""
    vertices_m: F32
    """[V, 3] the head in the photo's expression, in the same frame"""
    inside: Bool
    """within the photo; beyond it nothing is known"""
    hair: Bool
    hair_sd_m: F32
    head_sd_m: F32
    """beyond the photo counts as head, for all that is known"""
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


def measure_photo(model: HeadModel, fit: HeadFit, shot: Shot, params: HairParams) -> HairPhoto:
    """What shot number `shot.index` of the fit shows."""
    vertices, source = in_skull_frame(model, fit, fit.views[shot.index])
    pixels, depth = source.project(vertices)
    box = _head_box(shot.mattes.head, pixels)
    scale = min(params.work_px / max(box[2] - box[0], box[3] - box[1]), _MAX_ENLARGEMENT)
    camera, maps = crop(source, (shot.mattes.hair, shot.mattes.head, shot.frame.image), box, scale)
    middle_m = float(np.median(depth))
    px_m = middle_m / camera.focal_px
    mesh = rasterize(vertices, model.faces, camera).depth_m
    inside = _inside(camera, source, box)
    seen, head = np.isfinite(mesh), maps[1] > 0.5
    view = MatteView(
        hair=maps[0] * np.clip(maps[1] * 2, 0, 1),
        color=maps[2],
        at_head_m=unproject(camera, np.full(mesh.shape, middle_m)),
        on_mesh_m=unproject(camera, np.where(seen, mesh, np.nan)),
        px_m=px_m,
    )
    hair = plausible_hair(model, vertices, view)
    # at the outline the head's matte already holds where the hair's still rises
    hair |= head & ~seen & (ndimage.distance_transform_edt(~hair) * px_m < _FRINGE_M)
    # what is neither hair nor the mesh (a shoulder, a hand) bounds the hair like the background
    explained = hair | (ndimage.distance_transform_edt(~seen) * px_m < _FIT_ERROR_M)
    return HairPhoto(
        camera=camera,
        vertices_m=vertices,
        hair=hair & inside,
        hair_sd_m=signed_distance(hair & inside) * px_m,
        inside=inside,
        head_sd_m=signed_distance((head & explained) | ~inside) * px_m,
        skin_sd_m=signed_distance(seen & ~hair & head & inside) * px_m,
        mesh_depth_m=_smooth_depth(mesh, 0.004 / px_m),
        px_m=px_m,
        source_camera=source,
        box_px=box,
    )


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


def _inside(camera: Camera, source: Camera, box: F32) -> Bool:
    """[H, W] True for the crop's pixels that lie in the photo, but for its outermost ones."""
    scale = camera.focal_px / source.focal_px
    x, y = ((np.arange(n) + 0.5) / scale + o for n, o in zip(camera.size_px, box[:2], strict=True))
    width, height = source.size_px
    return ((y > 1) & (y < height - 1))[:, None] & ((x > 1) & (x < width - 1))


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
