"""The 52 ARKit blendshapes on another head: deformation transfer (Sumner and Popovic 2004)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, diags_array, vstack
from scipy.sparse.linalg import splu

from headsmith.head_model.correspond import Correspondence
from headsmith.head_model.model import HeadModel
from headsmith.types import F32, I32

# vertices keep near the displacement that their counterpart has, which also pins what does not move
ANCHOR_WEIGHT = 0.02
STILL_WEIGHT = 1.0
STILL_M = 2e-5


def transfer_blendshapes(default: HeadModel, vertices_m: F32, faces: I32, part: I32, match: Correspondence) -> F32:
    """[52, V, 3] metres, on the head of `vertices_m` [V, 3], `faces` [F, 3].

    Each triangle deforms as its counterpart on the default head does; eyes move as rigidly as there.
    """
    gradient, areas = gradient_operator(vertices_m, faces)
    source_triangle = _counterparts(default, faces, part, match)
    weights = diags_array(np.repeat(np.sqrt(areas), 3))
    G = (weights @ gradient).tocsr()
    interpolated = np.stack([match.scale * match.interpolate(delta) @ match.rotation.T for delta in default.arkit])
    source_operator, _ = gradient_operator(default.v_template, default.faces)
    out = np.zeros((len(default.arkit), len(vertices_m), 3), np.float32)
    still = np.linalg.norm(interpolated, axis=2) < STILL_M
    # vertices that no blendshape moves are held, so that all 52 share one factorisation
    pinned = still.all(0)
    anchor = np.where(pinned, STILL_WEIGHT, ANCHOR_WEIGHT) * np.sqrt(np.median(areas)) / _edge(vertices_m, faces)
    A = vstack([G, diags_array(anchor)]).tocsc()
    solve = splu((A.T @ A).tocsc())
    for k, delta in enumerate(default.arkit):
        # gradients of the displacement, turned into the other head's axes
        D = (source_operator @ delta).reshape(-1, 3, 3)[source_triangle]
        D = match.rotation @ D @ match.rotation.T
        right = np.concatenate([weights @ D.reshape(-1, 3), anchor[:, None] * interpolated[k]])
        out[k] = solve.solve(A.T @ right)
    return out


def gradient_operator(vertices_m: F32, faces: I32) -> tuple[coo_array, F32]:
    """Sparse [3 F, V]: values at vertices to their gradient on each triangle; and the areas [F] in square metres."""
    p = vertices_m[faces].astype(np.float64)
    normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    double_area = np.maximum(np.linalg.norm(normal, axis=1), 1e-14)
    unit = normal / double_area[:, None]
    # gradient of the hat function of a corner: the opposite edge turned by 90 degrees in the triangle's plane
    hats = [np.cross(unit, p[:, (k + 2) % 3] - p[:, (k + 1) % 3]) / double_area[:, None] for k in range(3)]
    rows = (3 * np.arange(len(faces))[:, None] + np.arange(3)).ravel()
    entries = [(h.ravel(), rows, np.repeat(faces[:, k], 3)) for k, h in enumerate(hats)]
    values, row, column = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    shape = (3 * len(faces), len(vertices_m))
    return coo_array((values, (row, column)), shape=shape), double_area / 2


def _counterparts(default: HeadModel, faces: I32, part: I32, match: Correspondence) -> I32:
    """[F] the default head's triangle for each triangle: that of the corner whose own triangle most corners share."""
    candidates = match.triangle[faces]
    same = (candidates[:, :, None] == candidates[:, None, :]).sum(2)
    chosen = candidates[np.arange(len(faces)), same.argmax(1)]
    assert (default.face_part[chosen] == part[faces[:, 0]]).all()
    return chosen


def _edge(vertices_m: F32, faces: I32) -> float:
    """Mean edge length in metres, so that the anchor's weight does not depend on the mesh's size."""
    return float(np.linalg.norm(vertices_m[faces[:, 0]] - vertices_m[faces[:, 1]], axis=1).mean())
