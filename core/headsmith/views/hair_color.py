"""The hair's colours: read from the photos where they show it, continued with strands where they do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, I32, U8, Bool
from headsmith.views.hair_photo import HairPhoto, Shot, crop, signed_distance
from headsmith.views.params import HairParams
from headsmith.views.strands import strand_noise

_PURE, _SURE = 0.6, 0.9
"""hair matte above which a pixel's colour may be hair, and above which it is"""
_DEPTH_SLACK_M = 0.012
"""how far behind what a pixel shows first a vertex may lie to count as shown (hair is not a smooth surface)"""
_REFLECTED_M, _ASIDE_M = 0.08, 0.012
"""how far from the seen hair its own picture is repeated, and how far beside it at most"""
_CONTRAST = 1.4
"""of drawn strands, relative to the seen ones"""
_HIGHLIGHT = 0.8
"""the part of the seen hair that is no lighter than any drawn strand"""
_BLUR_M = 0.04
"""over which colours run into each other where nothing was seen"""
_SHADE_BELOW = 0.3
"""how much darker hair gets that faces down"""
_LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Surface:
    vertices_m: F32
    """[M, 3] in the skull's rest frame"""
    faces: I32
    """[K, 3]"""
    normals: F32
    """[M, 3]"""


def surface(vertices_m: F32, faces: I32) -> Surface:
    return Surface(vertices_m, faces, vertex_normals(vertices_m, faces))


def color_hair(
    shell: Surface, head_faces: I32, pictures: list[tuple[HairPhoto, Shot]], params: HairParams
) -> tuple[U8, F32]:
    """Colours [M, 3] (sRGB) of the shell's vertices and how well they were seen [M] 0..1."""
    count = len(shell.vertices_m)
    total, weight = np.zeros((count, 3)), np.zeros(count)
    for picture in pictures:
        color, trust = _read_photo(shell, head_faces, picture, params)
        total += color * trust[:, None]
        weight += trust
    seen = np.clip(weight, 0, 1)
    read = total / np.maximum(weight, 1e-6)[:, None]
    known = seen > 0.5 if (seen > 0.5).sum() >= 16 else seen >= seen.max()
    guess = _continue_hair(shell, read, known, params.seed)
    mix = np.clip(seen / 0.5, 0, 1)[:, None]
    colors = np.clip(read * mix + guess * (1 - mix) + 0.5, 0, 255).astype(np.uint8)
    return colors, seen.astype(np.float32)


def _read_photo(
    shell: Surface, head_faces: I32, picture: tuple[HairPhoto, Shot], params: HairParams
) -> tuple[F32, F32]:
    """Colour [M, 3] 0..255 and trust [M] of each vertex in one photo."""
    photo, frame, mattes = picture[0], picture[1].frame, picture[1].mattes
    longest = max(photo.box_px[2] - photo.box_px[0], photo.box_px[3] - photo.box_px[1])
    scale = min(params.color_px / longest, 1.0)
    camera, maps = crop(photo.source_camera, (frame.image, mattes.hair, mattes.head), photo.box_px, scale)
    image, hair, head = maps
    purity = np.where(head > 0.9, hair, 0)
    pure_px = signed_distance(purity > _PURE)
    # colours come from inside the matte: at its edge they carry the background
    inside = ndimage.distance_transform_edt(pure_px < 1.5, return_distances=False, return_indices=True)
    image = image[tuple(inside)]
    pixels, depth = camera.project(shell.vertices_m)
    at = [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5]
    color = np.stack([_sample(image[..., k], at) for k in range(3)], -1)
    row, column = (np.clip(np.round(a).astype(int), 0, n - 1) for a, n in zip(at, image.shape[:2], strict=True))
    before_hair = rasterize(shell.vertices_m, shell.faces, camera).depth_m[row, column]
    before_skin = rasterize(photo.vertices_m, head_faces, camera).depth_m[row, column]
    shown = (depth < before_hair + _DEPTH_SLACK_M) & (depth < before_skin)
    facing = np.clip((_toward(camera.position_m, shell) - 0.05) / 0.3, 0, 1)
    surely_hair = np.clip((_sample(purity, at) - _PURE) / (_SURE - _PURE), 0, 1)
    return color, shown * facing * surely_hair * np.clip(_sample(pure_px, at) / 2.0, 0, 1)


def _sample(values: F32, at: list[F32]) -> F32:
    return ndimage.map_coordinates(values, at, order=1, mode="nearest")


def _toward(position_m: F32, shell: Surface) -> F32:
    """[M] cosine between the normals and the way to the camera."""
    ray = position_m - shell.vertices_m
    return (shell.normals * ray).sum(1) / np.linalg.norm(ray, axis=1)


def _continue_hair(shell: Surface, read: F32, known: Bool, seed: int) -> F32:
    """[M, 3] 0..255 what hair not seen may look like, given colours `read` [M, 3] of the `known` [M] vertices.

    Close to seen hair its own picture goes on, reflected as in a mirror that stands where the hair turns away;
    farther off its blurred colour goes on, with strands as contrasted and as tinted as those seen.
    """
    places, colors = shell.vertices_m[known], read[known]
    mirrored = places * np.array([-1, 1, 1], np.float32)
    lonely = cKDTree(places).query(mirrored)[0] > 0.01
    places, colors = np.concatenate([places, mirrored[lonely]]), np.concatenate([colors, colors[lonely]])
    apart = cKDTree(places).query(shell.vertices_m)[0]
    muted = _muted(colors)
    blurred = _blurred(places, muted, shell.vertices_m)
    own_blur = _nearby_mean(places, muted, places, 64)
    # a robust deviation: single highlights are no strands
    contrast = _CONTRAST * float(np.median(np.abs((muted - own_blur) @ _LUMINANCE))) / 0.6745
    noise = strand_noise(shell.vertices_m, seed) * contrast
    strands = _along_ramp(muted, blurred, noise)
    image = _behind_the_mirror(shell, known)
    aside = cKDTree(places).query(image)[0]
    near = np.exp(-((apart / _REFLECTED_M) ** 2) - (aside / _ASIDE_M) ** 2)[:, None]
    reflected = _nearby_mean(places, colors, image, 3)
    below = np.clip(-shell.normals[:, 1:2], 0, 1)
    return reflected * near + strands * (1 - near) * (1 - _SHADE_BELOW * below)


def _muted(colors: F32) -> F32:
    """[N, 3] without highlights, and without the skin that shines through short hair."""
    light = colors @ _LUMINANCE
    most = np.quantile(light, _HIGHLIGHT)
    return colors * np.minimum(1, most / np.maximum(light, 1e-6))[:, None]


def _behind_the_mirror(shell: Surface, known: Bool) -> F32:
    """[M, 3] the vertices; those behind the seen part, reflected at the plane where it ends."""
    front = shell.normals[known].mean(0)
    front = front / max(float(np.linalg.norm(front)), 1e-9)
    along = shell.vertices_m @ front
    behind = np.maximum(np.quantile(along[known], 0.03) - along, 0)
    return shell.vertices_m + 2 * behind[:, None] * front


def _blurred(places_m: F32, colors: F32, at_m: F32) -> F32:
    """Colours [M, 3] at points [M, 3]: near the seen hair its own, far from it the mean of all."""
    few = slice(None, None, max(len(places_m) // 600, 1))
    out = np.empty((len(at_m), 3))
    for start in range(0, len(at_m), 8192):
        apart = cdist(at_m[start : start + 8192], places_m[few], "sqeuclidean")
        weight = 1.0 / (apart + _BLUR_M**2) ** 1.5
        out[start : start + 8192] = weight @ colors[few] / weight.sum(1, keepdims=True)
    return out


def _nearby_mean(places_m: F32, colors: F32, at_m: F32, neighbours: int) -> F32:
    """Colours [M, 3] at points [M, 3] from the nearest places."""
    count = min(neighbours, len(places_m))
    apart, index = cKDTree(places_m).query(at_m, k=np.arange(1, count + 1))
    weight = 1.0 / (apart + 0.004)
    return (colors[index] * weight[..., None]).sum(1) / weight.sum(1, keepdims=True)


def _along_ramp(colors: F32, base: F32, change: F32) -> F32:
    """[M, 3] base colours [M, 3] made lighter or darker by `change` [M] with the tints that `colors` [N, 3] show."""
    light = colors @ _LUMINANCE
    levels = np.quantile(light, np.linspace(0.02, 0.98, 17))
    levels = np.maximum.accumulate(levels + np.arange(17) * 1e-3)
    bins = np.clip(np.searchsorted(levels, light), 0, 16)
    count = np.maximum(np.bincount(bins, minlength=17), 1)
    ramp = np.stack([np.bincount(bins, colors[:, k], 17) / count for k in range(3)], 1)
    filled = np.bincount(bins, minlength=17) > 0
    before = base @ _LUMINANCE
    out = np.empty_like(base)
    for k in range(3):
        x, y = levels[filled], ramp[filled, k]
        out[:, k] = base[:, k] + np.interp(before + change, x, y) - np.interp(before, x, y)
    return out
