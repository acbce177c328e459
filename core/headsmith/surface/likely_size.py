"""How large the head is. No camera tells: a head twice as large, twice as far away, gives the same pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.alignment import similarity
from headsmith.asset.cameras import moved_out
from headsmith.head_model.model import HeadModel
from headsmith.surface.cameras import PlacedCameras
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.register_evidence import skin_trust
from headsmith.types import HeadFit


def likely_size(model: HeadModel, fit: HeadFit) -> float:
    """By which the head is to be multiplied for its face to be as large as the mean head's.

    Detected landmarks say less: they lie a little inside the face on one person and outside on another.
    """
    weight = skin_trust(model) * model.regions["face"]
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    return similarity(rest.astype(np.float64), model.v_template.astype(np.float64), weight)[0]


def resized(mesh: TriangleMesh, placed: PlacedCameras, size: float) -> tuple[TriangleMesh, PlacedCameras]:
    """Surface and cameras, multiplied around the origin of head space: the pictures stay the same."""
    cameras = tuple(moved_out(camera, size) for camera in placed.cameras)
    larger = replace(mesh, vertices_m=(mesh.vertices_m * size).astype(np.float32))
    error_m = placed.landmark_error_m * size
    return larger, replace(placed, cameras=cameras, size=placed.size * size, landmark_error_m=error_m)
