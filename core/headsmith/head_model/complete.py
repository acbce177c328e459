"""What a head model's file lacks, taken from the default head: parts, regions, UVs, landmarks, ARKit blendshapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from headsmith.asset.arkit import ARKIT_52
from headsmith.errors import InputError
from headsmith.head_model.correspond import Correspondence, correspond
from headsmith.head_model.default import load_default_head
from headsmith.head_model.embedding import Embedding, Look, embed_landmarks
from headsmith.head_model.model import HeadModel
from headsmith.head_model.tints import part_colors
from headsmith.head_model.transfer import transfer_blendshapes
from headsmith.types import F32, I32, U8, Landmarks

Detect = Callable[[U8], Landmarks | None]
EYES = ("eye_left", "eye_right")


@dataclass(frozen=True)
class RawHead:
    """A head model as its file has it, under `HeadModel`'s names and conventions."""

    name: str
    licence: str
    vertices: F32
    """[V, 3]"""
    faces: I32
    shapedirs: F32
    exprdirs: F32
    expression_names: tuple[str, ...]
    posedirs: F32
    J_regressor: F32
    weights: F32
    parents: I32
    joint_names: tuple[str, ...]
    corner_uvs: F32 | None = None
    """[F, 3, 2] where the file brings them"""


def complete(path: Path, raw: RawHead, detect: Detect) -> HeadModel:
    """A `HeadModel` from a file's arrays. Raises InputError where no face is detected on a render of the head."""
    default = load_default_head()
    part = parts_of(raw, default)
    uv = weld_uvs(raw.corner_uvs) if raw.corner_uvs is not None else unwrap(raw.vertices, raw.faces)
    eyes = [raw.vertices[part == default.part_names.index(name)].mean(0) for name in EYES]
    centered = raw.vertices - np.mean(eyes, axis=0)
    try:
        bare = embed_landmarks(centered, raw.faces, detect)
        match = correspond(default, raw.vertices, raw.faces, part, bare)
        # now that lips, brows and irises are known, the detector may see them
        sketch = replace(_assemble(raw, default, bare, match, part, uv), v_template=centered.astype(np.float32))
        embedding = embed_landmarks(centered, raw.faces, detect, _look(sketch))
    except ValueError as error:
        raise InputError(path, found="a head on whose render no face is detected", expected="a human head in metres, "
                         "Y up, facing +Z", action="check that the file is not damaged") from error  # fmt: skip
    match = correspond(default, raw.vertices, raw.faces, part, embedding)
    model = _assemble(raw, default, embedding, match, part, uv)
    return replace(model, arkit=transfer_blendshapes(default, raw.vertices, raw.faces, part, match))


def _look(model: HeadModel) -> Look:
    cavity = (model.regions["inner_mouth"] > 0.5)[model.faces].all(1)
    eyes = model.faces_of("eye_left"), model.faces_of("eye_right")
    return Look(part_colors(model), model.faces_of("head") & ~cavity, eyes)


def parts_of(raw: RawHead, default: HeadModel) -> I32:
    """[V] the part of each vertex, as rows of the default head's names: the two eyes, and all else the head."""
    labels = components(raw.faces, len(raw.vertices))
    part = np.full(len(raw.vertices), default.part_names.index("head"), np.int32)
    for name, eye in zip(EYES, eye_components(raw, labels), strict=True):
        part[labels == eye] = default.part_names.index(name)
    return part


def _assemble(
    raw: RawHead, default: HeadModel, embedding: Embedding, match: Correspondence, part: I32, uv: tuple[F32, I32]
) -> HeadModel:
    return HeadModel(
        name=raw.name,
        licence=raw.licence,
        v_template=raw.vertices,
        faces=raw.faces,
        shapedirs=raw.shapedirs,
        exprdirs=raw.exprdirs,
        expression_names=raw.expression_names,
        posedirs=raw.posedirs,
        J_regressor=raw.J_regressor,
        weights=raw.weights,
        parents=raw.parents,
        joint_names=raw.joint_names,
        arkit=np.zeros((len(ARKIT_52), *raw.vertices.shape), np.float32),
        uvs=uv[0],
        uv_faces=uv[1],
        part_names=default.part_names,
        face_part=part[raw.faces[:, 0]],
        regions={name: match.interpolate(values[:, None])[:, 0] for name, values in default.regions.items()},
        landmark_triangle=embedding.triangle,
        landmark_barycentric=embedding.barycentric,
        landmark_weight=embedding.weight,
        mirror=mirror_of(raw.vertices),
    )


def components(faces: I32, count: int) -> I32:
    """[V] the connected component of each vertex."""
    rows, columns = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int32)


def eye_components(raw: RawHead, labels: I32) -> tuple[int, int]:
    """The components that the eye joints carry, left and right: the one whose middle lies nearest to each joint."""
    joints = raw.J_regressor @ raw.vertices
    sizes = np.bincount(labels)
    candidates = [int(c) for c in np.argsort(-sizes) if sizes[c] >= 20][1:] or [int(sizes.argmax())]
    centers = np.stack([raw.vertices[labels == c].mean(0) for c in candidates])
    left, right = (
        candidates[int(np.linalg.norm(centers - joints[raw.joint_names.index(name)], axis=1).argmin())]
        for name in ("left_eye", "right_eye")
    )
    return left, right


def mirror_of(vertices_m: F32) -> I32:
    """[V] the vertex nearest to each vertex's mirror image."""
    middle = vertices_m[:, 0].mean()
    flipped = vertices_m * np.array([-1, 1, 1], np.float32) + np.array([2 * middle, 0, 0], np.float32)
    return cKDTree(vertices_m).query(flipped)[1].astype(np.int32)


def weld_uvs(corner_uvs: F32) -> tuple[F32, I32]:
    """UVs of each corner [F, 3, 2] to unique UVs [U, 2] and their rows [F, 3]."""
    uvs, rows = np.unique(corner_uvs.reshape(-1, 2), axis=0, return_inverse=True)
    return uvs.astype(np.float32), rows.reshape(-1, 3).astype(np.int32)


def unwrap(vertices_m: F32, faces: I32) -> tuple[F32, I32]:
    """A UV atlas without overlaps (xatlas, https://github.com/jpcy/xatlas)."""
    import xatlas

    _, rows, uvs = xatlas.parametrize(vertices_m.astype(np.float32), faces.astype(np.uint32))
    return uvs.astype(np.float32), rows.astype(np.int32)
