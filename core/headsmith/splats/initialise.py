"""Where splats start: on the surface of the textured head and in its hair, already looking like the photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import irradiance, linear_to_srgb, sample_bilinear, srgb_to_linear
from headsmith.splats.initialise_hair import hair_importance, hair_splats
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.params import SplatParams
from headsmith.splats.sampling import SurfacePoints, spread_points, triangle_areas
from headsmith.splats.visibility import HairCover, hair_cover, largest_frames, visible_triangles
from headsmith.types import F32, U8, Bool, HairShell, HeadFit, StaticTexture

_PART_IMPORTANCE = {
    "eye_left": 6.0,
    "eye_right": 6.0,
    "teeth_upper": 1.2,
    "teeth_lower": 1.2,
    "tongue": 0.5,
    "lashes": 8.0,
}
_REGION_IMPORTANCE = {"face": 1.2, "lips": 1.5, "eyes": 2.5, "ears": 0.5, "neck": -0.4, "inner_mouth": -0.6}
"""added to 1, times the region's membership"""
_MOVING_REGIONS = ("eyes", "lips", "inner_mouth")
_UNSEEN_IMPORTANCE = 0.35
"""of skin that no photo shows, where seen skin has 1"""
_UNDER_HAIR_IMPORTANCE = 0.2
_DETAIL_PX = 512
"""side of the texture in which detail is measured"""
_DETAIL_GAIN, _MOST_DETAIL = 12.0, 1.5
_WIDTH = 0.8
"""standard deviation of a skin splat in its plane, in neighbour spacings: enough to leave no gaps"""
_FLATNESS = 0.15
"""and across it, as a fraction of that in the plane"""
_OPACITY = 0.95


def initialise(
    model: HeadModel, fit: HeadFit, texture: StaticTexture, hair: HairShell | None, params: SplatParams
) -> LocalSplats:
    """`params.max_splats` splats on the person's neutral head, in the mean light of the photos."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    areas, scales = largest_frames(model, rest)
    clothed, moving = _below_collar(model, rest, fit), _moving(model, params.moving_importance)
    if hair is None or not len(hair.faces):
        importance = _skin_importance(model, rest, texture, None) * moving * ~clothed
        points = spread_points(areas, importance, params.max_splats, params.seed)
        return _skin_splats(model, rest, texture, points, scales)
    cover = hair_cover(rest, model.faces, hair)
    importance = _skin_importance(model, rest, texture, cover) * moving * ~clothed
    hair_areas, of_hair = triangle_areas(hair.vertices_m, hair.faces), hair_importance(hair) * cover.hair
    hair_total = float((hair_areas * of_hair).sum())
    hair_count = round(params.max_splats * hair_total / (hair_total + float((areas * importance).sum())))
    points = spread_points(areas, importance, params.max_splats - hair_count, params.seed)
    skin = _skin_splats(model, rest, texture, points, scales)
    hair_points = spread_points(hair_areas, of_hair, hair_count, params.seed + 1)
    painted = _paint_scalp(model, rest, skin, hair, cover)
    return LocalSplats.joined(painted, hair_splats(model, rest, hair, hair_points))


def _below_collar(model: HeadModel, rest: F32, fit: HeadFit) -> Bool:
    """[F] triangles whose middle clothes hide; what of the others hangs below, the photo's matte makes transparent."""
    if fit.collar_m is None:
        return np.zeros(len(model.faces), bool)
    return rest[model.faces, 1].mean(1) < fit.collar_m


def _skin_importance(model: HeadModel, rest: F32, texture: StaticTexture, cover: HairCover | None) -> F32:
    """[F] how densely each triangle is to be covered."""
    of_vertex = np.ones(len(rest), np.float32)
    for name, gain in _REGION_IMPORTANCE.items():
        if name in model.regions:
            of_vertex += gain * model.regions[name]
    importance = of_vertex[model.faces].mean(1)
    for part, factor in _PART_IMPORTANCE.items():
        if part in model.part_names:
            importance[model.faces_of(part)] = factor
    middle_uv = model.uvs[model.uv_faces].mean(1)
    observed = _look_up(texture.observed, middle_uv)
    importance *= _UNSEEN_IMPORTANCE + (1 - _UNSEEN_IMPORTANCE) * observed
    importance *= 1 + np.minimum(_look_up(_detail(texture.albedo), middle_uv), _MOST_DETAIL)
    if cover is not None:
        importance[cover.skin] *= _UNDER_HAIR_IMPORTANCE
    importance[~visible_triangles(model, rest)] = 0
    return importance


def _moving(model: HeadModel, importance: float) -> F32:
    """[F] `importance` where expressions change most, in eyes, lids and mouth; 1 elsewhere."""
    share = np.max([model.regions.get(name, np.zeros(len(model.v_template))) for name in _MOVING_REGIONS], axis=0)
    of_face = share[model.faces].mean(1)
    parts = [part for part in _PART_IMPORTANCE if part in model.part_names]
    if parts:
        of_face[model.faces_of(*parts)] = 1
    return (1 + (importance - 1) * of_face).astype(np.float32)


def _look_up(values: F32, uv: F32) -> F32:
    """One channel [T, T] at uv [N, 2]."""
    return sample_bilinear(values, uv)[:, 0]  # type: ignore[arg-type]  # it takes floats too, as its docstring says


def _detail(albedo: U8) -> F32:
    """[512, 512] how much the texture varies around each texel."""
    step = max(1, albedo.shape[0] // _DETAIL_PX)
    grey = albedo[::step, ::step].astype(np.float32).mean(-1) / 255
    return ndimage.gaussian_filter(ndimage.gaussian_gradient_magnitude(grey, 1.0), 3.0) * _DETAIL_GAIN


def _skin_splats(
    model: HeadModel, rest: F32, texture: StaticTexture, points: SurfacePoints, scales_m: F32
) -> LocalSplats:
    """Flat splats in the planes of their triangles, of the right width where the triangles have `scales_m` [F]."""
    n = len(points.triangle)
    spacing = (points.spacing_m / scales_m[points.triangle]).astype(np.float32)
    axes = np.log(spacing[:, None] * np.array([_WIDTH, _WIDTH, _WIDTH * _FLATNESS], np.float32))
    return LocalSplats(
        points.triangle, points.barycentric, np.zeros((n, 3), np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)), axes.astype(np.float32), np.full(n, _OPACITY, np.float32),
        _lit_colors(model, rest, texture, points), spacing, np.ones(n, np.float32),
    )  # fmt: skip


def _lit_colors(model: HeadModel, rest: F32, texture: StaticTexture, points: SurfacePoints) -> F32:
    """[N, 3] sRGB of the texture in the mean light of the photos."""
    tri, weights = points.triangle, points.barycentric[..., None]
    uv = (model.uvs[model.uv_faces[tri]] * weights).sum(1)
    normals = (vertex_normals(rest, model.faces)[model.faces[tri]] * weights).sum(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-8)
    albedo = srgb_to_linear(sample_bilinear(texture.albedo, uv))
    return np.clip(linear_to_srgb(albedo * irradiance(normals, texture.light_sh.mean(0))), 0, 1)


def _paint_scalp(model: HeadModel, rest: F32, skin: LocalSplats, hair: HairShell, cover: HairCover) -> LocalSplats:
    """The skin that hair hides takes the hair's colour, so that it does not shine through."""
    hidden = cover.skin[skin.triangle]
    where = (rest[model.faces[skin.triangle]] * skin.barycentric[..., None]).sum(1)
    nearest = cKDTree(hair.vertices_m).query(where)[1]
    colors = np.where(hidden[:, None], hair.colors[nearest].astype(np.float32) / 255, skin.colors)
    return replace(skin, colors=colors)
