"""What MediaPipe's blendshape scores say about a model's own expression."""

from __future__ import annotations

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.head_model.model import HeadModel
from headsmith.types import F32

RIDGE = 1e-3
"""of the squared length of an expression direction; keeps unseen coefficients at zero"""


def has_arkit_basis(model: HeadModel) -> bool:
    """Whether the model's expressions are ARKit's weights, 0..1."""
    return set(model.expression_names) >= set(ARKIT_52)


def expression_mean(model: HeadModel, scores: F32) -> F32:
    """[E] the expression to expect at ARKit scores [52].

    Models with ARKit's own names take the scores; others the coefficients that move the face's landmarks
    as the ARKit blendshapes would.
    """
    if has_arkit_basis(model):
        by_name = dict(zip(ARKIT_52, scores, strict=True))
        return np.array([float(by_name.get(name, 0.0)) for name in model.expression_names])
    rows = np.unique(model.faces[model.landmark_triangle])
    wanted = np.tensordot(scores.astype(np.float64), model.arkit[:, rows], 1).reshape(-1)
    directions = model.exprdirs[rows].astype(np.float64).reshape(len(wanted), -1)
    gram = directions.T @ directions
    ridge = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram + ridge, directions.T @ wanted)
