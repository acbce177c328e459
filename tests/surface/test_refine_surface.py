"""A textured pebble, seen from around it: shading and texture find its shape again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize
from headsmith.surface.closest import ClosestPoints
from headsmith.surface.deferred_shading import DeferredParams, Level, refine_surface
from headsmith.surface.mesh import SurfaceView, TriangleMesh
from headsmith.surface.photo_refine import PhotoParams, Sweep, peaks, refine_by_texture
from headsmith.surface.pyramid import view_at
from headsmith.surface.shader import ShaderParams
from headsmith.surface.topology import split_long_edges
from headsmith.types import F32, Camera

SIZE_PX, FINE = 96, 3
RADIUS_M = 0.08
QUICK = DeferredParams(
    levels=(Level(60, 0.02, 2, 2e-3, 3.0), Level(60, 0.012, 1, 8e-4, 3.0)), pixels_per_view=600,
    shader=ShaderParams(octaves=5, width=48, layers=2), shader_step=4e-3, texture=PhotoParams(sweeps=()),
)  # fmt: skip
SHARP = PhotoParams(sweeps=(Sweep(6e-3, 0.5e-3, 1, ((10e-3, 0.1), (2e-3, 0.05), (1e-3, 0.03))),), patch_px=2)


@dataclass(frozen=True)
class Pebble:
    mesh: TriangleMesh
    views: tuple[SurfaceView, ...]


def ball(edge_m: float) -> TriangleMesh:
    corner = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    faces = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.int32)
    mesh = TriangleMesh(RADIUS_M * corner, faces)
    while True:
        finer = split_long_edges(mesh, edge_m)
        if len(finer.faces) == len(mesh.faces):
            return mesh
        unit = finer.vertices_m / np.linalg.norm(finer.vertices_m, axis=1, keepdims=True)
        mesh = TriangleMesh((RADIUS_M * unit).astype(np.float32), finer.faces)


def pebble_of(mesh: TriangleMesh) -> TriangleMesh:
    """With two dents and a nose."""
    unit = mesh.vertices_m / RADIUS_M
    bump = 0.0
    for direction, height in (((0, 0, 1), 0.012), ((0.5, 0.5, 0.7), -0.006), ((-0.6, -0.2, 0.75), -0.005)):
        toward = np.array(direction) / np.linalg.norm(direction)
        bump = bump + height * np.exp(-np.square(unit - toward).sum(1) / 0.15)
    return replace(mesh, vertices_m=(unit * (RADIUS_M + bump)[:, None]).astype(np.float32))


def spots(points_m: F32) -> F32:
    """[N, 3] sRGB of a skin with spots down to a few millimetres."""
    random = np.random.default_rng(0)
    out = np.full((len(points_m), 3), 0.6)
    for wave_m, strength in ((0.05, 0.08), (0.02, 0.08), (0.011, 0.08)):
        for _ in range(6):
            direction = random.normal(size=3)
            direction *= 2 * np.pi / wave_m / np.linalg.norm(direction)
            wave = np.sin(points_m @ direction + random.uniform(0, 6))
            out += strength / 2 * wave[:, None] * random.uniform(0.5, 1.5, 3)
    return out


def camera_at(yaw: float, pitch: float) -> Camera:
    back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.cross(-back, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    T = np.eye(4)
    T[:3, :3] = np.stack([right, np.cross(-back, right), -back])
    T[2, 3] = 0.5
    return Camera(2.4 * SIZE_PX, (SIZE_PX / 2, SIZE_PX / 2), (SIZE_PX, SIZE_PX), T.astype(np.float32))


def photo(mesh: TriangleMesh, camera: Camera) -> SurfaceView:
    large = Camera(camera.focal_px * FINE, (SIZE_PX * FINE / 2,) * 2, (SIZE_PX * FINE,) * 2, camera.T_camera_world)
    buffers = rasterize(mesh.vertices_m, mesh.faces, large)
    seen = buffers.triangle >= 0
    place = buffers.interpolate(mesh.vertices_m[mesh.faces])[seen]
    normal = buffers.interpolate(vertex_normals(mesh.vertices_m, mesh.faces)[mesh.faces])[seen]
    image = np.zeros((*seen.shape, 3), np.float32)
    image[seen] = spots(place) * (0.75 + 0.25 * normal @ np.array([0.5, 0.6, 0.6]))[:, None]
    full = SurfaceView(image, seen.astype(np.float32), large, np.ones(seen.shape, np.float32))
    return replace(view_at(full, FINE), camera=camera, weight=np.ones((SIZE_PX, SIZE_PX), np.float32))


@pytest.fixture(scope="module")
def pebble() -> Pebble:
    mesh = pebble_of(ball(0.006))
    angles = [(yaw, pitch) for pitch in (-0.25, 0.3) for yaw in np.linspace(-1, 1, 4)]
    return Pebble(mesh, tuple(photo(mesh, camera_at(*angle)) for angle in angles))


def error_mm(mesh: TriangleMesh, truth: TriangleMesh) -> float:
    """Mean distance of the true front to the mesh."""
    front = truth.vertices_m[truth.vertices_m[:, 2] > 0.02]
    return float(ClosestPoints(mesh)(front).distance_m.mean() * 1e3)


@pytest.fixture(scope="module")
def refined(pebble: Pebble) -> TriangleMesh:
    return refine_surface(ball(0.02), pebble.views, QUICK)


def test_shading_finds_the_shape(pebble: Pebble, refined: TriangleMesh) -> None:
    start = error_mm(ball(0.02), pebble.mesh)
    assert error_mm(refined, pebble.mesh) < 0.5 * start
    assert start > 1.5


def test_texture_makes_it_sharp(pebble: Pebble, refined: TriangleMesh) -> None:
    fine = refine_by_texture(split_long_edges(refined, 0.008), pebble.views, SHARP)
    assert error_mm(fine, pebble.mesh) < 0.6 * error_mm(refined, pebble.mesh)
    assert error_mm(fine, pebble.mesh) < 0.6


def test_same_seed_same_surface(pebble: Pebble) -> None:
    short = replace(QUICK, levels=(replace(QUICK.levels[0], steps=5),), texture=SHARP)
    seen: list[float] = []
    first, again = refine_surface(ball(0.02), pebble.views, short, seen.append), refine_surface(
        ball(0.02), pebble.views, short
    )  # fmt: skip
    np.testing.assert_array_equal(first.vertices_m, again.vertices_m)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)
    other = refine_surface(ball(0.02), pebble.views, replace(short, seed=1))
    assert (first.vertices_m != other.vertices_m).any()


def test_pictures_without_weight_say_nothing(pebble: Pebble) -> None:
    blind = [replace(view, weight=np.zeros_like(view.weight)) for view in pebble.views]
    start = split_long_edges(ball(0.012), 0.012)
    np.testing.assert_allclose(refine_by_texture(start, blind, SHARP).vertices_m, start.vertices_m, atol=1e-6)
    short = replace(QUICK, levels=(Level(10, 0.02, 2, 4e-4, 3.0),))
    moved = refine_surface(ball(0.02), blind, short)
    drift = np.linalg.norm(moved.vertices_m, axis=1) - RADIUS_M
    # smoothing shrinks a ball evenly, and nothing else moves it
    assert np.ptp(drift) < 1.5e-3


def test_bytes_and_fractions_are_the_same_picture(pebble: Pebble) -> None:
    view = pebble.views[0]
    as_bytes = replace(view, image=np.round(view.image * 255).astype(np.uint8))
    small = view_at(as_bytes, 2)
    assert small.camera.focal_px == view.camera.focal_px / 2
    np.testing.assert_allclose(small.image, view_at(view, 2).image, atol=1 / 255)


def test_peaks_near_the_field_win() -> None:
    deltas = np.arange(-10, 11) * 1e-3
    curve = 0.8 * np.exp(-((deltas - 6.3e-3) ** 2) / 2e-6) + 0.7 * np.exp(-((deltas + 2.2e-3) ** 2) / 2e-6)
    curves = np.stack([curve, curve, np.zeros_like(curve), np.linspace(0, 1, 21)])
    field = np.array([-2e-3, 6e-3, 0, 0])
    offset, trust = peaks(curves, deltas, field, 4e-3, 0.2)
    np.testing.assert_allclose(offset[:2], [-2.2e-3, 6.3e-3], atol=1.5e-4)
    assert (trust[:2] > 0.9).all()
    # neither a flat curve nor one that rises to the end of the search has a peak
    assert (trust[2:] == 0).all()
