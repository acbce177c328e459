"""What one photo says about each texel: its colour, and how far to trust it as skin or as hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import srgb_to_linear
from headsmith.texture.params import TextureParams
from headsmith.texture.sampling import crop_camera, sample_bicubic_px, sample_bilinear_px
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32, Bool, Camera, Frame, Mattes, ViewFit

EDGE_MARGIN_M = (0.0008, 0.004)
"""distance from a depth step at which trust begins, and is full"""
PART_MARGIN_M = (0.0005, 0.002)
"""the same from another part of the head, such as teeth behind lips"""
MATTE_MARGIN_M = 0.0015
DEPTH_STEP_M = 0.003
DEPTH_BIAS_M = 0.001


@dataclass(frozen=True)
class Shot:
    """One photo and how the head stands in it."""

    frame: Frame
    mattes: Mattes
    view: ViewFit
    vertices_m: F32
    """[V, 3] the head posed as in the photo"""
    shift_px: F32 | None = None
    """[V, 2] how far the photo shows the vertices from there"""


@dataclass(frozen=True)
class ViewSamples:
    """One photo on the N texels of an atlas."""

    colour: F32
    """[N, 3] linear RGB, zero where unseen"""
    seen: F32
    """[N] 0..1 trust in geometry alone: visible, turned to the camera, far from edges"""
    skin: F32
    """[N] 0..1 how far the mattes call it skin"""
    person: F32
    """[N] 0..1 how far the mattes call it the head of the person, but not hair"""
    hair: F32
    """[N] 0..1 how far the mattes call it hair"""
    head: F32
    """[N] 0..1 how far the mattes call it this head at all: no background, no clothes"""
    normal: F32
    """[N, 3] in head space"""
    pixels_per_m: float
    """how finely the photo resolves the head"""


@dataclass(frozen=True)
class _Grid:
    """A window on the head in which edges are looked for, at a resolution of its own."""

    camera: Camera
    depth_m: F32
    trust: F32
    """[H, W] 0..1 by the distance from edges"""
    skin: F32
    person: F32
    hair: F32
    head: F32


def project_view(model: HeadModel, shot: Shot, atlas: Atlas, params: TextureParams) -> ViewSamples:
    """Sample one photo at the texels of `atlas`."""
    camera = shot.view.camera
    grid = _analyse(model, shot, params)
    normal = atlas.at(vertex_normals(shot.vertices_m, model.faces))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-8)
    position = atlas.at(shot.vertices_m)
    to_eye = camera.position_m - position
    cosine = (normal * to_eye).sum(1) / np.maximum(np.linalg.norm(to_eye, axis=1), 1e-8)
    pixel, depth_m = camera.project(position)
    on_grid = grid.camera.project(position)[0]
    seen = _trust(grid, on_grid, depth_m, cosine) * np.clip(cosine, 0, 1) ** params.facing_power
    if shot.shift_px is not None:
        shift_px = atlas.at(shot.shift_px)
        pixel = pixel + shift_px
        on_grid = on_grid + shift_px * np.float32(grid.camera.focal_px / camera.focal_px)
    hit = seen > 0
    colour = np.zeros((len(seen), 3), np.float32)
    colour[hit] = _sample_photo(shot, pixel[hit], params)
    skin, person, hair, head = (_on_hits(m, on_grid, hit) for m in (grid.skin, grid.person, grid.hair, grid.head))
    resolution = camera.focal_px / float(np.median(depth_m))
    return ViewSamples(colour, seen, skin, person, hair, head, normal, resolution)


def _on_hits(image: F32, pixel: F32, hit: Bool) -> F32:
    out = np.zeros(len(pixel), np.float32)
    out[hit] = sample_bilinear_px(image, pixel[hit])
    return out


def head_box(vertices_m: F32, camera: Camera) -> tuple[float, float, float, float]:
    """The head's bounds in the photo (x0, y0, x1, y1) with a margin of 4 %, clipped to the picture."""
    pixel, _ = camera.project(vertices_m)
    low, high = pixel.min(0), pixel.max(0)
    margin = 0.04 * (high - low)
    x0, y0 = np.maximum(low - margin, 0)
    x1, y1 = np.minimum(high + margin, np.asarray(camera.size_px))
    return float(x0), float(y0), float(max(x1, x0 + 2)), float(max(y1, y0 + 2))


def _analyse(model: HeadModel, shot: Shot, params: TextureParams) -> _Grid:
    camera = shot.view.camera
    x0, y0, x1, y1 = head_box(shot.vertices_m, camera)
    scale = params.analysis_px / max(x1 - x0, y1 - y0)
    size = (int(np.ceil((x1 - x0) * scale)), int(np.ceil((y1 - y0) * scale)))
    window = crop_camera(camera, (x0, y0), scale, size)
    buffers = rasterize(shot.vertices_m, model.faces, window)
    seen = buffers.triangle >= 0
    metres_per_px = float(np.median(buffers.depth_m[seen])) / window.focal_px if seen.any() else 1.0
    part = np.where(seen, surface_kind(model)[np.maximum(buffers.triangle, 0)], -1)
    trust = _margin(_depth_steps(buffers.depth_m), EDGE_MARGIN_M, metres_per_px, scale)
    trust *= _margin(_changes(part), PART_MARGIN_M, metres_per_px, scale)
    yy, xx = np.mgrid[: size[1], : size[0]].astype(np.float32)
    photo_px = np.stack([xx + 0.5, yy + 0.5], -1) / scale + np.array([x0, y0], np.float32)
    radius = max(MATTE_MARGIN_M / metres_per_px, scale)
    mattes = shot.mattes
    head = np.minimum(mattes.head, mattes.person)
    kinds = (mattes.skin, head * (1 - mattes.hair), mattes.hair, head)
    eroded = (_eroded(sample_bilinear_px(m, photo_px), radius) for m in kinds)
    return _Grid(window, buffers.depth_m, trust, *eroded)


def surface_kind(model: HeadModel) -> I32:
    """[F] the part of each triangle, the inside of the mouth counted as one more."""
    inner = model.regions["inner_mouth"][model.faces].mean(1) > 0.5 if "inner_mouth" in model.regions else False
    return np.where(inner, len(model.part_names), model.face_part).astype(np.int32)


def _depth_steps(depth_m: F32) -> Bool:
    """True beside a step in depth, on both of its sides, and along the outline."""
    out = np.zeros(depth_m.shape, bool)
    finite = np.where(np.isfinite(depth_m), depth_m, 1e3)
    for axis in (0, 1):
        step = np.abs(np.diff(finite, axis=axis)) > DEPTH_STEP_M
        near, far = [slice(None)] * 2, [slice(None)] * 2
        near[axis], far[axis] = slice(None, -1), slice(1, None)
        out[tuple(near)] |= step
        out[tuple(far)] |= step
    return out


def _changes(kind: I32) -> Bool:
    return (ndimage.maximum_filter(kind, 3) != ndimage.minimum_filter(kind, 3)) & (kind >= 0)


def _margin(edge: Bool, margin_m: tuple[float, float], metres_per_px: float, grid_per_photo_px: float) -> F32:
    """0 at the edge, 1 far from it; never less than one pixel of the photo wide, which may mix both sides."""
    if not edge.any():
        return np.ones(edge.shape, np.float32)
    distance = ndimage.distance_transform_edt(~edge)
    start = max(margin_m[0] / metres_per_px, 0.7 * grid_per_photo_px)
    end = max(margin_m[1] / metres_per_px, start + grid_per_photo_px)
    return smoothstep(start, end, distance)


def smoothstep(low: float, high: float, x: F32) -> F32:
    """0 below `low`, 1 above `high`, an S-curve between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _eroded(matte: F32, radius_px: float) -> F32:
    size = 2 * max(1, round(radius_px)) + 1
    shrunk = ndimage.minimum_filter(matte, size)
    return np.clip(ndimage.gaussian_filter(shrunk, radius_px / 3), 0, 1).astype(np.float32)


def _trust(grid: _Grid, on_grid: F32, depth_m: F32, cosine: F32) -> F32:
    """[N] 0..1 for texels at `on_grid` [N, 2] px: in front, not grazing, away from edges."""
    width, height = grid.camera.size_px
    x, y = np.floor(on_grid).astype(np.int32).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (depth_m > 0)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    slope = np.sqrt(np.maximum(1 - cosine**2, 0)) / np.maximum(cosine, 0.2)
    bias_m = DEPTH_BIAS_M + 2 * depth_m / grid.camera.focal_px * slope
    visible = inside & (depth_m <= grid.depth_m[y, x] + bias_m)
    return np.where(visible, smoothstep(0.08, 0.35, cosine), 0) * np.where(visible, grid.trust[y, x], 0)


def _sample_photo(shot: Shot, pixel: F32, params: TextureParams) -> F32:
    """[N, 3] linear RGB; a photo much finer than the texture is reduced first, so that it does not alias."""
    x0, y0, x1, y1 = (round(e) for e in head_box(shot.vertices_m, shot.view.camera))
    crop = Image.fromarray(shot.frame.image[y0:y1, x0:x1])
    scale = min(1.0, 0.6 * params.size_px / max(crop.size))
    if scale < 1:
        crop = crop.resize((round(crop.width * scale), round(crop.height * scale)), Image.Resampling.LANCZOS)
    ratio = np.array([crop.width / (x1 - x0), crop.height / (y1 - y0)], np.float32)
    srgb = np.asarray(crop, np.float32) / 255
    sampled = sample_bicubic_px(srgb, (pixel - np.array([x0, y0], np.float32)) * ratio)
    return srgb_to_linear(np.clip(sampled, 0, 1))
