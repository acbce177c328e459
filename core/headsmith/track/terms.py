"""Residuals of one frame's landmarks, and the least-squares blocks that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.head_model.landmark_sets import LIP_PAIRS
from headsmith.track.evidence import Evidence
from headsmith.track.params import TrackParams
from headsmith.track.points import camera_points, camera_points_with_derivatives, project
from headsmith.track.problem import Problem
from headsmith.track.states import States
from headsmith.types import F32

LIPS_APART = np.array(LIP_PAIRS)
CORRELATED = 0.35
"""neighbouring landmarks err alike, so that 478 of them count as fewer"""


@dataclass(frozen=True)
class Block:
    """Gauss-Newton's J'J and J'r of one frame."""

    hessian: F32
    """[P, P]"""
    gradient: F32
    """[P]"""

    def __add__(self, other: Block) -> Block:
        return Block(self.hessian + other.hessian, self.gradient + other.gradient)


def block_of(residual: F32, derivatives: F32, robust_scale: float) -> Block:
    """Of residuals [K, C] in standard deviations with [K, C, P], reweighted row by row (Geman and McClure 1985)."""
    root = 1 / (1 + np.square(residual).sum(1, keepdims=True) / robust_scale**2)
    J = (derivatives * root[..., None]).reshape(-1, derivatives.shape[-1])
    return Block(J.T @ J, J.T @ (residual * root).reshape(-1))


def landmark_block(problem: Problem, evidence: Evidence, states: States, row: int) -> Block:
    """The landmarks of one frame, in the picture and in depth."""
    params, focal_px = problem.params, problem.focal_px
    camera_m, by_state = camera_points_with_derivatives(problem.landmarks, states, row, problem.columns)
    pixels, by_pixel = project(camera_m, by_state, focal_px)
    unit = evidence.unit_px[row]
    W = evidence.weights[row] * (CORRELATED / (params.landmark_std * unit))
    residual = (W @ (pixels - evidence.points_px[row])[..., None])[..., 0]
    flat = block_of(residual, W @ by_pixel, params.robust_scale)
    flat = flat + lip_gap_block((pixels, by_pixel), evidence, row, params)
    trust = evidence.depth_weights * (CORRELATED / (params.depth_std * unit))
    return flat + depth_block((camera_m, by_state), evidence.depth_px[row], trust, focal_px, params.robust_scale)


def lip_gap_block(pixels: tuple[F32, F32], evidence: Evidence, row: int, params: TrackParams) -> Block:
    """How far the lips are apart, of pixels [478, 2] with [478, 2, P]: detectors see it better than where lips are."""
    upper, lower = LIPS_APART.T
    trust = np.sqrt(evidence.depth_weights[upper] * evidence.depth_weights[lower])
    trust = trust * evidence.free[row] / (params.lip_gap_std * evidence.unit_px[row])
    seen = evidence.points_px[row]
    miss = (pixels[0][upper] - pixels[0][lower]) - (seen[upper] - seen[lower])
    return block_of(miss * trust[:, None], (pixels[1][upper] - pixels[1][lower]) * trust[:, None, None],
                    params.robust_scale)  # fmt: skip


def depth_block(points: tuple[F32, F32], observed_px: F32, weights: F32, focal_px: float, robust_scale: float) -> Block:
    """Relative depth in pixels at the scale of the mean depth, of points [K, 3] with [K, 3, P]; weights [K].

    MediaPipe scales its z like x and leaves the origin open, so weighted means are taken off both
    (https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker).
    """
    share = weights / weights.sum()
    z, by_z = points[0][:, 2], points[1][:, 2]
    mean = share @ z
    scale = focal_px / mean
    residual = ((z - mean) * scale - (observed_px - share @ observed_px)) * weights
    derivatives = (by_z - share @ by_z) * (scale * weights)[:, None]
    return block_of(residual[:, None], derivatives[:, None], robust_scale)


def landmark_cost(problem: Problem, evidence: Evidence, states: States, row: int) -> float:
    """The robust cost of one frame's landmarks in the picture (Geman and McClure 1985)."""
    camera_m = camera_points(problem.landmarks, states, row)
    W = evidence.weights[row] * (CORRELATED / (problem.params.landmark_std * evidence.unit_px[row]))
    miss_px = problem.focal_px * camera_m[:, :2] / camera_m[:, 2:] - evidence.points_px[row]
    squared = np.square(W @ miss_px[..., None]).sum((1, 2))
    return float(0.5 * (squared / (1 + squared / problem.params.robust_scale**2)).sum())


def landmark_error(problem: Problem, evidence: Evidence, states: States, row: int) -> float:
    """Mean distance to the landmarks that the model knows, as a fraction of the inter-ocular distance."""
    camera_m = camera_points(problem.landmarks, states, row)
    miss_px = problem.focal_px * camera_m[:, :2] / camera_m[:, 2:] - evidence.points_px[row]
    known = evidence.depth_weights > 0
    return float(np.linalg.norm(miss_px[known], axis=1).mean() / evidence.unit_px[row])
