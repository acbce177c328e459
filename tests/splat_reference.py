"""Splats to pixels in plain numpy, float64: what the tests of renderers that live without torch are held to.

EWA splatting (Zwicker et al. 2001) with the core's constants; tests/splats/test_splat_reference.py holds it to
the core.
"""

from __future__ import annotations

import numpy as np

from headsmith.asset import Splats
from headsmith.asset.harmonics import SH_C0, sh_bands
from headsmith.asset.quaternions import matrices_from_quaternions
from headsmith.types import F32, Camera

ALPHA_MIN, ALPHA_MAX, EPS2D_PX2 = 1 / 255, 0.999, 0.3


def footprints_m2(splats: Splats, camera: Camera) -> F32:
    """[N, 2, 2] blurred covariance in the picture (x right, y down), in metres at the splat's depth."""
    W = camera.T_camera_world[:3, :3].astype(np.float64)
    x, y, z = (splats.means @ W.T + camera.T_camera_world[:3, 3]).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    jacobian = np.stack([np.stack([one, zero, -x / z], -1), np.stack([zero, one, -y / z], -1)], 1)
    axes = jacobian @ W @ (matrices_from_quaternions(splats.quats.astype(np.float64)) * splats.scales[:, None])
    blur = EPS2D_PX2 * (z / camera.focal_px) ** 2
    return axes @ axes.transpose(0, 2, 1) + blur[:, None, None] * np.eye(2)


def colours(splats: Splats, camera: Camera) -> F32:
    """[N, 3] display values towards the camera."""
    out = 0.5 + SH_C0 * splats.sh0[:, 0].astype(np.float64)
    count = splats.shN.shape[1]
    if count:
        away = splats.means.astype(np.float64) - camera.position_m
        basis = sh_bands(away / np.linalg.norm(away, axis=1, keepdims=True), count)
        out = out + np.einsum("nk,nkc->nc", basis, splats.shN)
    return np.maximum(out, 0)


def splat_picture(splats: Splats, camera: Camera) -> F32:
    """[H, W, 4] premultiplied display values and alpha."""
    pixels, depth = camera.project(splats.means.astype(np.float64))
    covariance = footprints_m2(splats, camera) * (camera.focal_px / depth[:, None, None]) ** 2
    conic, colour = np.linalg.inv(covariance), colours(splats, camera)
    reach = np.sqrt(2 * np.log(np.maximum(splats.opacities / ALPHA_MIN, 1)))
    radius = reach[:, None] * np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    width, height = camera.size_px
    low = np.clip(np.floor(pixels - radius), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(pixels + radius) + 1, 0, (width, height)).astype(int)
    image, left = np.zeros((height, width, 4)), np.ones((height, width, 1))
    for i in np.argsort(depth, kind="stable"):
        if (low[i] >= high[i]).any():
            continue
        (x0, y0), (x1, y1) = low[i], high[i]
        dx, dy = np.arange(x0, x1) + 0.5 - pixels[i, 0], np.arange(y0, y1)[:, None] + 0.5 - pixels[i, 1]
        power = conic[i, 0, 0] * dx * dx + 2 * conic[i, 0, 1] * dx * dy + conic[i, 1, 1] * dy * dy
        alpha = np.minimum(splats.opacities[i] * np.exp(-power / 2), ALPHA_MAX)
        weight = np.where(alpha < ALPHA_MIN, 0, alpha)[..., None] * left[y0:y1, x0:x1]
        image[y0:y1, x0:x1] += weight * np.append(colour[i], 1)
        left[y0:y1, x0:x1] -= weight
    return image


def psnr(a: F32, b: F32) -> float:
    """dB, of values 0..1."""
    return float(-10 * np.log10(max(float(np.mean((a - b) ** 2)), 1e-12)))
