"""Splats in the hair: on its outer surface and a little under it, tied to the part of the head that stays still."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.avatar import Splats
from headsmith.asset.binding import bind
from headsmith.asset.normals import vertex_normals
from headsmith.asset.quaternions import quaternions_from_matrices
from headsmith.head_model.model import HeadModel
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.sampling import SurfacePoints
from headsmith.types import F32, I32, Bool, HairShell

_IMPORTANCE_UNSEEN, _IMPORTANCE_SEEN = 0.4, 2.5
"""density per area of hair that no photo shows, and that one shows well, where plain skin has 1"""
_LAYERS = (0.0, 0.0, 0.35)
"""depths in turn, as fractions of the hair's thickness"""
_DEEPEST_M = 0.012
"""what lies deeper is hidden by the layers above"""
_WIDTH, _LENGTH, _FLATNESS = 0.6, 1.1, 0.35
"""standard deviations across the strands, along them and along the normal, in neighbour spacings"""
_OPACITY = 0.9
_STILL_M = 1e-4
"""triangles that an expression moves farther carry no hair, which would swing on them as on a lever"""
_WITH_SKULL = 0.002
"""triangles whose joint weights differ more from the scalp's carry none either: it would stay behind on the shoulders
when the head turns"""


def hair_importance(hair: HairShell) -> F32:
    """[K] how densely each triangle of the shell is to be covered."""
    seen = hair.seen[hair.faces].mean(1)
    return _IMPORTANCE_UNSEEN + (_IMPORTANCE_SEEN - _IMPORTANCE_UNSEEN) * seen


def hair_splats(model: HeadModel, rest: F32, hair: HairShell, points: SurfacePoints) -> LocalSplats:
    """One splat at or under each point of the hair shell, bound to the head in rest pose (vertices [V, 3])."""
    count = len(points.triangle)
    corners, weights = hair.faces[points.triangle], points.barycentric[..., None]

    def at(values: F32) -> F32:
        return (values.reshape(len(values), -1)[corners] * weights).sum(1)

    normals = at(vertex_normals(hair.vertices_m, hair.faces))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-8)
    depth = np.resize(_LAYERS, count) * np.minimum(at(hair.thickness_m)[:, 0], _DEEPEST_M)
    scales = points.spacing_m[:, None] * np.array([_WIDTH, _LENGTH, _WIDTH * _FLATNESS], np.float32)
    splats = Splats(
        (at(hair.vertices_m) - normals * depth[:, None]).astype(np.float32), _hanging_frames(normals),
        scales.astype(np.float32), np.full(count, _OPACITY, np.float32), np.zeros((count, 1, 3), np.float32),
        np.zeros((count, 0, 3), np.float32),
    )  # fmt: skip
    triangle = _still_triangles(model, rest, splats.means)
    middle = np.full((count, 3), 1 / 3, np.float32)
    binding = bind(splats, triangle, middle, rest, model.faces)
    spacing = np.exp(binding.log_scale[:, 0]) / _WIDTH
    return LocalSplats(
        triangle, middle, binding.offset, binding.rotation_wxyz, binding.log_scale, splats.opacities,
        at(hair.colors.astype(np.float32)) / 255, spacing, np.zeros(count, np.float32),
    )  # fmt: skip


def _hanging_frames(normals: F32) -> F32:
    """[N, 4] turns whose z is the normal and whose y runs down along the surface, as hair hangs."""
    down = np.array([0, -1, 0], np.float32) + 1e-3 * np.array([0, 0, 1], np.float32)
    along = down - normals * (normals @ down)[:, None]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-8)
    return quaternions_from_matrices(np.stack([np.cross(along, normals), along, normals], -1)).astype(np.float32)


def _still_triangles(model: HeadModel, rest: F32, points_m: F32) -> I32:
    """[N] the triangle nearest to each point, among those that turn with the skull and that no expression moves."""
    motion = np.linalg.norm(model.arkit, axis=2).max(0)
    still = motion[model.faces].max(1) < _STILL_M
    outside = model.faces_of("head") if "head" in model.part_names else np.ones(len(model.faces), bool)
    inner = model.regions.get("inner_mouth", np.zeros(len(rest), np.float32))[model.faces].max(1) > 0.1
    usable = np.nonzero(still & outside & ~inner & _turns_with_skull(model))[0]
    if not len(usable):
        usable = np.nonzero(outside)[0]
    middles = rest[model.faces[usable]].mean(1)
    return usable[cKDTree(middles).query(points_m)[1]].astype(np.int32)


def _turns_with_skull(model: HeadModel) -> Bool:
    """[F] True for triangles that the joints move as they move the scalp; everywhere where the model names no scalp."""
    scalp = model.regions.get("scalp", np.zeros(len(model.v_template), np.float32)) > 0.5
    if not scalp.any():
        return np.ones(len(model.faces), bool)
    apart = np.abs(model.weights - np.median(model.weights[scalp], axis=0)).max(1)
    return apart[model.faces].max(1) < _WITH_SKULL
