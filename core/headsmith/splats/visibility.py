"""Which triangles of a head and of its hair anyone can ever see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.binding import triangle_frames
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.splats.sampling import triangle_areas
from headsmith.types import F32, I32, Bool, Camera, HairShell

_VIEW_PX = 256
_YAWS_DEG = (0, 30, -30, 60, -60, 100, -100, 140, -140, 180)
_PITCHES_DEG = (0, 40, -40)
_POSES: tuple[tuple[str, ...], ...] = (
    (),
    ("jawOpen",),
    ("eyeLookUpLeft", "eyeLookUpRight"),
    ("eyeLookDownLeft", "eyeLookDownRight", "eyeWideLeft", "eyeWideRight"),
    ("eyeLookInLeft", "eyeLookOutRight"),
    ("eyeLookOutLeft", "eyeLookInRight"),
    ("eyeBlinkLeft", "eyeBlinkRight"),
    ("mouthFunnel", "jawOpen"),
)
"""unions of ARKit blendshapes at weight 1; the first is seen from all around, the others from the front only"""


_HAIR_TOLERANCE_M = 0.004
"""how far behind the nearest surface hair still counts as seen: its triangles are smaller than these views' pixels"""


@dataclass(frozen=True)
class HairCover:
    """What hides what in rest pose."""

    skin: Bool
    """[F] head triangles that the hair hides from everywhere"""
    hair: Bool
    """[K] hair triangles that can be seen from somewhere"""


def largest_frames(model: HeadModel, rest_vertices_m: F32) -> tuple[F32, F32]:
    """[F] area in square metres and [F] frame scale in metres of each triangle where an expression stretches it most.

    Lids are folded away in rest pose: splats spread over that would be few and wide when they close.
    """
    areas, scales = np.zeros(len(model.faces), np.float32), np.zeros(len(model.faces), np.float32)
    for pose in _POSES:
        vertices = _posed(model, rest_vertices_m, pose)
        areas = np.maximum(areas, triangle_areas(vertices, model.faces))
        scales = np.maximum(scales, triangle_frames(vertices, model.faces)[1])
    return areas, scales


def _posed(model: HeadModel, rest_vertices_m: F32, pose: tuple[str, ...]) -> F32:
    return rest_vertices_m + sum((model.arkit[ARKIT_52.index(name)] for name in pose), np.float32(0))


def visible_triangles(model: HeadModel, rest_vertices_m: F32) -> Bool:
    """[F] True for triangles that some pose shows to some camera, and their neighbours."""
    seen = np.zeros(len(model.faces), bool)
    for pose in _POSES:
        vertices = _posed(model, rest_vertices_m, pose)
        yaws = _YAWS_DEG if not pose else _YAWS_DEG[:3]
        for camera in _orbit(vertices, yaws):
            seen |= _seen_from(vertices, model.faces, camera)
    touched = np.zeros(len(rest_vertices_m), bool)
    touched[model.faces[seen]] = True
    return np.any(touched[model.faces], axis=1)


def hair_cover(rest_vertices_m: F32, faces: I32, hair: HairShell) -> HairCover:
    """What the hair hides of the head (vertices [V, 3], faces [F, 3]) and the head of the hair."""
    vertices = np.concatenate([rest_vertices_m, hair.vertices_m])
    together = np.concatenate([faces, hair.faces + len(rest_vertices_m)]).astype(np.int32)
    middles = hair.vertices_m[hair.faces].mean(1)
    bare, covered, seen_hair = np.zeros(len(faces), bool), np.zeros(len(together), bool), np.zeros(len(middles), bool)
    for camera in _orbit(vertices, _YAWS_DEG):
        bare |= _seen_from(rest_vertices_m, faces, camera)
        buffers = rasterize(vertices, together, camera)
        covered |= _seen_in(buffers, len(together))
        pixels, depth_m = camera.project(middles)
        column, row = np.clip(pixels.astype(int), 0, _VIEW_PX - 1).T
        seen_hair |= depth_m < buffers.depth_m[row, column] + _HAIR_TOLERANCE_M
    return HairCover(bare & ~covered[: len(faces)], seen_hair)


def _seen_from(vertices_m: F32, faces: I32, camera: Camera) -> Bool:
    return _seen_in(rasterize(vertices_m, faces, camera), len(faces))


def _seen_in(buffers: RasterBuffers, count: int) -> Bool:
    seen = np.zeros(count, bool)
    seen[buffers.triangle[buffers.triangle >= 0]] = True
    return seen


def _orbit(vertices_m: F32, yaws_deg: tuple[int, ...]) -> Iterator[Camera]:
    """Cameras around the head that see all of it."""
    low, high = vertices_m.min(0), vertices_m.max(0)
    centre, extent = (low + high) / 2, float(np.linalg.norm(high - low))
    distance = 3 * extent
    for yaw in yaws_deg:
        for pitch in _PITCHES_DEG:
            turn = rotation_matrices(np.radians([[pitch, 0, 0]]))[0] @ rotation_matrices(np.radians([[0, -yaw, 0]]))[0]
            T = np.eye(4, dtype=np.float32)
            # OpenCV's camera looks along +z with y down: half a turn about x from head space
            T[:3, :3] = np.diag([1, -1, -1]) @ turn
            T[:3, 3] = [0, 0, distance] - T[:3, :3] @ centre
            focal = _VIEW_PX * distance / extent
            yield Camera(focal, (_VIEW_PX / 2, _VIEW_PX / 2), (_VIEW_PX, _VIEW_PX), T)
