"""MediaPipe's Face Landmarker behind one class; nothing else in the stage knows about MediaPipe.

Model card: https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker (Apache-2.0).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from headsmith.asset.arkit import ARKIT_52
from headsmith.quiet import native_stderr_silenced
from headsmith.types import F32, U8

MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
MAX_FACES = 8


@dataclass(frozen=True)
class Face:
    """One detected face in the picture that was searched."""

    points: F32
    """[478, 3] x and y in pixels from the top-left corner, z in pixels, smaller is nearer"""
    scores: F32
    """[52] in ARKit order"""
    T_face: F32
    """[4, 4]"""

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """left, top, right, bottom of the points."""
        (x0, y0), (x1, y1) = self.points[:, :2].min(0), self.points[:, :2].max(0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def width_px(self) -> float:
        return self.box_px[2] - self.box_px[0]


class FaceFinder:
    """A running Face Landmarker in image mode. Use as `with face_finder() as finder:`, so that it is closed."""

    def __init__(self) -> None:
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=_model_bytes()),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=MAX_FACES,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._landmarker = vision.FaceLandmarker.create_from_options(options)

    def close(self) -> None:
        self._landmarker.close()

    def faces(self, image: U8) -> list[Face]:
        """All faces in an sRGB image [H, W, 3], widest first."""
        height, width = image.shape[:2]
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        result = self._landmarker.detect(picture)
        # z is in units of the image's width, as x is
        scale = np.array([width, height, width], np.float32)
        found = [
            Face(
                np.array([(p.x, p.y, p.z) for p in points], np.float32) * scale,
                arkit_scores({category.category_name: category.score for category in categories}),
                np.array(matrix, np.float32),
            )
            for points, categories, matrix in zip(
                result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes, strict=True
            )
        ]
        return sorted(found, key=lambda face: -face.width_px)


@contextmanager
def face_finder() -> Iterator[FaceFinder]:
    """A `FaceFinder` that is closed at the end and whose C++ log stays off the terminal."""
    with native_stderr_silenced():
        finder = FaceFinder()
        try:
            yield finder
        finally:
            finder.close()


def arkit_scores(by_name: dict[str, float]) -> F32:
    """[52] MediaPipe's scores in ARKit order; what MediaPipe does not score (tongueOut) is 0."""
    return np.array([by_name.get(name, 0.0) for name in ARKIT_52], np.float32)


@lru_cache(maxsize=1)
def _model_bytes() -> bytes:
    content = files("headsmith.landmarks").joinpath("data/face_landmarker.task").read_bytes()
    if hashlib.sha256(content).hexdigest() != MODEL_SHA256:
        raise RuntimeError("headsmith/landmarks/data/face_landmarker.task is damaged; install headsmith again.")
    return content
