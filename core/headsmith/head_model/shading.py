"""Shading with second-order spherical-harmonic irradiance, and the textured render of a mesh."""

from __future__ import annotations

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.types import F32, I32, U8, Camera


def srgb_to_linear(srgb: F32) -> F32:
    """0..1 to 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: F32) -> F32:
    """0..1 to 0..1, clipped below 0 (IEC 61966-2-1)."""
    x = np.maximum(linear, 0.0)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 1e-8) ** (1 / 2.4) - 0.055).astype(np.float32)


def sh_basis(normals: F32) -> F32:
    """Unit normals [..., 3] to the nine real SH basis values [..., 9] (Ramamoorthi and Hanrahan 2001, eq. 3)."""
    x, y, z = np.moveaxis(normals, -1, 0)
    one = np.ones_like(x)
    return np.stack(
        [0.282095 * one, 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y, 1.092548 * y * z,
         0.315392 * (3 * z * z - 1), 1.092548 * x * z, 0.546274 * (x * x - y * y)], -1).astype(np.float32)  # fmt: skip


def rotated_light(light_sh: F32, R: F32) -> F32:
    """The light [9, 3] after the room was turned by `R` [3, 3]: `sh_basis(n @ R.T) @ out = sh_basis(n) @ light_sh`.

    A light that is fixed to the camera is `rotated_light(light_camera, T_camera_world[:3, :3].T)` in head space.
    """
    k = np.arange(32)
    z, angle = 1 - (2 * k + 1) / 32, np.pi * (3 - np.sqrt(5)) * k
    normals = np.stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z], -1)
    values = sh_basis(normals) @ light_sh
    return np.linalg.lstsq(sh_basis(normals @ R.T), values, rcond=None)[0].astype(np.float32)


DARKEST = 0.35
"""of the mean irradiance"""

NEUTRAL_LIGHT = np.zeros((9, 3), np.float32)
NEUTRAL_LIGHT[0] = 0.9 / 0.282095
NEUTRAL_LIGHT[1], NEUTRAL_LIGHT[2] = 0.15, 0.35


def sample_bilinear(texture: U8 | F32, uv: F32) -> F32:
    """Texture [T, T, C] uint8 or float (row 0 is v = 1) at uv [..., 2] to values [..., C] 0..1."""
    height, width = texture.shape[:2]
    x = np.clip(uv[..., 0] * width - 0.5, 0, width - 1.001)
    y = np.clip((1 - uv[..., 1]) * height - 0.5, 0, height - 1.001)
    x0, y0 = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - x0)[..., None].astype(np.float32), (y - y0)[..., None].astype(np.float32)
    t = texture if texture.ndim == 3 else texture[..., None]
    top = t[y0, x0] * (1 - fx) + t[y0, x0 + 1] * fx
    bottom = t[y0 + 1, x0] * (1 - fx) + t[y0 + 1, x0 + 1] * fx
    return (top * (1 - fy) + bottom * fy).astype(np.float32) / (255.0 if texture.dtype == np.uint8 else 1.0)


def shade(buffers: RasterBuffers, vertices_m: F32, faces: I32, light_sh: F32) -> F32:
    """[H, W, 3] irradiance (linear RGB) of a rasterised mesh under `light_sh` [9, 3]."""
    return irradiance(pixel_normals(buffers, vertices_m, faces), light_sh)


def pixel_normals(buffers: RasterBuffers, vertices_m: F32, faces: I32) -> F32:
    """[H, W, 3] unit normals of a rasterised mesh, 0 beside it."""
    normals = buffers.interpolate(vertex_normals(vertices_m, faces)[faces])
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-8)


def irradiance(normals: F32, light_sh: F32) -> F32:
    """[..., 3] linear RGB on unit `normals` [..., 3].

    A photo says little of the light from behind: what its nine coefficients extrapolate there is kept above a part of
    the mean light, or it would turn dark in one channel before the others.
    """
    return np.maximum(sh_basis(normals) @ light_sh, DARKEST * sh_basis(normals)[..., :1] * light_sh[0])


def render_textured(
    vertices_m: F32, faces: I32, uvs: F32, uv_faces: I32, texture: U8, camera: Camera, light_sh: F32 = NEUTRAL_LIGHT
) -> tuple[F32, RasterBuffers]:
    """The mesh with its albedo under a light: sRGB image [H, W, 3] 0..1 on black, and its buffers."""
    buffers = rasterize(vertices_m, faces, camera)
    albedo = srgb_to_linear(sample_bilinear(texture, buffers.interpolate(uvs[uv_faces])))
    image = np.clip(linear_to_srgb(albedo * shade(buffers, vertices_m, faces, light_sh)), 0, 1)
    image[buffers.triangle < 0] = 0
    return image, buffers
