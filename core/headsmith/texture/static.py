"""The static texture: photos onto the mesh, without their light, with everything completed that they do not show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import linear_to_srgb
from headsmith.texture.blend import Layer, match_exposure
from headsmith.texture.complete import Covering, complete_surface
from headsmith.texture.delight import SkinObservations, fit_light, irradiance
from headsmith.texture.even import crease_keep, evening_gain
from headsmith.texture.evidence import hair_weight, head_weight, skin_weight
from headsmith.texture.eyes import EYES, eye_look, paint_eye
from headsmith.texture.hair import hair_cover
from headsmith.texture.mask import brows
from headsmith.texture.mouth import LASH, paint_cavity, paint_teeth, paint_tongue, tooth_colour
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot, ViewSamples, project_view
from headsmith.texture.uv import Atlas, build_atlas, fill_between_charts
from headsmith.types import F32, Bool, Frame, HeadFit, Mattes, Progress, StaticTexture, no_progress


def make_texture(
    model: HeadModel,
    fit: HeadFit,
    frames: Sequence[Frame],
    mattes: Sequence[Mattes],
    params: TextureParams | None = None,
    progress: Progress = no_progress,
) -> StaticTexture:
    """One texture from one or more photos of a fitted head; `fit.views`, `frames` and `mattes` go together."""
    params = params or TextureParams()
    atlas = build_atlas(model, params.size_px)
    progress(0.05)
    views = []
    for i, shot in enumerate(_shots(model, fit, frames, mattes)):
        views.append(project_view(model, shot, atlas, params))
        progress(0.05 + 0.35 * (i + 1) / len(frames))
    lit = _Lit(model, fit, atlas, views, params)
    progress(0.55)
    albedo, seen = _paint(model, atlas, lit, params)
    progress(0.85)
    image = fill_between_charts(atlas.image(np.clip(albedo, 0, 1)), atlas)
    progress(1.0)
    return StaticTexture(
        albedo=np.round(image * 255).astype(np.uint8),
        observed=atlas.image(seen.astype(np.float32)),
        light_sh=np.stack(lit.lights).astype(np.float32),
    )


def _shots(model: HeadModel, fit: HeadFit, frames: Sequence[Frame], mattes: Sequence[Mattes]) -> list[Shot]:
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    return [
        Shot(frame, matte, view, model.pose(rest, view.expression, view.joint_rotations).astype(np.float32))
        for frame, matte, view in zip(frames, mattes, fit.views, strict=True)
    ]


class _Lit:
    """The views with their lights taken off, brought to one exposure."""

    def __init__(
        self, model: HeadModel, fit: HeadFit, atlas: Atlas, views: list[ViewSamples], params: TextureParams
    ) -> None:
        self.views = views
        moved = [np.linalg.norm(model.exprdirs[..., : len(v.expression)] @ v.expression, axis=1) for v in fit.views]
        self.moved_m = np.mean(moved, axis=0)
        sharpest = max(v.pixels_per_m for v in views)
        finer = [np.float32((v.pixels_per_m / sharpest) ** 2) for v in views]
        self.skin = [skin_weight(model, atlas, v) * f for v, f in zip(views, finer, strict=True)]
        self.hair = [hair_weight(model, atlas, v) * f for v, f in zip(views, finer, strict=True)]
        self.head = [head_weight(model, atlas, v) * f for v, f in zip(views, finer, strict=True)]
        self.lights = [_light(model, atlas, v, w, params) for v, w in zip(views, self.skin, strict=True)]
        self.albedo = [
            v.colour / irradiance(v.normal, light, params) for v, light in zip(views, self.lights, strict=True)
        ]
        gains = match_exposure([Layer(a, w) for a, w in zip(self.albedo, self.skin, strict=True)])
        self.albedo = [a * g for a, g in zip(self.albedo, gains, strict=True)]
        self.lights = [light / g for light, g in zip(self.lights, gains, strict=True)]


def _light(model: HeadModel, atlas: Atlas, view: ViewSamples, weight: F32, params: TextureParams) -> F32:
    even = weight * atlas.at(_evenly_coloured(model))
    colour, total = atlas.vertex_means(view.colour, even)
    normal, _ = atlas.vertex_means(view.normal, np.maximum(even, 1e-6))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-8)
    return fit_light(SkinObservations(model.faces, model.mirror, colour, normal, total), params)


def _evenly_coloured(model: HeadModel) -> F32:
    """[V] 1 on skin proper, 0 on lips, eyes and the inside of the mouth."""
    out = np.ones(len(model.v_template), np.float32)
    for name in ("lips", "eyes", "inner_mouth"):
        out = out * (1 - model.regions.get(name, np.zeros_like(out)))
    return out


def _paint(model: HeadModel, atlas: Atlas, lit: _Lit, params: TextureParams) -> tuple[F32, F32]:
    """sRGB [N, 3] of every part, and how far each texel was seen [N]."""
    albedo, seen = np.zeros((len(atlas.texel), 3), np.float32), np.zeros(len(atlas.texel), np.float32)
    head = _texels_of(model, atlas, "head")
    srgb = [linear_to_srgb(a[head]) for a in lit.albedo]
    head_atlas = atlas.subset(head)
    cover = hair_cover(model, atlas, lit.views)
    plain = _evenly_coloured(model) * (1 - brows(model)) * (1 - cover)
    keep = crease_keep(model, lit.moved_m, plain)
    for i, layer in enumerate([Layer(a, w[head]) for a, w in zip(srgb, lit.skin, strict=True)]):
        gain = evening_gain(model, head_atlas, layer, plain, keep)
        srgb[i] = layer.albedo * head_atlas.at(1 + (gain - 1) * (1 - cover)[:, None])
    skin = tuple(Layer(a, w[head]) for a, w in zip(srgb, lit.skin, strict=True))
    hair = tuple(Layer(a, w[head]) for a, w in zip(srgb, lit.hair, strict=True))
    either = tuple(
        Layer(a, np.maximum.reduce([s.weight, h.weight, w[head] * (cover.any() * 1.0)]).astype(np.float32))
        for a, s, h, w in zip(srgb, skin, hair, lit.head, strict=True)
    )
    covering = Covering(skin, hair, either, cover, keep)
    albedo[head], seen[head] = complete_surface(model, head_atlas, covering, params.seed)
    if "inner_mouth" in model.regions:
        inside = head_atlas.at(model.regions["inner_mouth"])[:, None]
        albedo[head] = albedo[head] * (1 - inside) + paint_cavity(model, head_atlas) * inside
        seen[head] *= 1 - inside[:, 0]
    _paint_eyes(model, atlas, lit, albedo, params)
    _paint_mouth(model, atlas, lit, albedo, params)
    return albedo, seen


def _texels_of(model: HeadModel, atlas: Atlas, part: str) -> Bool:
    if part not in model.part_names:
        return np.zeros(len(atlas.texel), bool)
    return model.faces_of(part)[atlas.triangle]


def _paint_eyes(model: HeadModel, atlas: Atlas, lit: _Lit, albedo: F32, params: TextureParams) -> None:
    parts = [part for part in EYES if part in model.part_names]
    if not parts:
        return
    sharpest = max(v.pixels_per_m for v in lit.views)
    look = eye_look(model, atlas, lit.albedo, [v.seen for v in lit.views], sharpest)
    for part in parts:
        chosen = _texels_of(model, atlas, part)
        albedo[chosen] = paint_eye(model, atlas.subset(chosen), part, look, params.seed)


def _paint_mouth(model: HeadModel, atlas: Atlas, lit: _Lit, albedo: F32, params: TextureParams) -> None:
    teeth = _texels_of(model, atlas, "teeth_upper") | _texels_of(model, atlas, "teeth_lower")
    best = int(np.argmax([float(v.seen[teeth].sum()) for v in lit.views]))
    tooth = tooth_colour(lit.albedo[best][teeth], lit.views[best].seen[teeth])
    for part in ("teeth_upper", "teeth_lower"):
        chosen = _texels_of(model, atlas, part)
        if chosen.any():
            albedo[chosen] = paint_teeth(model, atlas.subset(chosen), part, tooth)
    tongue = _texels_of(model, atlas, "tongue")
    if tongue.any():
        albedo[tongue] = paint_tongue(model, atlas.subset(tongue), params.seed)
    albedo[_texels_of(model, atlas, "lashes")] = LASH
