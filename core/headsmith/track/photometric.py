"""The textured head against a frame, as least squares (forwards additive; Baker and Matthews 2004)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import rasterize_projected
from headsmith.head_model.shading import irradiance, linear_to_srgb
from headsmith.track.evidence import Evidence
from headsmith.track.pictures import Picture, sample
from headsmith.track.points import HeadPoints, camera_points_with_derivatives, project
from headsmith.track.problem import Problem
from headsmith.track.skin import Skin
from headsmith.track.solve import solve
from headsmith.track.states import States
from headsmith.track.terms import Block, block_of
from headsmith.types import F32, Bool

FACING = 0.25
"""cosine between normal and view below which skin is too slanted to compare"""
BEHIND_M = 0.004
MAP_EYE_PX = 40.0
"""eye distance of the depth map that tells what is hidden"""

Target = tuple[HeadPoints, F32]
"""the points [K] that a frame shows, and the colours [K, 3] that they should have"""


def visible_skin(skin: Skin, states: States, row: int) -> tuple[Bool, F32]:
    """Which of the K points one frame shows, and their normals [K, 3] in camera space."""
    posed = skin.model.pose(skin.rest_m, states.expression[row], states.joint_rotations[row])
    normals = vertex_normals(posed, skin.model.faces)
    camera_m = posed @ states.R[row].T + states.t_m[row]
    corner = skin.model.faces[skin.triangle]
    share = skin.barycentric[..., None]
    points = (camera_m[corner] * share).sum(1)
    turned = (normals[corner] * share).sum(1) @ states.R[row].T
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    facing = -(turned * points).sum(1) / np.linalg.norm(points, axis=1) > FACING
    return facing & _in_front(skin, camera_m, points), turned


def _in_front(skin: Skin, camera_m: F32, points_m: F32) -> Bool:
    """[K] whether nothing of the head is nearer on the same line of sight."""
    low, high = (f((points_m[:, :2] / points_m[:, 2:]), 0) for f in (np.min, np.max))
    scale = MAP_EYE_PX / 0.061 * points_m[:, 2].mean()
    pixels = (camera_m[:, :2] / camera_m[:, 2:] - low) * scale + 1
    size = np.ceil((high - low) * scale).astype(int) + 2
    flat = np.column_stack([pixels, camera_m[:, 2]])
    depth = rasterize_projected(flat, skin.model.faces, (int(size[0]), int(size[1]))).depth_m
    x, y = ((points_m[:, :2] / points_m[:, 2:] - low) * scale + 1).astype(int).T
    return points_m[:, 2] < depth[y, x] + BEHIND_M


def expected_colors(skin: Skin, level: int, normals: F32) -> F32:
    """[K, 3] sRGB of the points under the clip's light; `normals` [K, 3] in camera space."""
    lit = skin.albedo[level] * irradiance(normals.astype(np.float32), skin.light_camera)
    return linear_to_srgb(lit)


def solve_with_pictures(
    problem: Problem,
    skin: Skin,
    evidence: Evidence,
    states: States,
    pictures: Sequence[tuple[Picture, ...]],
    coupled: bool = True,
) -> States:
    """The states near `states` at which the textured head looks like the pictures too, level by level."""
    problem = _beside_pictures(problem)
    for level in range(len(skin.albedo)):
        targets = []
        for row in range(len(states)):
            visible, normals = visible_skin(skin, states, row)
            colors = expected_colors(skin, level, normals)[visible]
            targets.append((chosen(skin.points, visible), colors))

        def extra(trial: States, row: int, level: int = level, targets: list[Target] = targets) -> Block:
            return photometric_block(problem, trial, row, targets[row], pictures[row][level])

        states = solve(problem, evidence, states, coupled, extra)
    return states


def _beside_pictures(problem: Problem) -> Problem:
    """With landmarks that bow to the pictures."""
    params = problem.params
    ratio = max(1.0, params.photo.landmark_std / params.landmark_std)
    return replace(problem, params=replace(params, landmark_std=params.landmark_std * ratio,
                                           depth_std=params.depth_std * ratio))  # fmt: skip


def chosen(points: HeadPoints, which: Bool) -> HeadPoints:
    """Some of the points."""
    posedirs = None if points.posedirs is None else points.posedirs[which]
    return HeadPoints(points.base_m[which], points.expressions[which], posedirs, points.skin[which], points.joints_m,
                      points.parents)  # fmt: skip


def photometric_block(problem: Problem, states: States, row: int, target: Target, picture: Picture) -> Block:
    """One frame's block; `target` are the visible points [K] and the colours [K, 3] that they should have."""
    params = problem.params.photo
    camera_m, by_state = camera_points_with_derivatives(target[0], states, row, problem.columns)
    pixels, by_pixel = project(camera_m, by_state, problem.focal_px)
    colors, slopes, inside = sample(picture, pixels)
    gain = _gain(colors[inside], target[1][inside], params.std)
    residual = (colors - target[1] * gain) * (inside[:, None] / params.std)
    derivatives = np.einsum("kac,kap->kcp", slopes * (inside[:, None, None] / params.std), by_pixel, optimize=True)
    block = block_of(residual, derivatives, problem.params.robust_scale)
    share = params.independent / max(1, len(residual))
    return Block(block.hessian * share, block.gradient * share)


def _gain(seen: F32, expected: F32, std: float) -> F32:
    """[3] exposure of the frame against the clip's, robust against what covers the face."""
    if not len(seen):
        return np.ones(3)
    gain = np.median(seen, 0) / np.maximum(np.median(expected, 0), 1e-3)
    miss = np.square(seen - expected * gain).sum(1, keepdims=True)
    weight = 1 / (1 + miss / (3 * std) ** 2) ** 2
    return (weight * seen * expected).sum(0) / np.maximum((weight * expected**2).sum(0), 1e-9)
