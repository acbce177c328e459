"""Gradients of what pixels see, against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize
from headsmith.surface.antialias import find_crossings, outline_edges, soft_cover
from headsmith.surface.soft_raster import (
    barycentrics,
    gather_corners,
    interpolate,
    pixel_centers,
    smooth_normals,
    torch_camera,
    visible_triangles,
)
from headsmith.surface.topology import edges_of
from headsmith.types import F32, I32, Camera

SIZE_PX = 48


@pytest.fixture
def camera() -> Camera:
    T = np.diag([1.0, -1.0, -1.0, 1.0]).astype(np.float32)
    T[2, 3] = 0.6
    return Camera(110.0, (24.3, 23.8), (SIZE_PX, SIZE_PX), T)


def ball(radius_m: float = 0.09, rings: int = 9) -> tuple[F32, I32]:
    """A closed, slightly dented ball."""
    rows, columns = rings, 2 * rings
    theta = np.linspace(0, np.pi, rows)[1:-1, None]
    phi = np.arange(columns)[None] / columns * 2 * np.pi
    side = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi], -1)
    points = np.concatenate([side.reshape(-1, 3), [[0, 0, 1], [0, 0, -1]]])
    faces = []
    for i in range(rows - 3):
        for j in range(columns):
            a, b = i * columns + j, i * columns + (j + 1) % columns
            faces += [[a, a + columns, b], [b, a + columns, b + columns]]
    last = (rows - 3) * columns
    for j in range(columns):
        k = (j + 1) % columns
        faces += [[len(points) - 2, j, k], [len(points) - 1, last + k, last + j]]
    points = points * (1 + 0.1 * np.sin(3 * points[:, :1]) + 0.05 * np.cos(4 * points[:, 1:2])) * radius_m
    return points.astype(np.float32), np.array(faces, np.int32)


def against_differences(function: Callable[[Tensor], Tensor], at: Tensor, direction: Tensor, step: float) -> None:
    """The gradient along one direction agrees with the central difference."""
    start = at.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(function(start), start)
    difference = (function(at + step * direction) - function(at - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(float(difference), rel=2e-3)


def test_barycentrics_are_the_rasterisers(camera: Camera) -> None:
    points, faces = ball()
    buffers = rasterize(points, faces, camera)
    rows, columns = np.nonzero(buffers.triangle >= 0)
    triangle = torch.as_tensor(buffers.triangle[rows, columns].astype(np.int64))
    view = torch_camera(camera, torch.float64)
    camera_m = view.to_camera(torch.as_tensor(points, dtype=torch.float64))
    corners = gather_corners(camera_m, torch.as_tensor(faces.astype(np.int64)), triangle)
    found = barycentrics(corners, view.rays(pixel_centers(rows, columns, torch.float64)))
    np.testing.assert_allclose(found.numpy(), buffers.barycentric[rows, columns], atol=2e-4)


def test_visible_triangles_are_the_rasterisers(camera: Camera) -> None:
    points, faces = ball()
    view = torch_camera(camera, torch.float64)
    camera_m = view.to_camera(torch.as_tensor(points, dtype=torch.float64))
    seen = visible_triangles(camera_m.numpy(), view.to_pixels(camera_m).numpy(), faces, camera.size_px)
    expected = rasterize(points, faces, camera).triangle
    assert (seen == expected).mean() > 0.999


def test_interpolated_places_have_the_right_gradient(camera: Camera) -> None:
    points, faces = ball()
    buffers = rasterize(points, faces, camera)
    rows, columns = np.nonzero(buffers.triangle >= 0)
    triangle = torch.as_tensor(buffers.triangle[rows, columns].astype(np.int64))
    view, faces_t = torch_camera(camera, torch.float64), torch.as_tensor(faces.astype(np.int64))
    rays = view.rays(pixel_centers(rows, columns, torch.float64))
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(len(rows), 6, generator=generator, dtype=torch.float64)

    def brightness(vertices: Tensor) -> Tensor:
        camera_m = view.to_camera(vertices)
        values = torch.cat([vertices, 0.05 * smooth_normals(vertices, faces_t)], 1)
        share = barycentrics(gather_corners(camera_m, faces_t, triangle), rays)
        return (weights * interpolate(gather_corners(values, faces_t, triangle), share)).sum()

    start = torch.as_tensor(points, dtype=torch.float64)
    direction = torch.randn(start.shape, generator=generator, dtype=torch.float64)
    against_differences(brightness, start, direction, 1e-6)


def test_smooth_normals_are_their_twins() -> None:
    points, faces = ball()
    found = smooth_normals(torch.as_tensor(points), torch.as_tensor(faces.astype(np.int64)))
    np.testing.assert_allclose(found.numpy(), vertex_normals(points, faces), atol=1e-5)


def cover_of(vertices: Tensor, faces: I32, camera: Camera) -> Tensor:
    view = torch_camera(camera, torch.float64)
    camera_m = view.to_camera(vertices)
    pixels = view.to_pixels(camera_m)
    flat = pixels.detach().numpy()
    covered = visible_triangles(camera_m.detach().numpy(), flat, faces, camera.size_px) >= 0
    return soft_cover(pixels, covered, find_crossings(flat, outline_edges(flat, faces, edges_of(faces)), covered))


@pytest.mark.parametrize("move", ["right", "up", "grow", "nearer"])
def test_cover_changes_as_its_gradient_says(camera: Camera, move: str) -> None:
    points, faces = ball()
    start = torch.as_tensor(points, dtype=torch.float64)
    axes = {"right": [1.0, 0, 0], "up": [0, 1.0, 0], "nearer": [0, 0, 1.0]}
    direction = start / 0.09 if move == "grow" else torch.tensor(axes[move], dtype=torch.float64).expand_as(start)
    x = torch.arange(SIZE_PX, dtype=torch.float64) + 0.5
    # a picture that is brighter to one side, so that moving sideways changes its sum
    ramp = 1 + 0.02 * x[None] - 0.03 * x[:, None]
    against_differences(lambda v: (ramp * cover_of(v, faces, camera)).sum(), start, direction, 1e-7)


def test_cover_follows_the_area(camera: Camera) -> None:
    """Over many sizes the sum of the cover is the outline's area in pixels, where hard pixels would jump."""
    points, faces = ball()
    for scale in np.linspace(0.9, 1.1, 7):
        vertices = torch.as_tensor(points * scale, dtype=torch.float64)
        fine = Camera(camera.focal_px * 8, (8 * 24.3, 8 * 23.8), (8 * SIZE_PX, 8 * SIZE_PX), camera.T_camera_world)
        area = (rasterize(vertices.numpy(), faces, fine).triangle >= 0).sum() / 64
        assert float(cover_of(vertices, faces, camera).sum()) == pytest.approx(area, rel=0.01)


def test_every_pixel_at_the_border_is_reached_by_an_edge(camera: Camera) -> None:
    points, faces = ball()
    view = torch_camera(camera, torch.float64)
    camera_m = view.to_camera(torch.as_tensor(points, dtype=torch.float64))
    flat = view.to_pixels(camera_m).numpy()
    covered = visible_triangles(camera_m.numpy(), flat, faces, camera.size_px) >= 0
    crossings = find_crossings(flat, outline_edges(flat, faces, edges_of(faces)), covered)
    changes = (covered[:, 1:] != covered[:, :-1]).sum() + (covered[1:] != covered[:-1]).sum()
    assert len(crossings.inside) == changes
    assert covered.reshape(-1)[crossings.inside].all()
    assert not covered.reshape(-1)[crossings.outside].any()
