"""What the shading does to each texel in each pose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb, srgb_to_linear
from headsmith.texture.occlusion import OcclusionParams, SurfacePoints, openness
from headsmith.texture.project import smoothstep
from headsmith.texture.shade_fill import Filler, visible
from headsmith.texture.shade_lids import clean_lids, closing
from headsmith.texture.shade_poses import ShadePoses
from headsmith.texture.uv import Atlas
from headsmith.types import F32, Bool, HeadFit, Progress

OPEN = 0.35
"""openness at which hidden texels have the colour that the static texture gives them"""
GLIMPSED = (0.0, 0.03)
"""openness at which a texel begins to be seen in the photo, and surely is"""
DARKEST = 0.2
"""share of the light that reaches the deepest texel: flesh lets some through"""
STILL_M, REACH_M = 1e-4, 0.03
"""what moves less does not count as moving, and shades nothing farther away"""
THREADS = 2


@dataclass(frozen=True)
class ShadeScene:
    """The head whose shading is looked at, and the N texels on which."""

    model: HeadModel
    fit: HeadFit
    atlas: Atlas
    albedo: F32
    """[N, 3] sRGB of the static texture"""
    occlusion: OcclusionParams

    def openness(self, vertices_m: F32, chosen: Bool | None = None) -> F32:
        """[N] of the texels (or of the `chosen` [N]) on the posed head [V, 3]; lashes are too thin to shade."""
        model, atlas = self.model, self.atlas if chosen is None else self.atlas.subset(chosen)
        solid = ~model.faces_of("lashes") if "lashes" in model.part_names else np.ones(len(model.faces), bool)
        normal = atlas.at(vertex_normals(vertices_m, model.faces))
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-8)
        return openness(vertices_m, model.faces[solid], SurfacePoints(atlas.at(vertices_m), normal), self.occlusion)

    def changed(self, vertices_m: F32, before: Neutral) -> F32:
        """[N] as `openness`, worked out only where the head has moved away from `before`."""
        moved = np.linalg.norm(vertices_m - before.vertices_m, axis=1) > STILL_M
        if not moved.any():
            return before.lit
        away_m = cKDTree(before.vertices_m[moved]).query(before.position_m, distance_upper_bound=REACH_M)[0]
        chosen = away_m < REACH_M
        lit = before.lit.copy()
        lit[chosen] = self.openness(vertices_m, chosen)
        return lit


@dataclass(frozen=True)
class Neutral:
    """The head at rest."""

    vertices_m: F32
    """[V, 3]"""
    position_m: F32
    """[N, 3] of the texels"""
    lit: F32
    """[N]"""


def shaded(scene: ShadeScene, poses: ShadePoses, progress: Progress) -> list[F32]:
    """Per pose the sRGB albedo [N, 3] with its shade."""
    model, fit = scene.model, scene.fit
    filler = Filler(model, scene.atlas)
    rest_m = poses.vertices(model, fit, 0)
    neutral = Neutral(rest_m, scene.atlas.at(rest_m), scene.openness(rest_m))
    usual = usual_openness(scene, neutral.lit, filler)
    lid_gain, lid_share = clean_lids(model, fit, scene.atlas, scene.albedo)
    closed = closing(poses.weights)

    def one(k: int) -> F32:
        found = scene.changed(poses.vertices(model, fit, k), neutral)
        lit = filler.filled(found)
        if k >= len(poses.weights) - poses.photos:
            # what the photo shows, however little light reached it, has its colour there already
            lit += smoothstep(*GLIMPSED, found) * np.maximum(usual - lit, 0)
        cleaned = scene.albedo * np.exp(lid_gain * (lid_share @ closed[k])[:, None])
        progress((k + 1) / len(poses.weights))
        return shade_albedo(np.clip(cleaned, 0, 1), lit, usual)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(len(poses.weights))))


def usual_openness(scene: ShadeScene, neutral: F32, filler: Filler) -> F32:
    """[N] at which the static texture is right: what it shows was seen in the photo's pose, or at rest (`neutral`).

    Of both the darker counts where both show a texel, so that neither of them is darkened further.
    """
    model, fit = scene.model, scene.fit
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    posed = [model.pose(rest, view.expression, view.joint_rotations).astype(np.float32) for view in fit.views[:1]]
    return np.min([_if_seen(filler.filled(lit)) for lit in (neutral, *map(scene.openness, posed))], axis=0)


def _if_seen(lit: F32) -> F32:
    """`lit` [N], and `OPEN` where a texel is hidden."""
    return (lit + (1 - visible(lit)) * np.maximum(OPEN - lit, 0)).astype(np.float32)


def shade_albedo(albedo: F32, lit: F32, usual: F32) -> F32:
    """sRGB [N, 3] of `albedo` where only `lit` [N] of the light arrives in place of `usual` [N]."""
    linear = srgb_to_linear(albedo)
    shade = with_bounces(lit, linear) / np.maximum(with_bounces(usual, linear), 1e-3)
    return linear_to_srgb(linear * np.clip(shade, DARKEST, 1))


def with_bounces(lit: F32, albedo: F32) -> F32:
    """[N, 3] light that arrives in a hollow of `albedo` [N, 3] (linear) which is open by `lit` [N].

    Light that misses comes from the hollow's own sides, reflected over and over: lit / (1 - albedo (1 - lit)), as in
    Jimenez et al. 2016, "Practical Realtime Strategies for Accurate Indirect Occlusion", section 5.
    """
    return lit[:, None] / (1 - np.minimum(albedo, 0.95) * (1 - lit[:, None]))
