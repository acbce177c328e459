"""What is around the known subject in clips: a furnished room with posters; painted procedurally, with its shirt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.asset.normals import vertex_normals
from headsmith.bench.clip_draw import Part
from headsmith.types import F32, I32, U8

TILES = 4
"""the atlas has 4 x 4 tiles"""
TILE_PX = 384
FLOOR, WALLS, CEILING, WOOD, SHIRT = 0, (1, 2, 3, 4), 5, 6, 7
POSTERS = tuple(range(8, 16))
"""which tile is what"""
_STAINS = ((60, 0.05), (14, 0.045), (4, 0.03))
"""wavelength in texels and strength"""
_CELL_M = 0.16
"""edge of the quads that walls are made of: a triangle that reaches behind the camera is not drawn"""
_LOW_M, _HIGH_M = np.array([-1.7, -1.15, -1.5]), np.array([1.7, 1.25, 1.9])


@dataclass(frozen=True)
class Room:
    walls: Part
    atlas: U8
    """[A, A, 3] sRGB"""


def make_room(seed: int) -> Room:
    """A room of 3.4 x 2.4 x 3.4 m around the head; the same for the same seed."""
    random = np.random.default_rng((seed, 3))
    quads = list(_walls()) + list(_furniture(random)) + list(_posters(random))
    patches = [_patch(*quad) for quad in quads]
    starts = np.cumsum([0, *(len(points) for points, _, _ in patches)])
    points = np.concatenate([points for points, _, _ in patches]).astype(np.float32)
    faces = np.concatenate([faces + start for (_, faces, _), start in zip(patches, starts, strict=False)])
    look = np.concatenate([look for _, _, look in patches]).astype(np.float32)
    part = Part(points, faces.astype(np.int32), vertex_normals(points, faces), look, texture=1, lit=False)
    return Room(part, paint_atlas(random))


def _walls() -> Iterator[tuple[F32, F32, F32, int]]:
    """Corner, two edges and tile of floor, ceiling and walls, seen from inside."""
    low, high = _LOW_M, _HIGH_M
    x, y, z = np.diag(high - low)
    yield low, z, x, FLOOR
    yield low + y, x, z, CEILING
    yield low, x, y, WALLS[0]
    yield low + z + x, -x, y, WALLS[1]
    yield low + z, -z, y, WALLS[2]
    yield low + x, z, y, WALLS[3]


def _furniture(random: np.random.Generator) -> Iterator[tuple[F32, F32, F32, int]]:
    """Boxes on the floor and shelves on the walls, that stand out for parallax."""
    for side in (-1, 1):
        for z in (-1.2, -0.55, 0.3, 1.1):
            width, height, depth = random.uniform(0.25, 0.5), random.uniform(0.5, 1.5), random.uniform(0.25, 0.5)
            centre = np.array([side * (1.65 - width / 2), _LOW_M[1] + height / 2, z + random.uniform(-0.1, 0.1)])
            yield from _box(centre, np.array([width, height, depth]), WOOD if random.random() < 0.4 else None, random)
    for x in (-0.8, -0.1, 0.7):
        size = np.array([random.uniform(0.3, 0.6), random.uniform(0.1, 0.25), random.uniform(0.15, 0.3)])
        centre = np.array([x, random.uniform(-0.4, 0.6), _LOW_M[2] + size[2] / 2])
        yield from _box(centre, size, None, random)


def _box(centre: F32, size: F32, tile: int | None, random: np.random.Generator) -> Iterator[tuple[F32, F32, F32, int]]:
    for axis in range(3):
        u, v = np.eye(3)[(axis + 1) % 3] * size, np.eye(3)[(axis + 2) % 3] * size
        for sign in (-1, 1):
            corner = centre + sign * np.eye(3)[axis] * size / 2 - u / 2 - v / 2
            chosen = int(random.choice(POSTERS)) if tile is None else tile
            yield (corner, u, v, chosen) if sign > 0 else (corner, v, u, chosen)


def _posters(random: np.random.Generator) -> Iterator[tuple[F32, F32, F32, int]]:
    """Pictures 2 cm in front of the walls."""
    for k, x in enumerate((-1.25, -0.62, 0.05, 0.66, 1.2)):
        width, height = random.uniform(0.35, 0.55), random.uniform(0.4, 0.7)
        corner = np.array([x - width / 2, random.uniform(-0.5, 0.2), _LOW_M[2] + 0.02])
        yield corner, np.array([width, 0, 0]), np.array([0, height, 0]), POSTERS[k]
    for side in (-1, 1):
        for k, z in enumerate((-1.1, -0.45, 0.2, 0.9)):
            width, height = random.uniform(0.4, 0.55), random.uniform(0.4, 0.7)
            corner = np.array([side * 1.68, random.uniform(0.0, 0.4), z + side * width / 2])
            yield corner, np.array([0, 0, -side * width]), np.array([0, height, 0]), POSTERS[(k + 4 * (side > 0)) % 8]


def _patch(corner: F32, u: F32, v: F32, tile: int) -> tuple[F32, I32, F32]:
    """A parallelogram as a grid: points [P, 3], faces [F, 3], look [F, 3, 3]."""
    across, up = (max(1, int(np.ceil(np.linalg.norm(edge) / _CELL_M))) for edge in (u, v))
    b, a = np.meshgrid(np.linspace(0, 1, up + 1), np.linspace(0, 1, across + 1), indexing="ij")
    uv = np.stack([a.ravel(), b.ravel()], 1)
    row, column = np.divmod(np.arange(up * across), across)
    first = row * (across + 1) + column
    opposite = first + across + 2
    faces = np.concatenate([np.stack([first, first + 1, opposite], 1), np.stack([first, opposite, opposite - 1], 1)])
    return corner + uv @ np.stack([u, v]), faces, in_tile(uv, tile)[faces]


def in_tile(uv: F32, tile: int) -> F32:
    """[..., 3] corner looks of uv [..., 2] 0..1 within one of the atlas's tiles."""
    inside = 0.01 + 0.98 * np.clip(uv, 0, 1)
    row, column = divmod(tile, TILES)
    place = np.stack([(column + inside[..., 0]) / TILES, 1 - (row + 1 - inside[..., 1]) / TILES], -1)
    return np.concatenate([place, np.zeros_like(place[..., :1])], -1).astype(np.float32)


def paint_atlas(random: np.random.Generator) -> U8:
    """All tiles."""
    atlas = np.zeros((TILES * TILE_PX, TILES * TILE_PX, 3), np.float32)
    base = random.uniform(0.45, 0.75, 3) * 0.5 + 0.3
    flat = {FLOOR: base * (0.6, 0.5, 0.42), CEILING: np.full(3, 0.82), WOOD: np.array([0.5, 0.36, 0.24])}
    flat |= {tile: base * random.uniform(0.9, 1.05, 3) for tile in WALLS}
    flat[SHIRT] = random.uniform(0.15, 0.6, 3)
    for tile in range(TILES * TILES):
        row, column = divmod(tile, TILES)
        picture = _poster(random) if tile in POSTERS else _plain(flat[tile], tile, random)
        atlas[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX] = picture
    return np.round(np.clip(atlas, 0, 1) * 255).astype(np.uint8)


def _plain(color: F32, tile: int, random: np.random.Generator) -> F32:
    """[P, P, 3] one colour with stains; boards, a wallpaper's motifs or a fabric's stripes over it."""
    y, x = np.mgrid[:TILE_PX, :TILE_PX] / TILE_PX
    shade = np.ones((TILE_PX, TILE_PX))
    for wave_px, strength in _STAINS:
        shade += strength * _clouds(wave_px, random)
    if tile in (FLOOR, WOOD):
        boards = np.floor(x * 11) * 7.3 + np.floor(y * 2.5 + np.floor(x * 11) * 0.37) * 3.1
        shade = shade * (0.9 + 0.2 * np.abs(np.sin(boards * 12.9898)))
    elif tile in WALLS:
        for _ in range(90):
            cx, cy, radius = *random.random(2), random.uniform(0.004, 0.02)
            shade = shade - random.uniform(0.06, 0.2) * (np.hypot(x - cx, y - cy) < radius)
    elif tile == SHIRT:
        shade = shade * (1 + 0.12 * np.sign(np.sin(y * 90)) + 0.06 * np.sign(np.sin(x * 140)))
    return np.clip(color * shade[..., None], 0, 1)


def _poster(random: np.random.Generator) -> F32:
    """[P, P, 3] rectangles, discs and bars in random colours, in a frame."""
    y, x = np.mgrid[:TILE_PX, :TILE_PX] / TILE_PX
    picture = np.ones((TILE_PX, TILE_PX, 3)) * random.uniform(0.3, 0.9, 3)
    for _ in range(70):
        cx, cy, angle = *random.random(2), random.uniform(0, np.pi)
        size = random.uniform(0.015, 0.16, 2)
        a = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        b = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        inside = (np.hypot(a, b) < size[0]) if random.random() < 0.4 else (np.abs(a) < size[0]) & (np.abs(b) < size[1])
        picture[inside] = random.uniform(0.05, 0.95, 3)
    picture *= (1 + 0.06 * _clouds(8, random))[..., None]
    edge = np.maximum(np.abs(x - 0.5), np.abs(y - 0.5)) > 0.475
    picture[edge] = random.uniform(0.05, 0.3)
    return ndimage.gaussian_filter(np.clip(picture, 0, 1), (0.8, 0.8, 0))


def _clouds(wave_px: float, random: np.random.Generator) -> F32:
    field = ndimage.gaussian_filter(random.standard_normal((TILE_PX, TILE_PX)), wave_px / 4, mode="wrap")
    return field / field.std()
