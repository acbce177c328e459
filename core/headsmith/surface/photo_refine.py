"""A surface moved along its normals to where the pictures agree on the skin's texture.

Deferred shading finds the surface to about a pixel; correlating the texture itself between pictures is finer where
there is texture. Where there is none, the surface stays smooth and near where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg

from headsmith.asset.normals import vertex_normals
from headsmith.surface.mesh import SurfaceView, TriangleMesh
from headsmith.surface.photo_match import Patch, likeness, stack_pictures, view_weights
from headsmith.surface.pyramid import view_at
from headsmith.surface.topology import edges_of, graph_laplacian
from headsmith.surface.unfold import soothe
from headsmith.types import F32, I32, Camera, Progress, no_progress


@dataclass(frozen=True)
class Sweep:
    """One search along the normals: wide and blunt first, then narrow and sharp."""

    reach_m: float
    """to either side"""
    step_m: float
    shrink: int
    """pictures are averaged down by this factor"""
    rounds: tuple[tuple[float, float], ...]
    """(window_m, wave_m): peaks are sought within about `window_m` of the smooth field of the round before, which then
    bends in waves down to about `wave_m`"""


@dataclass(frozen=True)
class PhotoParams:
    sweeps: tuple[Sweep, ...] = (
        Sweep(12e-3, 0.5e-3, 2, ((20e-3, 0.2), (6e-3, 0.15), (4e-3, 0.08), (3e-3, 0.06), (2e-3, 0.035), (1e-3, 0.02))),
        Sweep(3e-3, 0.25e-3, 1, ((3e-3, 0.06), (1.5e-3, 0.03), (1e-3, 0.02))),
        Sweep(1.2e-3, 0.15e-3, 1, ((1e-3, 0.03), (0.6e-3, 0.015))),
    )
    patch_px: int = 3
    """half the patch's side, in pixels of the pictures in use"""
    least_cos: float = 0.35
    """views that see a vertex at a flatter angle do not take part"""
    least_likeness: float = 0.2
    hold: float = 0.02
    """weight of staying where the surface is"""


def refine_by_texture(
    mesh: TriangleMesh, views: Sequence[SurfaceView], params: PhotoParams | None = None,
    progress: Progress = no_progress,
) -> TriangleMesh:  # fmt: skip
    """`mesh` with its vertices moved along their normals to where the pictures are most alike."""
    params = params or PhotoParams()
    for i, sweep in enumerate(params.sweeps):
        mesh = _swept(mesh, views, sweep, params)
        progress((i + 1) / len(params.sweeps))
    return mesh


def _swept(mesh: TriangleMesh, views: Sequence[SurfaceView], sweep: Sweep, params: PhotoParams) -> TriangleMesh:
    pictures = [view_at(view, sweep.shrink) for view in views]
    stack = stack_pictures([p.image for p in pictures], [p.camera for p in pictures])
    weights = view_weights(mesh, views, params.patch_px * sweep.shrink, params.least_cos)
    count = round(sweep.reach_m / sweep.step_m)
    deltas = np.arange(-count, count + 1) * sweep.step_m
    spacing = float(np.median([_pixel_m(p.camera, mesh.vertices_m) for p in pictures]))
    normals = smooth_directions(mesh)
    alike = likeness((mesh.vertices_m, normals), stack, weights, deltas, Patch(spacing, params.patch_px))
    field = best_field(mesh, alike, deltas, sweep.rounds, params)
    moved = soothe(mesh.vertices_m, field[:, None] * normals, mesh.faces)
    return replace(mesh, vertices_m=(mesh.vertices_m + moved).astype(np.float32))


def smooth_directions(mesh: TriangleMesh) -> F32:
    """[M, 3] unit normals averaged with the neighbours', along which neighbours do not get in each other's way."""
    normals: F32 = vertex_normals(mesh.vertices_m, mesh.faces)
    edges = edges_of(mesh.faces).vertices
    for _ in range(_CALMER):
        normals = _with_neighbours(normals, edges)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


_CALMER = 4


def best_field(
    mesh: TriangleMesh, alike: F32, deltas_m: F32, rounds: Sequence[tuple[float, float]], params: PhotoParams
) -> F32:
    """[M] smooth offsets along the normals on which `alike` [M, D] is high.

    Smooth field and peaks in turn, each round with less room around the field, so that a lone peak far off loses
    against a lower one near where the neighbourhood goes (graduated non-convexity, Blake and Zisserman 1987).
    """
    edges = edges_of(mesh.faces).vertices
    curves = _with_neighbours(alike, edges)
    bending = _bending(mesh, edges)
    field: F32 = np.zeros(len(curves), np.float64)
    for window_m, wave_m in rounds:
        offset, trust = peaks(curves, deltas_m, field, window_m, params.least_likeness)
        weight = trust
        for _ in range(_REWEIGHTS):
            matrix = (wave_m / (2 * np.pi)) ** 4 * bending + sparse.diags(params.hold + weight)
            field = _solved(matrix.tocsr(), weight * offset, field)
            weight = trust / (1 + ((field - offset) / window_m) ** 2) ** 2
    return field


_REWEIGHTS = 2
_SOLVED = 1e-3
"""relative residual at which a field is good enough: it is sought again and again"""
_MAX_ITERATIONS = 400
_AWAY = 0.1
"""what a peak loses that lies a whole window away from the field"""


def _solved(matrix: sparse.csr_matrix, right: F32, start: F32) -> F32:
    """[M] by conjugate gradients, preconditioned by the diagonal: large meshes cannot be factorised in good time."""
    inverse = sparse.diags(1 / matrix.diagonal())
    return cg(matrix, right, start, rtol=_SOLVED, maxiter=_MAX_ITERATIONS, M=inverse)[0]


def peaks(curves: F32, deltas_m: F32, field_m: F32, window_m: float, least: float) -> tuple[F32, F32]:
    """The offset [M] of the best peak of `curves` [M, D] near `field_m` [M], and how far to trust it [M], 0..1.

    A flat peak, a low one, or one at the end of the search says nothing.
    """
    near = curves - _AWAY * ((deltas_m - field_m[:, None]) / window_m) ** 2
    row, best = np.arange(len(curves)), near.argmax(1)
    inner = np.clip(best, 1, len(deltas_m) - 2)
    before, peak, after = (curves[row, inner + k] for k in (-1, 0, 1))
    bend = before - 2 * peak + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0)
    above = peak - np.median(curves, axis=1)
    trust = np.clip((peak - least) / 0.3, 0, 1) * np.clip(above / 0.1, 0, 1) * (best == inner) * (bend < -1e-6)
    return deltas_m[inner] + np.clip(shift, -0.5, 0.5) * (deltas_m[1] - deltas_m[0]), trust


def _bending(mesh: TriangleMesh, edges: I32) -> sparse.csc_matrix:
    """[M, M] f @ bending @ f is the sum over the vertices of the squared Laplacian of a field f, 1 / metres ** 4."""
    count = len(mesh.vertices_m)
    i, j = edges.T
    squared = np.square(mesh.vertices_m[i] - mesh.vertices_m[j]).sum(1).astype(np.float64)
    near = np.bincount(i, squared, count) + np.bincount(j, squared, count)
    laplacian = sparse.diags(4 / np.maximum(near, 1e-12)) @ graph_laplacian(edges, count)
    return (laplacian.T @ laplacian).tocsc()


def _with_neighbours(values: F32, edges: I32) -> F32:
    """[M, D] means over each vertex and its neighbours."""
    count = len(values)
    i, j = edges.T
    one = np.ones(len(i))
    adjacency = sparse.coo_matrix((one, (i, j)), (count, count)).tocsr()
    adjacency = adjacency + adjacency.T + sparse.identity(count)
    return np.asarray(adjacency @ values.astype(np.float64)) / np.asarray(adjacency.sum(1))


def _pixel_m(camera: Camera, points_m: F32) -> float:
    """Side of a pixel on the head."""
    return float(camera.project(points_m.mean(0))[1] / camera.focal_px)
