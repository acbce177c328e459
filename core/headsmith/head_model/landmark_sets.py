"""Groups of MediaPipe's 478 face landmarks, and how far each is to be trusted.

Source of the indices: mediapipe/python/solutions/face_mesh_connections.py (Apache-2.0).
"""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.model import HeadModel
from headsmith.types import F32

COUNT = 478
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
        150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
"""round the face, clockwise in the picture from the top"""
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
BROWS = (276, 283, 282, 295, 285, 300, 293, 334, 296, 336, 46, 53, 52, 65, 55, 70, 63, 105, 66, 107)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
        78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)  # fmt: skip
NOSE = (168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 97, 326, 48, 278, 64, 294, 102, 331)
IRISES = tuple(range(468, 478))
LIP_PAIRS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402), (80, 88), (310, 318), (191, 95), (415, 324))
"""upper and lower inner lip, opposite each other"""
UPPER_INNER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_INNER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324)
MIDDLE_OF_LOWER_LIP = 17
RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (263, 362)

FEATURE_WEIGHT, SKIN_WEIGHT, OVAL_WEIGHT = 1.0, 0.45, 0.5
OVAL_SLIDING_WEIGHT = 0.1


def inter_ocular_px(points_px: F32) -> float:
    """Distance between the midpoints of the eyes' corners, of points [478, 2] or, with depth, [478, 3]."""
    left = points_px[list(LEFT_EYE_CORNERS)].mean(0)
    right = points_px[list(RIGHT_EYE_CORNERS)].mean(0)
    return float(np.linalg.norm(left - right))


def base_weights() -> F32:
    """[478] features that the detector sees (eyes, brows, lips, nose) count more than skin that it infers."""
    out = np.full(COUNT, SKIN_WEIGHT)
    out[list(LEFT_EYE + RIGHT_EYE + BROWS + LIPS + NOSE + IRISES)] = FEATURE_WEIGHT
    out[list(OVAL)] = OVAL_WEIGHT
    return out


def lip_weights(model: HeadModel) -> F32:
    """[478] 0 for points of the inner lips that the model has on the other lip, 1 for all others.

    Embeddings are made on closed lips, where a picture cannot tell the two apart; an opening jaw can.
    """
    corners = model.faces[model.landmark_triangle]
    opened = (model.arkit[ARKIT_52.index("jawOpen")][corners] * model.landmark_barycentric[..., None]).sum(1)[:, 1]
    share = opened / opened[MIDDLE_OF_LOWER_LIP]
    # near the corners both lips move by half
    towards_corner = np.abs(np.arange(len(UPPER_INNER_LIP)) - len(UPPER_INNER_LIP) // 2)
    middle = 0.5 - 0.05 * towards_corner
    out = np.ones(COUNT)
    out[list(UPPER_INNER_LIP)] = share[list(UPPER_INNER_LIP)] < middle
    out[list(LOWER_INNER_LIP)] = share[list(LOWER_INNER_LIP)] > middle
    return out


def rigid_weights() -> F32:
    """[478] 1 for points that expressions hardly move: eye corners, nose, forehead and temples."""
    out = np.full(COUNT, 0.05)
    out[list(NOSE[:14] + LEFT_EYE_CORNERS + RIGHT_EYE_CORNERS)] = 1.0
    out[list(OVAL[:9] + OVAL[-9:])] = 0.3
    return out


def weight_matrices(points_px: F32, weights: F32) -> F32:
    """[478, 2, 2] weights by direction: points of the face oval may slide along it, as MediaPipe lets them."""
    out = weights[:, None, None] * np.eye(2)
    oval = np.asarray(OVAL)
    tangent = points_px[np.roll(oval, -1)] - points_px[np.roll(oval, 1)]
    tangent = tangent / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    along = tangent[:, :, None] * tangent[:, None, :]
    share = np.minimum(1.0, OVAL_SLIDING_WEIGHT / np.maximum(weights[oval], 1e-9))[:, None, None]
    out[oval] = weights[oval, None, None] * (np.eye(2) - (1 - share) * along)
    return out
