"""Smaller pictures of the same views."""

from __future__ import annotations

import numpy as np

from headsmith.surface.mesh import SurfaceView
from headsmith.types import F32, Camera


def view_at(view: SurfaceView, shrink: int) -> SurfaceView:
    """The view with its pictures averaged down by a whole factor; the image in 0..1."""
    image = np.asarray(view.image, np.float32) / (255.0 if view.image.dtype == np.uint8 else 1.0)
    image, mask, weight = (shrunk(a, shrink) for a in (image, view.mask, view.weight))
    camera, (height, width) = view.camera, mask.shape
    x, y = camera.principal_px
    small = Camera(camera.focal_px / shrink, (x / shrink, y / shrink), (width, height), camera.T_camera_world)
    return SurfaceView(image, mask, small, weight)


def shrunk(image: F32, factor: int) -> F32:
    """[ceil(H / factor), ceil(W / factor), ...] means of blocks; the last rows and columns repeat at the border."""
    pad = [(0, -n % factor) for n in image.shape[:2]] + [(0, 0)] * (image.ndim - 2)
    padded = np.pad(np.asarray(image, np.float32), pad, mode="edge")
    height, width = (n // factor for n in padded.shape[:2])
    return padded.reshape(height, factor, width, factor, *image.shape[2:]).mean((1, 3))
