"""Where the mouth of a photo and that of the fitted mesh disagree, nothing may be learnt: teeth stay off the lips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import Bool, HeadFit, Landmarks, TrainingView
from headsmith.views.skull import region

# the inner rim of the lips in MediaPipe's face mesh, once around
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
_SUPERSAMPLE = 4


def doubt_mouth(view: TrainingView, model: HeadModel, fit: HeadFit, landmarks: Landmarks) -> TrainingView:
    """`view` with weight 0 where the photo shows the inside of the mouth and the mesh the lips, or the reverse."""
    opened = _inside_lips(landmarks, view.weight.shape)
    posed = model.pose(model.rest_vertices(fit.identity, fit.offsets_m), view.expression, view.joint_rotations)
    buffers = rasterize(posed, model.faces, view.camera)
    skin = model.faces_of("head")[np.maximum(buffers.triangle, 0)] & (buffers.triangle >= 0)
    mouth = buffers.interpolate(region(model, "inner_mouth")[model.faces][..., None])[..., 0] > 0.5
    lips = buffers.interpolate(region(model, "lips")[model.faces][..., None])[..., 0] > 0.1
    near = ndimage.binary_dilation(opened | (lips & skin), iterations=2)
    within, outside = near & (mouth | ~skin), near & skin & ~mouth
    # a pixel on the photo's rim shows a little of both
    conflict = (outside & ndimage.binary_dilation(opened)) | (within & ~opened)
    return replace(view, weight=np.where(conflict, 0, view.weight).astype(np.float32))


def _inside_lips(landmarks: Landmarks, shape: tuple[int, ...]) -> Bool:
    """[H, W] True where more than a tenth of the pixel lies between the lips."""
    height, width = shape
    canvas = Image.new("L", (width * _SUPERSAMPLE, height * _SUPERSAMPLE))
    rim = landmarks.points_px[list(INNER_LIPS)] * _SUPERSAMPLE
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in rim], fill=255)
    share = np.asarray(canvas, np.float32).reshape(height, _SUPERSAMPLE, width, _SUPERSAMPLE).mean((1, 3)) / 255
    return share > 0.1
