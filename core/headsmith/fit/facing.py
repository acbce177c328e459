"""How far MediaPipe's landmarks can be believed in each of many views: it guesses what it does not see.

Measured on faces whose truth is known, its error is 4 % of the inter-ocular distance up to a turn of 35 degrees, 6 %
at 45 and 8-17 % at 55 degrees; the far eye of a face turned by 50 degrees is missed by 20 %.
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Camera

TURN_RAD = np.radians(40.0)
"""turned by so much, a face is believed half"""
FULL_COS, LEAST = 0.5, 0.05


def landmark_trust(model: HeadModel, vertices_m: F32, camera: Camera) -> F32:
    """[478] 0..1, by the angle at which the camera sees the face, and the skin at each landmark."""
    places = model.landmarks(vertices_m)
    normals = model.landmarks(vertex_normals(vertices_m, model.faces))
    towards = camera.position_m - places
    lengths = np.linalg.norm(towards, axis=1) * np.linalg.norm(normals, axis=1)
    cosine = (towards * normals).sum(1) / np.maximum(lengths, 1e-9)
    straight = camera.position_m[2] / max(float(np.linalg.norm(camera.position_m)), 1e-9)
    turn = np.arccos(np.clip(straight, -1, 1))
    return np.clip(cosine / FULL_COS, LEAST, 1) / (1 + (turn / TURN_RAD) ** 4)
