"""How far each of many photos shows the skin from where the fit puts it, found by comparing their detail.

Lucas and Kanade's method (1981) with one displacement per vertex, smooth over the mesh: no fit of a moving face is
exact to the pixel, and details of several photos must lie on each other before they are put together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from headsmith.head_model.model import HeadModel
from headsmith.texture.agreement import Detail, band
from headsmith.texture.sampling import sample_bilinear_px
from headsmith.texture.surface import edges_of
from headsmith.texture.uv import Atlas
from headsmith.types import F32, I32

BANDS = (2.0, 1.0, 1.0)
"""widths of the bands of detail compared one after the other, relative to those of `agreement`"""
STIFFNESS = 45.0
"""of the displacements between neighbours, against the usual amount of detail around a vertex"""
STILLNESS = 0.05
"""pull towards no displacement, likewise"""
MOST_M = 0.005
"""longest displacement"""
ODD = 0.06
"""difference of detail (logarithm) at which a texel counts half"""
FORESHORTENED = 0.1
"""area in the photo over that in the texture, relative to the usual one, below which a triangle tells nothing"""


@dataclass(frozen=True)
class Sight:
    """One photo, to be read at the N texels again and again."""

    log_brightness: F32
    """[h, w] of the head in the photo"""
    pixel: F32
    """[N, 2] where the fit puts the texels in it"""
    vertex_px: F32
    """[V, 2] and the vertices"""
    weight: F32
    """[N] trust"""
    px_per_m: float

    def read(self, atlas: Atlas, shift_px: F32, width: float = 1.0) -> Detail:
        """Its detail with the vertices moved by `shift_px` [V, 2]; `width` as in `BANDS`."""
        value = sample_bilinear_px(self.log_brightness, self.pixel + atlas.at(shift_px))
        return Detail(band(atlas, value, self.weight, width), self.weight)


def register(model: HeadModel, atlas: Atlas, sights: list[Sight], preferred: F32) -> F32:
    """[n, V, 2] pixels from where the fit puts the vertices to where each photo shows them.

    `preferred` [n, V]: which photos to trust more. On the whole the photos stay where they are.
    """
    shifts = np.zeros((len(sights), atlas.vertex_count, 2), np.float32)
    for width in BANDS:
        details = [s.read(atlas, shift, width) for s, shift in zip(sights, shifts, strict=True)]
        trust = [d.weight * atlas.at(p) for d, p in zip(details, preferred, strict=True)]
        total = np.sum(trust, axis=0)
        mean = np.sum([w * d.value for w, d in zip(trust, details, strict=True)], axis=0)
        for i, (sight, detail) in enumerate(zip(sights, details, strict=True)):
            others = total - trust[i]
            shared = others > 0.1 * float(preferred.max())
            wanted = np.where(shared, (mean - trust[i] * detail.value) / np.maximum(others, 1e-6), 0)
            pair = _Pair(detail.value, wanted, detail.weight * shared)
            shifts[i] = _bounded(shifts[i] + _step(model, atlas, sight, pair), MOST_M * sight.px_per_m)
    return shifts


@dataclass(frozen=True)
class _Pair:
    shown: F32
    wanted: F32
    weight: F32
    """[N] each"""


def _step(model: HeadModel, atlas: Atlas, sight: Sight, pair: _Pair) -> F32:
    """[V, 2] the displacements that make what is shown more like what is wanted."""
    slope, clear = _slope_per_px(model, atlas, sight, pair.shown)
    residual = pair.wanted - pair.shown
    weight = pair.weight * clear / (1 + (residual / ODD) ** 2)
    x, y = slope.T
    mean, total = atlas.vertex_means(np.stack([x * x, x * y, y * y, x * residual, y * residual], 1), weight)
    sums = (mean * total[:, None]).astype(np.float64)
    return _solve(model.faces, sums)


def _slope_per_px(model: HeadModel, atlas: Atlas, sight: Sight, values: F32) -> tuple[F32, F32]:
    """[N, 2] change of texel values [N] per pixel of the photo, and [N] 1 where the photo shows enough to tell."""
    image = atlas.image(values)
    row, column = (g.reshape(-1)[atlas.texel] for g in np.gradient(image))
    corners = model.uvs[model.uv_faces] * np.array([1, -1], np.float32) * atlas.size_px
    texture = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], 2)
    points = sight.vertex_px[model.faces]
    photo = np.stack([points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]], 2)
    size = np.abs(np.linalg.det(photo)) / np.maximum(np.abs(np.linalg.det(texture)), 1e-9)
    clear = size > FORESHORTENED * np.median(size[atlas.triangle])
    safe = np.where(clear[:, None, None], photo, np.eye(2, dtype=np.float32))
    per_px = (texture @ np.linalg.inv(safe))[atlas.triangle]
    slope = per_px[:, 0] * column[:, None] + per_px[:, 1] * row[:, None]
    return slope.astype(np.float32), clear[atlas.triangle].astype(np.float32)


def _solve(faces: I32, sums: F32) -> F32:
    """[V, 2] from the sums [V, 5] of xx, xy, yy and of x and y times the residual."""
    detail = sums[:, 0] + sums[:, 2]
    if not (detail > 0).any():
        return np.zeros((len(sums), 2), np.float32)
    usual = float(np.median(detail[detail > 0]))
    i, j = edges_of(faces).T
    count = len(sums)
    graph = sparse.coo_matrix((np.full(len(i), STIFFNESS * usual), (i, j)), (count, count))
    graph = graph + graph.T
    smooth = sparse.diags(np.asarray(graph.sum(1)).ravel() + STILLNESS * usual) - graph
    xx, xy, yy = (sparse.diags(sums[:, k]) for k in range(3))
    system = sparse.bmat([[xx + smooth, xy], [xy, yy + smooth]]).tocsc()
    solved = splu(system).solve(np.concatenate([sums[:, 3], sums[:, 4]]))
    return solved.reshape(2, -1).T.astype(np.float32)


def _bounded(shift_px: F32, most_px: float) -> F32:
    length = np.linalg.norm(shift_px, axis=1, keepdims=True)
    return shift_px * np.minimum(1, most_px / np.maximum(length, 1e-6))
