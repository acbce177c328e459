"""The static texture: photos onto the mesh, without their light, with everything completed that they do not show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.texture.eyes import EYES, balanced, eye_look, paint_eye
from headsmith.texture.fuse import Capture, Fused, fuse, movement_m
from headsmith.texture.head import Motion, face_photo, paint_head
from headsmith.texture.lashes import paint_lashes
from headsmith.texture.lids import find_lids
from headsmith.texture.lit import LitPhoto, unlit
from headsmith.texture.mouth import paint_teeth, paint_tongue, tooth_colour
from headsmith.texture.params import TextureParams
from headsmith.texture.project import Shot
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
    canvas = _Canvas(model, atlas, params)
    fused = _fused(canvas, fit, _shots(model, fit, frames, mattes), lambda share: progress(0.05 + 0.7 * share))
    photo, gain = balanced(model, atlas, fused.photo)
    albedo, seen = _paint(canvas, photo, fused.motion)
    progress(0.9)
    image = np.round(np.clip(fill_between_charts(atlas.image(albedo), atlas), 0, 1) * 255).astype(np.uint8)
    progress(1.0)
    return StaticTexture(albedo=image, observed=atlas.image(seen), light_sh=(fused.lights / gain).astype(np.float32))


def _shots(model: HeadModel, fit: HeadFit, frames: Sequence[Frame], mattes: Sequence[Mattes]) -> list[Shot]:
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    return [
        Shot(frame, matte, view, model.pose(rest, view.expression, view.joint_rotations).astype(np.float32))
        for frame, matte, view in zip(frames, mattes, fit.views, strict=True)
    ]


def _fused(canvas: _Canvas, fit: HeadFit, shots: list[Shot], progress: Progress) -> Fused:
    """What the photos show together; of one photo alone, what it shows."""
    model, expressions = canvas.model, [view.expression for view in fit.views]
    if len(shots) > 1:
        capture = Capture(shots, model.rest_vertices(fit.identity, fit.offsets_m), expressions)
        return fuse(model, capture, canvas.atlas, canvas.params, progress)
    photo = unlit(model, shots[0], canvas.atlas, canvas.params)
    motion = Motion(movement_m(model, expressions)[0].astype(np.float32), find_lids(model, expressions))
    return Fused(photo, photo.light_sh[None], motion)


class _Canvas:
    """The texels of a model's parts."""

    def __init__(self, model: HeadModel, atlas: Atlas, params: TextureParams) -> None:
        self.model, self.atlas, self.params = model, atlas, params

    def part(self, name: str) -> Bool:
        """[N] True on the texels of a part, nowhere if the model lacks it."""
        if name not in self.model.part_names:
            return np.zeros(len(self.atlas.texel), bool)
        return self.model.faces_of(name)[self.atlas.triangle]


def _paint(canvas: _Canvas, photo: LitPhoto, motion: Motion) -> tuple[F32, F32]:
    """sRGB [N, 3] of every part, and how far each texel was seen [N]."""
    albedo: F32 = np.zeros((len(canvas.atlas.texel), 3), np.float32)
    seen: F32 = np.zeros(len(canvas.atlas.texel), np.float32)
    _paint_eyes(canvas, photo, albedo)
    _paint_mouth(canvas, photo, albedo)
    head = canvas.part("head")
    face = face_photo(photo, head)
    albedo[head], seen[head] = paint_head(canvas.model, canvas.atlas.subset(head), face, motion, canvas.params.seed)
    lashes, atlas = canvas.part("lashes"), canvas.atlas
    if lashes.any():
        albedo[lashes] = paint_lashes(canvas.model, atlas.subset(lashes), atlas.subset(head), albedo[head])
    return albedo, seen


def _paint_eyes(canvas: _Canvas, photo: LitPhoto, albedo: F32) -> None:
    parts = [part for part in EYES if part in canvas.model.part_names]
    if not parts:
        return
    look = eye_look(canvas.model, canvas.atlas, photo)
    for part in parts:
        chosen = canvas.part(part)
        albedo[chosen] = paint_eye(canvas.model, canvas.atlas.subset(chosen), part, look, canvas.params.seed)


def _paint_mouth(canvas: _Canvas, photo: LitPhoto, albedo: F32) -> None:
    teeth = canvas.part("teeth_upper") | canvas.part("teeth_lower")
    tooth = tooth_colour(photo.albedo[teeth], photo.seen[teeth])
    for part in ("teeth_upper", "teeth_lower"):
        chosen = canvas.part(part)
        if chosen.any():
            albedo[chosen] = paint_teeth(canvas.model, canvas.atlas.subset(chosen), part, tooth)
    tongue = canvas.part("tongue")
    if tongue.any():
        albedo[tongue] = paint_tongue(canvas.model, canvas.atlas.subset(tongue), canvas.params.seed)
