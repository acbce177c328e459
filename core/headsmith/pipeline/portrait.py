"""From pictures of a known head to how it looks: texture, hair, dynamic texture and splats."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.asset import DynamicTexture, Motion
from headsmith.head_model.shading import rotated_light
from headsmith.pipeline.assemble import Built
from headsmith.pipeline.job import Job
from headsmith.splats import train_splats
from headsmith.splats.presets import from_clip
from headsmith.texture import (
    DynamicParams,
    RefineParams,
    ShadeParams,
    TextureParams,
    make_texture,
    refine_texture,
    shade_dynamic,
    train_dynamic,
)
from headsmith.types import F32, HairShell, HeadFit, Pictures, Progress, StaticTexture, TrainingView
from headsmith.views import HairParams, ViewParams, doubt_covers, doubt_mouth, grow_hair, photo_view, synthesise_views


@dataclass(frozen=True)
class Sitting:
    """Pictures of one person, and the head that was fitted to them, view by view."""

    pictures: Pictures
    fit: HeadFit
    known: int
    """the first so many pictures are those that the head was fitted to, from many sides"""


def portray(job: Job, sitting: Sitting, motions: dict[str, Motion], warnings: tuple[str, ...]) -> Built:
    """What the pictures say about the head's looks."""
    model, pictures, fit, quality = job.model, sitting.pictures, sitting.fit, job.request.quality
    texture = job.stage("texture", lambda p: make_texture(
        model, fit, pictures.frames, pictures.mattes, TextureParams(size_px=quality.texture_px), p))  # fmt: skip
    hair = job.stage("hair", lambda _: _hair(job, sitting))
    real = job.stage("pictures", lambda p: _real_views(job, sitting, texture, hair, p))
    texture = job.stage("refined texture", lambda p: _refined(job, sitting, texture, real, p))
    dynamic = job.stage("dynamic texture", lambda p: _dynamic(job, sitting, texture, real, p))
    views = ViewParams(size_px=quality.view_px, count=quality.view_count)
    made = job.stage("views", lambda p: synthesise_views(model, fit, texture, hair, views, p))
    budget = quality.splats if job.request.max_splats is None else job.request.max_splats
    params = from_clip(budget, quality.clip_steps, job.request.seed, job.device)
    splats = job.stage("splats", lambda p: train_splats(model, fit, texture, hair, real + made, params, p), budget)
    return Built(model, pictures, fit, texture, splats, dynamic, motions, warnings)


def _hair(job: Job, sitting: Sitting) -> HairShell | None:
    """From the pictures that show most sides; those of Clip-B hardly add any."""
    first = slice(sitting.known)
    fit = replace(sitting.fit, views=sitting.fit.views[first])
    return grow_hair(job.model, fit, sitting.pictures.frames[first], sitting.pictures.mattes[first], HairParams())


def _refined(
    job: Job, sitting: Sitting, texture: StaticTexture, real: tuple[TrainingView, ...], progress: Progress
) -> StaticTexture:
    """More like the frames of Clip-B; a few pictures alone would make it more like their noise."""
    if job.request.clip_b is None:
        return texture
    params = RefineParams(steps=job.request.quality.refine_steps, seed=job.request.seed, device=job.device)
    return refine_texture(job.model, sitting.fit, texture, real, params, progress)


def _dynamic(
    job: Job, sitting: Sitting, texture: StaticTexture, real: tuple[TrainingView, ...], progress: Progress
) -> DynamicTexture:
    """Learnt from the frames of Clip-B; without one, from the shading that expressions make."""
    seed = job.request.seed
    if job.request.clip_b is None:
        shading = ShadeParams(mixtures=job.request.quality.shade_mixtures, seed=seed)
        return shade_dynamic(job.model, sitting.fit, texture, shading, progress)
    params = DynamicParams(steps=job.request.quality.dynamic_steps, seed=seed, device=job.device)
    return train_dynamic(job.model, sitting.fit, texture, real, params, progress)


def _real_views(
    job: Job, sitting: Sitting, texture: StaticTexture, hair: HairShell | None, progress: Progress
) -> tuple[TrainingView, ...]:
    """The pictures as splats and dynamic texture learn from them, each with its light."""
    model, fit, pictures = job.model, sitting.fit, sitting.pictures
    lights = steady_lights(pictures, fit, texture.light_sh)
    out: list[TrainingView] = []
    for i, (frame, seen, mattes) in enumerate(zip(pictures.frames, pictures.landmarks, pictures.mattes, strict=True)):
        view = doubt_mouth(photo_view(model, fit, i, frame, mattes, hair), model, fit, seen)
        view = doubt_covers(replace(view, light_sh=lights[i]), model, fit, texture)
        # a picture of which nothing is believed has nothing to teach
        out += [view] if view.weight.any() else []
        progress((i + 1) / len(pictures))
    return tuple(out)


def steady_lights(pictures: Pictures, fit: HeadFit, lights_sh: F32) -> list[F32]:
    """[9, 3] the light in each picture, in head space, from what was estimated for each alone [N, 9, 3].

    Frames of one clip have one light, which stands still as the camera does or as the head does: whichever way their
    estimates agree better. What single estimates say about the unlit side is noise, which a dynamic texture would
    learn as if it were skin.
    """
    out = list(lights_sh)
    for clip in {frame.sha256 for frame in pictures.frames}:
        rows = [i for i, frame in enumerate(pictures.frames) if frame.sha256 == clip]
        turns = [fit.views[i].camera.T_camera_world[:3, :3] for i in rows]
        to_camera = np.stack([rotated_light(lights_sh[i], R) for i, R in zip(rows, turns, strict=True)])
        in_head = lights_sh[rows]
        if to_camera.std(0).mean() < in_head.std(0).mean():
            mean = np.median(to_camera, 0).astype(np.float32)
            for i, R in zip(rows, turns, strict=True):
                out[i] = rotated_light(mean, R.T)
        else:
            for i in rows:
                out[i] = np.median(in_head, 0).astype(np.float32)
    return out
