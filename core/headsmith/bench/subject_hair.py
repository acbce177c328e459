"""The known subject's hair: thousands of narrow ribbons that grow on the scalp and fall over the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.bench.subject_skin import noise
from headsmith.head_model.model import HeadModel
from headsmith.splats.sampling import spread_points, triangle_areas
from headsmith.types import F32, I32

COLOR = np.array([0.33, 0.225, 0.15], np.float32)
TIP = np.array([0.50, 0.36, 0.24], np.float32)
"""sRGB"""
_SEGMENTS = 18
_LENGTH_M = (0.10, 0.19)
_HALF_WIDTH_M = 0.0011
_STAND_OFF_M = (0.002, 0.016)
"""how far above the skin a ribbon lies: each its own, so that they make layers"""
_PARTING_X_M = 0.022
_GRAVITY, _CURL, _COMB_BACK = 0.32, 0.10, 0.45
"""pulls on the heading, which has length 1, at each step"""
_EAR_Z_M = -0.075
"""hair in front of this is combed back, out of the face"""
_TURN_RAD = 0.8
"""deviation of a ribbon's turn about itself: seen from any side, some ribbons show their width"""


@dataclass(frozen=True)
class Hair:
    """Ribbons in rest pose, rigid with the skull."""

    vertices_m: F32
    """[M, 3]"""
    faces: I32
    """[K, 3]"""
    colors: F32
    """[M, 3] sRGB 0..1 albedo"""
    normals: F32
    """[M, 3] unit, outwards"""


def grow_ribbons(model: HeadModel, rest_m: F32, count: int, seed: int) -> Hair:
    """`count` ribbons on the scalp of a neutral head [V, 3]; the same for the same seed."""
    random = np.random.default_rng(seed)
    importance = (model.regions["scalp"][model.faces].mean(1) > 0.5).astype(np.float32)
    points = spread_points(triangle_areas(rest_m, model.faces), importance, count, seed)
    corners = model.faces[points.triangle]
    normals = vertex_normals(rest_m, model.faces)
    roots = (rest_m[corners] * points.barycentric[..., None]).sum(1)
    outward = _unit((normals[corners] * points.barycentric[..., None]).sum(1))
    layer = random.random(count).astype(np.float32)
    paths, out = _paths(_Skin(model, rest_m), roots, outward, layer, random)
    tangents = _unit(np.gradient(paths, axis=1))
    turn = random.normal(0, _TURN_RAD, (count, 1, 1))
    flat = _unit(np.cross(tangents, out))
    sideways = np.cos(turn) * flat + np.sin(turn) * np.cross(flat, tangents)
    along = np.linspace(0, 1, _SEGMENTS, dtype=np.float32)
    width = _HALF_WIDTH_M * np.minimum(1, 4 * (1 - along) + 0.25)[None, :, None]
    edges = np.stack([paths - sideways * width, paths + sideways * width], 2)
    colors = _colors(roots, layer, along, random)
    faces = _ribbon_faces(count)
    normal = np.repeat(out[:, :, None], 2, 2).reshape(-1, 3)
    return Hair(edges.reshape(-1, 3).astype(np.float32), faces, colors, normal.astype(np.float32))


class _Skin:
    """The head that the hair falls over."""

    def __init__(self, model: HeadModel, rest_m: F32) -> None:
        rows = np.unique(model.faces[model.faces_of("head")])
        rows = rows[model.regions["inner_mouth"][rows] < 0.1]
        self.points, self.normals = rest_m[rows], vertex_normals(rest_m, model.faces)[rows]
        self.tree = cKDTree(self.points)

    def lifted(self, points_m: F32, stand_off_m: F32) -> tuple[F32, F32]:
        """Points [N, 3] at least `stand_off_m` [N] outside the skin, and the skin's normals [N, 3] there."""
        distance, nearest = self.tree.query(points_m, k=6)
        weight = (1 / np.maximum(distance, 1e-4) ** 2)[..., None]
        weight /= weight.sum(1, keepdims=True)
        normal = _unit((self.normals[nearest] * weight).sum(1))
        height = ((points_m - (self.points[nearest] * weight).sum(1)) * normal).sum(1)
        return points_m + np.maximum(stand_off_m - height, 0)[:, None] * normal, normal


def _paths(skin: _Skin, roots: F32, outward: F32, layer: F32, random: np.random.Generator) -> tuple[F32, F32]:
    """Points along each ribbon [N, S, 3] and the outward directions there."""
    count = len(roots)
    side = np.where(roots[:, 0] > _PARTING_X_M, 1.0, -1.0)
    comb = np.stack([0.9 * side, np.full(count, 0.1), np.full(count, -0.75)], 1)
    comb += 0.25 * np.stack([noise(roots, 0.02, random) for _ in range(3)], 1)
    heading = _unit(0.5 * outward + _unit(comb) + random.normal(0, 0.05, (count, 3)))
    length = random.uniform(*_LENGTH_M, count) * (0.85 + 0.1 * noise(roots, 0.05, random))
    step = length / (_SEGMENTS - 1)
    stand_off = _STAND_OFF_M[0] + (_STAND_OFF_M[1] - _STAND_OFF_M[0]) * layer
    phase, axis = random.uniform(0, 2 * np.pi, count), _unit(random.normal(size=(count, 3)))
    at, points, normals = roots, [roots], [outward]
    for k in range(1, _SEGMENTS):
        sway = np.sin(phase + 2.2 * np.pi * k / _SEGMENTS)[:, None] * axis
        back = _COMB_BACK * np.clip((at[:, 2] - _EAR_Z_M) / 0.03, 0, 1)
        heading = _unit(heading + np.stack([0 * back, np.full(count, -_GRAVITY), -back], 1) + _CURL * sway)
        rise = np.minimum(stand_off, stand_off * k / 4 + 0.001)
        moved, normal = skin.lifted(at + step[:, None] * heading, rise)
        heading = _unit(moved - at)
        at = at + step[:, None] * heading
        points.append(at)
        normals.append(normal)
    return np.stack(points, 1), np.stack(normals, 1)


def _colors(roots: F32, layer: F32, along: F32, random: np.random.Generator) -> F32:
    """[N * S * 2, 3] darker near the scalp, lighter to the tips, each ribbon and each of its edges a little unlike."""
    count = len(roots)
    tip = np.clip(along[None] * 1.2 - 0.35, 0, 1) * random.uniform(0.3, 1.0, (count, 1))
    color = COLOR + tip[..., None] * (TIP - COLOR)
    lock = 1 + 0.12 * noise(roots, 0.012, random)
    strand = np.exp(random.normal(0, 0.16, count))
    depth = 0.60 + 0.40 * layer
    brightness = (lock * strand * depth)[:, None, None] * np.exp(random.normal(0, 0.07, (count, 1, 2)))
    both = color[:, :, None] * np.broadcast_to(brightness, (count, len(along), 2))[..., None]
    return np.clip(both, 0.02, 1).reshape(-1, 3).astype(np.float32)


def _ribbon_faces(count: int) -> I32:
    first = (np.arange(count)[:, None] * _SEGMENTS + np.arange(_SEGMENTS - 1)) * 2
    a, b, c, d = (first.reshape(-1) + k for k in range(4))
    return np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)]).astype(np.int32)


def _unit(vectors: F32) -> F32:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
