"""Head model files of the true formats and shapes, made from the default head: FLAME's own may not be shipped."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from headsmith.head_model.default import load_default_head

FLAME_VERTICES, FLAME_FACES = 5023, 9976
# FLAME's origin lies elsewhere than the default head's
SHIFT_M = np.array([0.0, -0.02, 0.03])


@dataclass(frozen=True)
class Remesh:
    """Rows of the default head that stand in for each vertex, and their weights."""

    sources: np.ndarray
    """[V, 3]"""
    faces: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        return values[self.sources].mean(1)


def remesh(vertex_count: int, face_count: int) -> Remesh:
    """The default head's skin and eyes, brought to the counts by splitting large triangles and cutting neck ones."""
    model = load_default_head()
    keep = np.flatnonzero(model.faces_of("head", "eye_left", "eye_right"))
    used, faces = np.unique(model.faces[keep], return_inverse=True)
    faces = faces.reshape(-1, 3)
    splits = vertex_count - len(used)
    corners = model.v_template[used][faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = np.argsort(-areas, kind="stable")[:splits]
    new = len(used) + np.arange(splits)
    a, b, c = faces[chosen].T
    pieces = np.concatenate([np.stack(t, 1) for t in ((a, b, new), (b, c, new), (c, a, new))])
    sources = np.concatenate([np.repeat(used[:, None], 3, 1), used[faces[chosen]]])
    faces = np.concatenate([np.delete(faces, chosen, 0), pieces])
    height = model.v_template[sources].mean(1)[faces][..., 1].mean(1)
    surplus = len(faces) - face_count
    assert surplus >= 0
    return Remesh(sources, np.delete(faces, np.argsort(height, kind="stable")[:surplus], 0))


def flame_arrays() -> dict[str, Any]:
    model, mesh = load_default_head(), remesh(FLAME_VERTICES, FLAME_FACES)
    rng = np.random.default_rng(0)
    shapedirs = np.zeros((FLAME_VERTICES, 3, 400))
    shapedirs[..., : model.shapedirs.shape[2]] = mesh.apply(model.shapedirs)
    shapedirs[..., 300:352] = mesh.apply(model.exprdirs)
    regressor = np.zeros((5, FLAME_VERTICES))
    for joint, row in enumerate(model.J_regressor):
        target = row @ model.v_template
        near = np.argsort(np.linalg.norm(mesh.apply(model.v_template) - target, axis=1))[:30]
        regressor[joint, near] = 1 / 30
    return {
        "v_template": mesh.apply(model.v_template) + SHIFT_M,
        "f": mesh.faces.astype(np.uint32),
        "shapedirs": shapedirs,
        "posedirs": rng.normal(0, 1e-4, (FLAME_VERTICES, 3, 36)),
        "weights": mesh.apply(model.weights),
        "J_regressor": scipy.sparse.csc_matrix(regressor),
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def write_flame_pickle(path: Path, protocol: int = 2) -> dict[str, Any]:
    arrays = flame_arrays()
    path.write_bytes(pickle.dumps(arrays, protocol))
    return arrays


def write_gnm_npz(path: Path, vertex_count: int = 6000, identities: int = 20, expressions: int = 12) -> dict[str, Any]:
    """GNM's arrays; fewer vertices and components than the real one's, which no test needs."""
    model = load_default_head()
    used = np.unique(model.faces[model.faces_of("head", "eye_left", "eye_right")])
    faces_there = len(model.faces[model.faces_of("head", "eye_left", "eye_right")])
    mesh = remesh(vertex_count, faces_there + 2 * (vertex_count - len(used)))
    joints = ["neck", "head", "left_eye", "right_eye"]
    rows = [0, 1, 3, 4]
    regressor = np.zeros((4, vertex_count))
    for joint, row in enumerate(rows):
        distance = np.linalg.norm(mesh.apply(model.v_template) - model.J_regressor[row] @ model.v_template, axis=1)
        regressor[joint, np.argsort(distance)[:30]] = 1 / 30
    weights = model.weights.copy()
    weights[:, 1] += weights[:, 2]
    uvs = np.zeros((vertex_count, 2))
    template = mesh.apply(model.v_template)
    uvs[:] = (template[:, :2] - template[:, :2].min(0)) / np.ptp(template[:, :2], axis=0)
    arrays = {
        "template_vertex_positions": template,
        "vertex_identity_basis": mesh.apply(model.shapedirs)[..., :identities].transpose(2, 0, 1),
        "expression_basis": mesh.apply(model.exprdirs)[..., :expressions].transpose(2, 0, 1),
        "skinning_weights": mesh.apply(weights)[:, rows].T,
        "joint_regressor": regressor,
        "joint_parent_indices": np.array([-1, 0, 1, 1]),
        "joint_names": np.array(joints),
        "expression_names": np.array([f"expression_{i}" for i in range(expressions)]),
        "pose_correctives_regressor": np.zeros((36, 3 * vertex_count)),
        "triangles": mesh.faces,
        "triangle_uvs": uvs[mesh.faces],
    }
    np.savez(path, **arrays)
    return arrays
