"""Texture coordinates."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from headsmith.head_model import bake_eye
from headsmith.head_model.bake_mesh import PARTS, HeadLayout
from headsmith.types import F32, I32


def texture_coordinates(layout: HeadLayout) -> tuple[F32, I32]:
    """uvs [U, 2] and uv_faces [F, 3]."""
    keys = np.concatenate([layout.faces[..., None].astype(float), np.round(layout.base_uv, 6)], -1).reshape(-1, 3)
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    uvs, uv_faces = unique[:, 1:].copy(), inverse.reshape(-1, 3).astype(np.int32)
    for side in (0, 1):
        rows = layout.eye_slice(side)
        mine = np.flatnonzero((unique[:, 0] >= rows.start) & (unique[:, 0] < rows.stop))
        uvs[mine] = bake_eye.disc_uv()[unique[mine, 0].astype(int) - rows.start] + 10 * (side + 1)
    edges = np.concatenate([uv_faces[:, [0, 1]], uv_faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), (len(uvs), len(uvs)))
    count, island = connected_components(graph, directed=False)
    size = np.bincount(island)
    main = int(np.argmax(size))
    slot = 0
    for k in range(count):
        box = (0.008, 0.008, 0.78, 0.984) if k == main else (0.80 + 0.1 * (slot % 2), 0.01 + 0.1 * (slot // 2), 0.09, 0.09)
        slot += k != main
        mine = island == k
        low, extent = uvs[mine].min(0), np.ptp(uvs[mine], 0)
        uvs[mine] = (uvs[mine] - low) / extent * box[2:] + box[:2]
    return uvs.astype(np.float32), uv_faces
