"""Landmarks of synthetic clips: true ones, and how far found ones are from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.bench.clip_track_measures import KNOWN_LANDMARK
from headsmith.bench.clips import SyntheticClip
from headsmith.types import F32, ClipLandmarks

_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
_CM = 100.0
FRONTAL_DEG = 40.0


def true_landmarks(clip: SyntheticClip, indices: Sequence[int], sd_px: float = 0.0) -> ClipLandmarks:
    """What a faultless detector would report, also of what is hidden; with independent noise of `sd_px` on points.

    Scores are the true blendshape weights.
    """
    rows = np.asarray(indices, np.int32)
    points, depths = [], []
    for index in rows:
        camera = clip.camera(int(index))
        pixels, z = camera.project(clip.model.landmarks(clip.vertices_m(int(index))))
        points.append(pixels)
        depths.append((z - z.mean()) * camera.focal_px / z.mean())
    noise = np.random.default_rng(len(rows)).standard_normal((len(rows), len(points[0]), 2)) * sd_px
    T_face = _OPENGL @ clip.T_camera_world[rows]
    T_face[:, :3, 3] *= _CM
    columns = [clip.model.expression_names.index(name) for name in ARKIT_52]
    count = len(rows)
    return ClipLandmarks(
        clip.info, rows, np.ones(count, bool), (np.stack(points) + noise).astype(np.float32),
        np.stack(depths).astype(np.float32), clip.expression[rows][:, columns], T_face.astype(np.float32),
        np.ones(count, np.float32), np.zeros(count, np.float32), np.ones(count, np.int32),
    )  # fmt: skip


@dataclass(frozen=True)
class LandmarkError:
    """Of found landmarks against true ones; means over frames and the landmarks that the mesh knows."""

    found: float
    """share of the frames in which a face was found"""
    found_frontal: float
    """the same, of frames in which the face is turned from the camera by less than `FRONTAL_DEG`"""
    px: float
    mm: float
    """at the face's distance"""
    frontal_mm: float
    steady_mm: float
    """of frontal frames, without each landmark's mean error in the head's own axes: what changes from frame to frame"""


def landmark_error(clip: SyntheticClip, seen: ClipLandmarks) -> LandmarkError:
    known = clip.model.landmark_weight > KNOWN_LANDMARK
    rows = [int(k) for k in np.flatnonzero(seen.found)]
    frontal_all = np.array([_turn_deg(clip, int(index)) < FRONTAL_DEG for index in seen.index])
    pixels, metres = [], []
    for row in rows:
        index = int(seen.index[row])
        camera = clip.camera(index)
        true, z = camera.project(clip.model.landmarks(clip.vertices_m(index))[known])
        pixels.append(seen.points_px[row][known] - true)
        metres.append(pixels[-1] * z[:, None] / camera.focal_px)
    errors, frontal = np.stack(metres), frontal_all[rows]
    steady = errors[frontal] - errors[frontal].mean(0)
    return LandmarkError(
        float(seen.found.mean()), float(seen.found[frontal_all].mean()), _length(np.stack(pixels)),
        1000 * _length(errors), 1000 * _length(errors[frontal]), 1000 * _length(steady),
    )  # fmt: skip


def _turn_deg(clip: SyntheticClip, index: int) -> float:
    """Between the direction of the face's axis and that to the camera."""
    to_camera = clip.camera(index).position_m
    return float(np.degrees(np.arccos(np.clip(to_camera[2] / np.linalg.norm(to_camera), -1, 1))))


def _length(vectors: F32) -> float:
    return float(np.linalg.norm(vectors, axis=-1).mean()) if vectors.size else 0.0
