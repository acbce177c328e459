"""A small sheet of triangles with splats on it, seen from the front: what strategies work on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from headsmith.splats.cloud import Cloud
from headsmith.splats.frames import splat_frames
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import Target
from headsmith.splats.params import SplatParams
from headsmith.splats.posed_view import PosedView
from headsmith.splats.sampling import spread_points, triangle_areas
from headsmith.splats.view_render import render_view
from headsmith.types import Camera

SIZE_PX = 48
SIDE_M = 0.2
CELLS = 3
PLAIN = (0.6, 0.4, 0.3)


def sheet() -> tuple[np.ndarray, np.ndarray]:
    """Vertices [16, 3] metres and faces [18, 3] of a square in the plane z = 0."""
    line = np.linspace(-SIDE_M / 2, SIDE_M / 2, CELLS + 1)
    x, y = np.meshgrid(line, line)
    corner = np.array([i * (CELLS + 1) + j for i in range(CELLS) for j in range(CELLS)])
    up = corner + CELLS + 1
    faces = np.concatenate([np.stack([corner, corner + 1, up], 1), np.stack([corner + 1, up + 1, up], 1)])
    return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1).astype(np.float32), faces.astype(np.int32)


def make_splats(count: int, seed: int = 0, opacity: float = 0.8) -> LocalSplats:
    """Round splats spread over the sheet, of random colours."""
    vertices, faces = sheet()
    points = spread_points(triangle_areas(vertices, faces), np.ones(len(faces), np.float32), count, seed)
    random = np.random.default_rng(seed)
    # the sheet's triangles all have this scale: half of edge and height
    spacing = (points.spacing_m / (SIDE_M / CELLS)).astype(np.float32)
    log_scales = np.log(spacing[:, None] * np.array([0.6, 0.6, 0.1], np.float32)).astype(np.float32)
    return LocalSplats(
        points.triangle, points.barycentric, np.zeros((count, 3), np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)), log_scales, np.full(count, opacity, np.float32),
        random.random((count, 3)).astype(np.float32), spacing, np.ones(count, np.float32),
    )  # fmt: skip


def plain(splats: LocalSplats) -> LocalSplats:
    """The same in the colour that surrounds the fine pattern."""
    return replace(splats, colors=np.tile(np.array(PLAIN, np.float32), (len(splats), 1)))


def front_camera(size_px: int = SIZE_PX) -> Camera:
    T = np.diag([1.0, -1.0, -1.0, 1.0]).astype(np.float32)
    T[2, 3] = 1.0
    return Camera(5.5 * size_px, (size_px / 2, size_px / 2), (size_px, size_px), T)


def checks(size_px: int = SIZE_PX) -> torch.Tensor:
    """[H, W, 3] a fine pattern in the middle, a plain colour around it."""
    y, x = torch.meshgrid(torch.arange(size_px), torch.arange(size_px), indexing="ij")
    fine = (((x // 4 + y // 4) % 2) * 0.8 + 0.1)[..., None].expand(-1, -1, 3)
    middle = ((x - size_px / 2).abs() < size_px / 6) & ((y - size_px / 2).abs() < size_px / 6)
    return torch.where(middle[..., None], fine, torch.tensor(PLAIN))


def view_of(image: torch.Tensor, splats: LocalSplats, real: bool = True) -> PosedView:
    """The sheet is to look like `image` [H, W, 3], and to cover it all."""
    size = len(image)
    weight = torch.full((size, size, 1), size**-2.0)
    frames = splat_frames(*sheet(), splats.triangle, splats.barycentric)
    return PosedView(Target(image, torch.ones(size, size, 1), weight), front_camera(size), frames, real)


def shown(cloud: Cloud) -> torch.Tensor:
    """[H, W, 3] the cloud from the front."""
    start = cloud.start.taken(cloud.origin.numpy())
    with torch.no_grad():
        frames = splat_frames(*sheet(), start.triangle, start.barycentric)
        return render_view(cloud.unknowns, frames, front_camera())[0]


def after_a_step(splats: LocalSplats, params: SplatParams) -> Cloud:
    """A cloud whose Adam remembers one step."""
    cloud = Cloud(splats, params)
    image, _, _ = render_view(cloud.unknowns, view_of(checks(), splats).frames, front_camera())
    (image - checks()).square().mean().backward()
    cloud.adam.step()
    return cloud
