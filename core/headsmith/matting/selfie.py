"""MediaPipe's selfie segmenters: the vendored one (person) and the user's own six-class one.

Model cards: https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter (Apache-2.0).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from PIL import Image

from headsmith.errors import InputError
from headsmith.quiet import native_stderr_silenced
from headsmith.types import F32, U8

MULTICLASS = ("background", "hair", "body_skin", "face_skin", "clothes", "others")


def selfie_person(image: U8) -> F32:
    """sRGB [H, W, 3] to [H, W] 0..1: how far each pixel belongs to a person."""
    model = files("headsmith.matting").joinpath("data/selfie_segmentation.tflite").read_bytes()
    return _segment(model, image)[-1]


def selfie_classes(image: U8, model_path: Path) -> F32:
    """sRGB [H, W, 3] to [6, H, W] 0..1 in the order of `MULTICLASS`.

    Raises InputError when the file is missing or is no six-class segmenter.
    """
    expected = "MediaPipe's selfie_multiclass .tflite file"
    try:
        model = model_path.read_bytes()
    except OSError as error:
        raise InputError(model_path, found=f"no readable file ({error.strerror})", expected=expected,
                         action="check the path") from error  # fmt: skip
    try:
        masks = _segment(model, image)
    except (RuntimeError, ValueError) as error:
        raise InputError(model_path, found="a file that MediaPipe cannot run", expected=expected,
                         action="download the model again") from error  # fmt: skip
    if len(masks) != len(MULTICLASS):
        raise InputError(model_path, found=f"a model with {len(masks)} class(es)",
                         expected=f"{expected} with {len(MULTICLASS)}", action="give that model")  # fmt: skip
    return masks


def _segment(model: bytes, image: U8) -> F32:
    """[C, H, W] confidence of each class."""
    height, width = image.shape[:2]
    options = vision.ImageSegmenterOptions(
        base_options=BaseOptions(model_asset_buffer=model),
        running_mode=vision.RunningMode.IMAGE,
        output_confidence_masks=True,
        output_category_mask=False,
    )
    with native_stderr_silenced(), vision.ImageSegmenter.create_from_options(options) as segmenter:
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        masks = [mask.numpy_view().reshape(mask.height, mask.width).copy()
                 for mask in segmenter.segment(picture).confidence_masks]  # fmt: skip
    resized = [Image.fromarray(mask).resize((width, height), Image.Resampling.BICUBIC) for mask in masks]
    return np.stack([np.asarray(mask) for mask in resized]).clip(0, 1)
