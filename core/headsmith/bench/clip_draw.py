"""Pictures of several meshes at once, each textured or coloured, lit by spherical harmonics (numba, deterministic)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import DARKEST, linear_to_srgb, srgb_to_linear
from headsmith.types import F32, I32, U8, Camera

_STEPS = 8192
_GRID = np.linspace(0, 1, _STEPS + 1, dtype=np.float32)
_TO_LINEAR, _TO_SRGB = srgb_to_linear(_GRID), linear_to_srgb(_GRID)
_SHARPNESS = 18.0
"""exponent of highlights: skin's are wide"""
BY_COLOR = -1


@dataclass(frozen=True)
class Part:
    """One mesh."""

    vertices_m: F32
    """[V, 3]"""
    faces: I32
    """[F, 3]"""
    normals: F32
    """[V, 3] unit"""
    look: F32
    """[F, 3, 3] at each corner: u, v and nothing where `texture` is a picture's number, else its sRGB albedo 0..1"""
    texture: int
    """which of the pictures that `draw` gets, or BY_COLOR"""
    open_to_light: F32 | None = None
    """[V] 0..1 share of the surroundings that can be seen from each vertex; None: all"""
    gloss: float = 0.0
    """how bright highlights are, of the brightest light"""
    lit: bool = True
    """False for what is drawn as it is painted"""


@dataclass(frozen=True)
class Drawing:
    image: F32
    """[H, W, 3] sRGB 0..1, black where nothing is"""
    part: I32
    """[H, W] which of the parts is seen, -1 for none"""
    triangle: I32
    """[H, W] which of that part's triangles"""
    depth_m: F32
    """[H, W] camera z, +inf where nothing is seen"""


def draw(parts: tuple[Part, ...], textures: tuple[U8, U8], camera: Camera, light_sh: F32) -> Drawing:
    """What `camera` sees of all parts; `light_sh` [9, 3] irradiance in the space of their vertices."""
    starts = np.cumsum([0, *(len(p.vertices_m) for p in parts)])
    first = np.cumsum([0, *(len(p.faces) for p in parts)]).astype(np.int32)
    vertices = np.concatenate([p.vertices_m for p in parts])
    faces = np.concatenate([p.faces + s for p, s in zip(parts, starts[:-1], strict=True)]).astype(np.int32)
    buffers = rasterize(vertices, faces, camera)
    normals = np.concatenate([p.normals for p in parts]).astype(np.float32)
    look = np.concatenate([p.look for p in parts]).astype(np.float32)
    kind = np.array([(p.texture, p.lit) for p in parts], np.int32)
    gloss = np.array([p.gloss for p in parts], np.float32)
    seen_from = np.concatenate(
        [np.ones(len(p.vertices_m)) if p.open_to_light is None else p.open_to_light for p in parts]
    ).astype(np.float32)
    corners = np.concatenate([vertices, normals, seen_from[:, None]], 1).astype(np.float32)
    image = np.zeros((*buffers.triangle.shape, 3), np.float32)
    part = np.searchsorted(first, buffers.triangle, side="right").astype(np.int32) - 1
    light = np.asarray(light_sh, np.float32)
    _shade(buffers.triangle, buffers.barycentric, part, kind, gloss, faces, corners, look, *textures, light,
           camera.position_m, _TO_LINEAR, _TO_SRGB, image)  # fmt: skip
    seen = buffers.triangle >= 0
    return Drawing(image, np.where(seen, part, -1), np.where(seen, buffers.triangle - first[part], -1),
                   buffers.depth_m)  # fmt: skip


@njit(cache=True, nogil=True)
def _sample(texture, u, v, out):  # type: ignore[no-untyped-def]
    """Bilinear; row 0 is v = 1."""
    height, width = texture.shape[:2]
    x = min(max(u * width - 0.5, 0.0), width - 1.001)
    y = min(max((1 - v) * height - 0.5, 0.0), height - 1.001)
    x0, y0 = int(x), int(y)
    fx, fy = x - x0, y - y0
    for c in range(3):
        top = texture[y0, x0, c] * (1 - fx) + texture[y0, x0 + 1, c] * fx
        bottom = texture[y0 + 1, x0, c] * (1 - fx) + texture[y0 + 1, x0 + 1, c] * fx
        out[c] = (top * (1 - fy) + bottom * fy) / 255


@njit(cache=True, nogil=True)
def _irradiance(x, y, z, light, out):  # type: ignore[no-untyped-def]
    """As `headsmith.head_model.shading.irradiance`, of a normal that need not have length 1."""
    length = max(np.sqrt(x * x + y * y + z * z), 1e-8)
    x, y, z = x / length, y / length, z / length
    for c in range(3):
        mean = 0.282095 * light[0, c]
        value = mean + 0.488603 * (y * light[1, c] + z * light[2, c] + x * light[3, c])
        value += 1.092548 * (x * y * light[4, c] + y * z * light[5, c] + x * z * light[7, c])
        value += 0.315392 * (3 * z * z - 1) * light[6, c] + 0.546274 * (x * x - y * y) * light[8, c]
        out[c] = max(value, DARKEST * mean)


@njit(cache=True, nogil=True)
def _highlight(point, normal, eye, light):  # type: ignore[no-untyped-def]
    """0..1 how far a surface mirrors the brightest light (Blinn 1977)."""
    out, length_v, length_l, length_n = 0.0, 0.0, 0.0, 0.0
    toward, half = np.empty(3), np.empty(3)
    # the linear band points where most light comes from
    toward[0], toward[1], toward[2] = light[3, 1], light[1, 1], light[2, 1]
    for c in range(3):
        half[c] = eye[c] - point[c]
        length_v += half[c] * half[c]
        length_l += toward[c] * toward[c]
        length_n += normal[c] * normal[c]
    length_h = 0.0
    for c in range(3):
        half[c] = half[c] / np.sqrt(length_v) + toward[c] / np.sqrt(max(length_l, 1e-12))
        length_h += half[c] * half[c]
    for c in range(3):
        out += half[c] * normal[c]
    cosine = max(out, 0.0) / np.sqrt(max(length_h * length_n, 1e-12))
    return cosine**_SHARPNESS


@njit(cache=True, nogil=True)
def _shade(triangle, weights, part, kind, gloss, faces, corners, look, first, second, light, eye, to_linear, to_srgb,
           image):  # type: ignore[no-untyped-def]  # fmt: skip
    """`corners` [V, 7]: place, normal, how open to light."""
    height, width = triangle.shape
    steps = len(to_linear) - 1
    color, value, corner, power = np.zeros(3), np.zeros(3), np.zeros(7), np.zeros(3)
    for row in range(height):
        for column in range(width):
            f = triangle[row, column]
            if f < 0:
                continue
            value[:] = 0
            corner[:] = 0
            for k in range(3):
                w = weights[row, column, k]
                for c in range(3):
                    value[c] += w * look[f, k, c]
                for c in range(7):
                    corner[c] += w * corners[faces[f, k], c]
            p = part[row, column]
            texture, lit = kind[p]
            if texture == 0:
                _sample(first, value[0], value[1], color)
            elif texture == 1:
                _sample(second, value[0], value[1], color)
            else:
                color[:] = value
            if lit:
                _irradiance(corner[3], corner[4], corner[5], light, power)
                shine = 0.0
                if gloss[p] > 0:
                    shine = gloss[p] * corner[6] * _highlight(corner[:3], corner[3:6], eye, light)
                for c in range(3):
                    albedo = to_linear[int(min(max(color[c], 0.0), 1.0) * steps + 0.5)]
                    linear = albedo * power[c] * corner[6] + shine
                    color[c] = to_srgb[int(min(linear, 1.0) * steps + 0.5)]
            for c in range(3):
                image[row, column, c] = color[c]
