"""The light of a photo, from the shading of its skin."""

from __future__ import annotations

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.fit.silhouette import scaled_camera
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, sh_basis, srgb_to_linear
from headsmith.types import F32, Camera, Frame, Mattes

LONGEST_PX = 256
PRIOR_WEIGHT = 0.03
"""of the neutral light, per pixel: half of all normals face away from the camera and say nothing"""
MIN_PIXELS = 200


def estimate_light(model: HeadModel, vertices_m: F32, camera: Camera, frame: Frame, mattes: Mattes) -> F32:
    """[9, 3] irradiance that best explains the skin at one albedo; the skin's mean colour is taken as the albedo's.

    Least squares in nine spherical harmonics (Ramamoorthi and Hanrahan 2001). `NEUTRAL_LIGHT` where skin is scarce.
    """
    scale = min(1.0, LONGEST_PX / max(camera.size_px))
    buffers = rasterize(vertices_m, model.faces, scaled_camera(camera, scale))
    rows, columns = np.nonzero(buffers.triangle >= 0)
    x = np.minimum(((columns + 0.5) / scale).astype(int), frame.image.shape[1] - 1)
    y = np.minimum(((rows + 0.5) / scale).astype(int), frame.image.shape[0] - 1)
    bare = buffers.interpolate(model.regions["face"][model.faces][..., None])[rows, columns, 0] > 0.9
    used = bare & (mattes.skin[y, x] > 0.9) & (mattes.hair[y, x] < 0.1)
    if used.sum() < MIN_PIXELS:
        return NEUTRAL_LIGHT.copy()
    normals = buffers.interpolate(vertex_normals(vertices_m, model.faces)[model.faces])[rows, columns][used]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-8)
    colors = srgb_to_linear(frame.image[y, x][used].astype(np.float32) / 255)
    basis = sh_basis(normals).astype(np.float64)
    albedo = np.median(colors, 0) / np.median(basis @ NEUTRAL_LIGHT, 0)
    ridge = PRIOR_WEIGHT * len(basis) * np.eye(9)
    wanted = basis.T @ (colors / np.maximum(albedo, 1e-4)) + ridge @ NEUTRAL_LIGHT
    return np.linalg.solve(basis.T @ basis + ridge, wanted).astype(np.float32)
