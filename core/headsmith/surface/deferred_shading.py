"""A mesh and a neural shader, optimised together until their renders match the pictures.

Worchel et al. 2022, "Multi-View Mesh Reconstruction with Neural Deferred Shading" (arXiv 2212.04386), from coarse to
fine; few random pixels of a few pictures per step, so that it runs on a CPU. At the end, the texture that the pictures
share (photo_refine.py) sharpens what shading found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from headsmith.device import single_threaded
from headsmith.surface import raster_cuda
from headsmith.surface.antialias import find_crossings, outline_edges, soft_cover
from headsmith.surface.mesh import SurfaceView, TriangleMesh
from headsmith.surface.photo_refine import PhotoParams, refine_by_texture
from headsmith.surface.pyramid import view_at
from headsmith.surface.regularise import SmoothCoordinates, UniformAdam, bend_loss, laplacian_loss
from headsmith.surface.shader import NeuralShader, ShaderParams
from headsmith.surface.soft_raster import (
    TorchCamera,
    barycentrics,
    gather_corners,
    interpolate,
    pixel_centers,
    seen_pixels,
    smooth_normals,
    torch_camera,
    visible_triangles,
)
from headsmith.surface.topology import Edges, edges_of, split_long_edges
from headsmith.types import I32, Progress, no_progress


@dataclass(frozen=True)
class Level:
    """One step from coarse to fine."""

    steps: int
    edge_m: float
    """longest edge of the mesh"""
    shrink: int
    """pictures are averaged down by this factor"""
    step_m: float
    """how far vertices may move in one step"""
    smoothing: float
    """`SmoothCoordinates.strength`"""


@dataclass(frozen=True)
class DeferredParams:
    levels: tuple[Level, ...] = (
        Level(steps=200, edge_m=8e-3, shrink=4, step_m=1e-3, smoothing=4.0),
        Level(steps=250, edge_m=7e-3, shrink=2, step_m=5e-4, smoothing=6.0),
        Level(steps=250, edge_m=7e-3, shrink=1, step_m=2e-4, smoothing=10.0),
    )
    views_per_step: int = 3
    pixels_per_view: int = 2000
    shading_weight: float = 1.0
    mask_weight: float = 2.0
    laplacian_weight: float = 10.0
    """of lengths in units of a decimetre, as the head fits into a unit ball then"""
    bend_weight: float = 0.03
    shader: ShaderParams = field(default_factory=ShaderParams)
    shader_step: float = 1e-3
    seed: int = 0
    texture: PhotoParams = field(default_factory=PhotoParams)
    """of the sharpening at the end; no `sweeps` leave it out"""


UNIT_M = 0.1
_KNOWN = 0.5
"""of the mask and of the trust from which on a pixel's colour is compared"""


@dataclass(frozen=True)
class _Picture:
    """A `SurfaceView` at one level's size."""

    colors: Tensor
    """[H * W, 3] 0..1"""
    mask: Tensor
    """[H, W]"""
    weight: Tensor
    """[H, W]"""
    camera: TorchCamera
    size_px: tuple[int, int]


@dataclass(frozen=True)
class _Mesh:
    """A level's triangles, which stay the same while its vertices move."""

    faces: I32
    edges: Edges
    faces_t: Tensor
    edges_t: Tensor
    pairs_t: Tensor
    """[E, 2] neighbouring triangles"""
    degree: Tensor


def refine_surface(
    start: TriangleMesh, views: Sequence[SurfaceView], params: DeferredParams | None = None,
    progress: Progress = no_progress,
) -> TriangleMesh:  # fmt: skip
    """The surface near `start` whose shaded pictures are most like the views'; the same for the same seed."""
    params = params or DeferredParams()
    done, mesh = 0.0, start
    with (
        single_threaded(),
        torch.random.fork_rng(devices=[]),
        torch.device("cuda" if raster_cuda.is_available() else "cpu"),
    ):
        torch.manual_seed(params.seed)
        random = np.random.default_rng(params.seed)
        shader = NeuralShader(params.shader, torch.as_tensor(start.vertices_m.mean(0), dtype=torch.float32))
        for level in params.levels:
            share = _SHADING_SHARE * level.steps / sum(level.steps for level in params.levels)
            run = _Level(level, params, shader, random)
            mesh = _refine_level(run, mesh, views, part(progress, done, share))
            done += share
    return refine_by_texture(mesh, views, params.texture, part(progress, done, 1 - done))


_SHADING_SHARE = 0.8
"""of the time, for progress"""


def part(progress: Progress, start: float, share: float) -> Progress:
    """The progress of a step that is a `share` of the whole."""
    return lambda fraction: progress(start + share * fraction)


@dataclass(frozen=True)
class _Level:
    """What a level works with."""

    level: Level
    params: DeferredParams
    shader: NeuralShader
    random: np.random.Generator


def _refine_level(run: _Level, mesh: TriangleMesh, views: Sequence[SurfaceView], progress: Progress) -> TriangleMesh:
    level, params = run.level, run.params
    mesh = split_long_edges(mesh, level.edge_m)
    fixed = _mesh(mesh)
    pictures = [_picture(view, level.shrink) for view in views]
    smooth = SmoothCoordinates(fixed.edges, len(mesh.vertices_m), level.smoothing)
    coordinates = smooth.coordinates(torch.as_tensor(mesh.vertices_m, dtype=torch.float32)).requires_grad_(True)
    mover = UniformAdam(coordinates, level.step_m)
    painter = torch.optim.Adam(run.shader.parameters(), params.shader_step)
    order = _endless(run.random, len(pictures))
    for step in range(level.steps):
        vertices = smooth.vertices(coordinates)
        loss = _regular(vertices, fixed, params)
        skin = torch.cat([vertices, smooth_normals(vertices, fixed.faces_t)], 1)
        for _ in range(params.views_per_step):
            loss = loss + _view_loss(run, skin, fixed, pictures[order()]) / params.views_per_step
        weights = list(run.shader.parameters())
        gradient, *by_weights = torch.autograd.grad(loss, [coordinates, *weights], materialize_grads=True)
        for weight, its_gradient in zip(weights, by_weights, strict=True):
            weight.grad = its_gradient
        fade = 0.5 * (1 + np.cos(np.pi * step / level.steps))
        mover.step(gradient, 0.1 + 0.9 * float(fade))
        painter.step()
        progress((step + 1) / level.steps)
    return TriangleMesh(smooth.vertices(coordinates).detach().cpu().numpy().astype(np.float32), mesh.faces)


def _view_loss(run: _Level, skin: Tensor, mesh: _Mesh, picture: _Picture) -> Tensor:
    """Shading and mask loss of one picture; `skin` [M, 6] are vertices and normals."""
    params = run.params
    camera_m = picture.camera.to_camera(skin[:, :3])
    triangle, cover = _seen(camera_m, mesh, picture)
    mask_loss = ((cover - picture.mask).square() * picture.weight).mean()
    known = ((picture.mask > _KNOWN) & (picture.weight > _KNOWN)).cpu().numpy()
    chosen = seen_pixels(triangle, known)
    if not len(chosen):
        return params.mask_weight * mask_loss
    chosen = np.sort(run.random.choice(chosen, min(params.pixels_per_view, len(chosen)), replace=False))
    shown = _shade(run.shader, skin, camera_m, mesh, _Chosen(picture, triangle, chosen))
    wanted = picture.colors.index_select(0, torch.as_tensor(chosen.astype(np.int64)))
    share = float(known.mean())
    return params.mask_weight * mask_loss + params.shading_weight * share * (shown - wanted).abs().mean()


def _seen(camera_m: Tensor, mesh: _Mesh, picture: _Picture) -> tuple[I32, Tensor]:
    """The triangle that each pixel sees [H, W], -1 where none, and its cover [H, W] with gradient."""
    pixels = picture.camera.to_pixels(camera_m)
    if pixels.is_cuda:
        seen, cover = raster_cuda.triangles_and_cover(camera_m, pixels, mesh.faces_t, picture.size_px)
        return seen.cpu().numpy(), cover
    place, flat = camera_m.detach().numpy(), pixels.detach().numpy()
    triangle = visible_triangles(place, flat, mesh.faces, picture.size_px)
    covered = triangle >= 0
    crossings = find_crossings(flat, outline_edges(flat, mesh.faces, mesh.edges), covered)
    return triangle, soft_cover(pixels, covered, crossings)


@dataclass(frozen=True)
class _Chosen:
    """Pixels of a picture that see the mesh."""

    picture: _Picture
    triangle: I32
    """[H, W]"""
    pixels: I32
    """[P] flat indices"""


def _shade(shader: NeuralShader, skin: Tensor, camera_m: Tensor, mesh: _Mesh, chosen: _Chosen) -> Tensor:
    """[P, 3] sRGB of the chosen pixels, with gradient to the skin [M, 6] and the shader."""
    camera, width = chosen.picture.camera, chosen.picture.size_px[0]
    rows, columns = np.divmod(chosen.pixels, width)
    triangle = torch.as_tensor(chosen.triangle.reshape(-1)[chosen.pixels].astype(np.int64))
    rays = camera.rays(pixel_centers(rows, columns, skin.dtype))
    weights = barycentrics(gather_corners(camera_m, mesh.faces_t, triangle), rays)
    place, normal = interpolate(gather_corners(skin, mesh.faces_t, triangle), weights).split(3, dim=1)
    direction = camera.position_m - place
    unit = torch.nn.functional.normalize
    return shader(place, unit(normal, dim=1), unit(direction, dim=1))


def _regular(vertices: Tensor, mesh: _Mesh, params: DeferredParams) -> Tensor:
    laplacian = laplacian_loss(vertices / UNIT_M, mesh.edges_t, mesh.degree)
    return params.laplacian_weight * laplacian + params.bend_weight * bend_loss(vertices, mesh.faces_t, mesh.pairs_t)


def _mesh(mesh: TriangleMesh) -> _Mesh:
    edges = edges_of(mesh.faces)
    inner = edges.faces[edges.faces[:, 1] >= 0]
    degree = np.bincount(edges.vertices.reshape(-1), minlength=len(mesh.vertices_m))
    faces_t, edges_t, pairs_t = (torch.as_tensor(a.astype(np.int64)) for a in (mesh.faces, edges.vertices, inner))
    return _Mesh(
        mesh.faces, edges, faces_t, edges_t, pairs_t, torch.as_tensor(np.maximum(degree, 1), dtype=torch.float32)
    )


def _picture(view: SurfaceView, shrink: int) -> _Picture:
    small = view_at(view, shrink)
    return _Picture(torch.as_tensor(small.image.reshape(-1, 3)), torch.as_tensor(small.mask),
                    torch.as_tensor(small.weight), torch_camera(small.camera), small.camera.size_px)  # fmt: skip


def _endless(random: np.random.Generator, count: int) -> Callable[[], int]:
    """Each call the next of 0..count-1, in a new random order each round."""
    left: list[int] = []

    def take() -> int:
        if not left:
            left.extend(int(i) for i in random.permutation(count))
        return left.pop()

    return take
