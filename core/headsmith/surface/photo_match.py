"""How alike the pictures are around points of a surface, for places before and behind it.

A small square patch lies on the surface at each vertex and is moved along the normal; where the surface truly is, all
pictures show the same on it (plane sweep, Collins 1996; compared by normalised cross-correlation, so that pictures
may be lit differently).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.ndimage import map_coordinates, minimum_filter

from headsmith.asset.normals import vertex_normals
from headsmith.surface.mesh import SurfaceView, TriangleMesh
from headsmith.surface.visibility import seen_from
from headsmith.types import F32, I32, U8, Camera

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class PictureStack:
    """The grey pictures of N views in one array, whatever their sizes."""

    values: F32
    """[sum of H * W]"""
    starts: I32
    """[N]"""
    sizes: I32
    """[N, 2] width, height"""
    matrices: F32
    """[N, 3, 4] head space to homogeneous pixels"""


@dataclass(frozen=True)
class Patch:
    spacing_m: float
    half: int
    """samples on either side of the middle"""


def stack_pictures(pictures: Sequence[F32 | U8], cameras: Sequence[Camera]) -> PictureStack:
    """Of pictures [H, W, 3] in 0..1, as `cameras` see them."""
    grey = [np.asarray(p @ _LUMA, np.float32) for p in pictures]
    sizes = np.array([g.shape[::-1] for g in grey], np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes.prod(1))[:-1]]).astype(np.int32)
    matrices = np.stack([c.K.astype(np.float64) @ c.T_camera_world[:3].astype(np.float64) for c in cameras])
    return PictureStack(np.concatenate([g.reshape(-1) for g in grey]), starts, sizes, matrices)


def view_weights(mesh: TriangleMesh, views: Sequence[SurfaceView], margin_px: int, least_cos: float) -> F32:
    """[M, N] how far each view may speak for each vertex: squarely seen, trusted, and so `margin_px` around."""
    normals = vertex_normals(mesh.vertices_m, mesh.faces)
    out = np.zeros((len(mesh.vertices_m), len(views)), np.float32)
    for i, view in enumerate(views):
        facing, pixels = seen_from(mesh, normals, view.camera)
        trusted = minimum_filter(np.asarray(view.mask * view.weight, np.float32), 2 * margin_px + 1)
        known = map_coordinates(trusted, (pixels[:, 1] - 0.5, pixels[:, 0] - 0.5), order=1, mode="constant")
        out[:, i] = np.where(facing > least_cos, facing**2 * known, 0)
    return out


def likeness(at: tuple[F32, F32], stack: PictureStack, weights: F32, deltas_m: F32, patch: Patch) -> F32:
    """[M, D] mean correlation -1..1 between all pairs of views of the patch at `deltas_m` [D] along each normal.

    `at` are places [M, 3] and unit normals [M, 3]; 0 where fewer than two views have `weights` [M, N].
    """
    normals = np.asarray(at[1], np.float64)
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    across = np.cross(normals, helper)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    frames = np.stack([normals, across, np.cross(normals, across)], 1)
    out = np.zeros((len(normals), len(deltas_m)), np.float32)
    _compare(np.asarray(at[0], np.float64), frames, np.asarray(weights, np.float64),
             np.asarray(deltas_m, np.float64), patch.spacing_m, patch.half, stack.values, stack.starts, stack.sizes,
             stack.matrices, out)  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _compare(places, frames, weights, deltas, spacing, half, values, starts, sizes, matrices, out):  # type: ignore[no-untyped-def]
    count = (2 * half + 1) ** 2
    samples, total = np.empty(count), np.empty(count)
    point = np.empty(3)
    for v in range(places.shape[0]):
        for k in range(deltas.shape[0]):
            total[:] = 0.0
            weight, squares, views = 0.0, 0.0, 0
            for n in range(weights.shape[1]):
                w = weights[v, n]
                if w <= 0.0:
                    continue
                P = matrices[n]
                inside = True
                mean, s = 0.0, 0
                for i in range(-half, half + 1):
                    for j in range(-half, half + 1):
                        for a in range(3):
                            point[a] = (
                                places[v, a] + deltas[k] * frames[v, 0, a]
                                + spacing * (i * frames[v, 1, a] + j * frames[v, 2, a])
                            )  # fmt: skip
                        z = P[2, 0] * point[0] + P[2, 1] * point[1] + P[2, 2] * point[2] + P[2, 3]
                        x = (P[0, 0] * point[0] + P[0, 1] * point[1] + P[0, 2] * point[2] + P[0, 3]) / z - 0.5
                        y = (P[1, 0] * point[0] + P[1, 1] * point[1] + P[1, 2] * point[2] + P[1, 3]) / z - 0.5
                        if not (x >= 0.0 and y >= 0.0 and x < sizes[n, 0] - 1 and y < sizes[n, 1] - 1):
                            inside = False
                            break
                        column, row = int(x), int(y)
                        fx, fy = x - column, y - row
                        at = starts[n] + row * sizes[n, 0] + column
                        below = at + sizes[n, 0]
                        value = (values[at] * (1 - fx) + values[at + 1] * fx) * (1 - fy) + (
                            values[below] * (1 - fx) + values[below + 1] * fx
                        ) * fy
                        samples[s] = value
                        mean += value
                        s += 1
                    if not inside:
                        break
                if not inside:
                    continue
                mean /= count
                norm = 0.0
                for s in range(count):
                    samples[s] -= mean
                    norm += samples[s] * samples[s]
                # one grey level of noise per sample keeps a patch without texture from shouting
                scale = w / np.sqrt(norm + count * 1.5e-5)
                for s in range(count):
                    total[s] += scale * samples[s]
                squares += w * w * norm / (norm + count * 1.5e-5)
                weight += w
                views += 1
            if views < 2:
                continue
            alike = -squares
            for s in range(count):
                alike += total[s] * total[s]
            pairs = 0.0
            for n in range(weights.shape[1]):
                pairs += weights[v, n] * weights[v, n]
            out[v, k] = alike / max(weight * weight - pairs, 1e-9)
