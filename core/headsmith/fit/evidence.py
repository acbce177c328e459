"""What one photo says, prepared for the solver."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.fit.points import SurfacePoints
from headsmith.head_model.landmark_sets import base_weights, inter_ocular_px, weight_matrices
from headsmith.types import F32, Camera, Landmarks


@dataclass(frozen=True)
class Outline:
    """Places on the head's outline and where the matte's edge says they belong."""

    points: SurfacePoints
    matched_px: F32
    """[K, 2]"""
    normals: F32
    """[K, 2] outward"""
    weights: F32
    """[K] 0..1"""


@dataclass(frozen=True)
class Evidence:
    """One photo's landmarks and outline; pixels are the photo's own."""

    camera: Camera
    points_px: F32
    """[478, 2]"""
    weights: F32
    """[478, 2, 2] 0..1, by direction"""
    depth_px: F32
    """[478]"""
    depth_weights: F32
    """[478] 0..1"""
    expression_mean: F32
    """[E]"""
    unit_px: float
    """the inter-ocular distance, foreshortening undone"""
    outline: Outline | None = None

    def believed(self, trust: F32) -> Evidence:
        """With every landmark believed as far as `trust` [478] says."""
        weights, depth_weights = self.weights * trust[:, None, None], self.depth_weights * trust
        return replace(self, weights=weights, depth_weights=depth_weights)


def evidence_of(landmarks: Landmarks, camera: Camera, landmark_weight: F32, expression_mean: F32) -> Evidence:
    """`landmark_weight` [478] says how well the model knows each landmark."""
    points = landmarks.points_px.astype(np.float64)
    depth = landmarks.depth.astype(np.float64)
    weights = base_weights() * landmark_weight
    # measured with depth, so that a face seen from the side is not taken for a small one
    unit_px = inter_ocular_px(np.column_stack([points, depth]))
    return Evidence(camera, points, weight_matrices(points, weights), depth, weights, expression_mean, unit_px)
