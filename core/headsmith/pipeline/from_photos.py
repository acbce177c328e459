"""The stages of a build from photos alone."""

from __future__ import annotations

from headsmith.fit import FitParams, fit_head
from headsmith.pipeline.assemble import Built
from headsmith.pipeline.job import Job
from headsmith.pipeline.known_size import with_pupil_distance
from headsmith.pipeline.photos import read_photos
from headsmith.splats import train_splats
from headsmith.splats.photo_params import from_photos
from headsmith.texture import ShadeParams, TextureParams, make_texture, shade_dynamic
from headsmith.types import HairShell, HeadFit, Pictures, Progress, StaticTexture, TrainingView
from headsmith.views import HairParams, ViewParams, doubt_mouth, grow_hair, photo_view, synthesise_views


def make_from_photos(job: Job) -> Built:
    """Reads the photos, fits the head to them, paints it and covers it with splats."""
    request, quality, model = job.request, job.request.quality, job.model
    pictures, warnings = job.stage("photos", lambda p: read_photos(request.photos, quality.photo_px, p))
    fit = job.stage(
        "fit", lambda p: fit_head(model, pictures.frames, pictures.landmarks, pictures.mattes, FitParams(), p)
    )
    fit = with_pupil_distance(model, fit, request.pupil_distance_m)
    texture = job.stage("texture", lambda p: make_texture(
        model, fit, pictures.frames, pictures.mattes, TextureParams(size_px=quality.texture_px), p))  # fmt: skip
    shading = ShadeParams(mixtures=quality.shade_mixtures, seed=request.seed)
    dynamic = job.stage("dynamic texture", lambda p: shade_dynamic(model, fit, texture, shading, p))
    hair = job.stage("hair", lambda _: grow_hair(model, fit, pictures.frames, pictures.mattes, HairParams()))
    views = job.stage("views", lambda p: _views(job, pictures, fit, texture, hair, p))
    budget = quality.splats if request.max_splats is None else request.max_splats
    params = from_photos(budget, quality.splat_steps, request.seed, job.device)
    splats = job.stage("splats", lambda p: train_splats(model, fit, texture, hair, views, params, p), budget)
    return Built(model, pictures, fit, texture, splats, dynamic, warnings=(*warnings, *fit.warnings))


def _views(
    job: Job, pictures: Pictures, fit: HeadFit, texture: StaticTexture, hair: HairShell | None, progress: Progress
) -> tuple[TrainingView, ...]:
    model, quality = job.model, job.request.quality
    shots = enumerate(zip(pictures.frames, pictures.landmarks, pictures.mattes, strict=True))
    real = tuple(
        doubt_mouth(photo_view(model, fit, i, frame, mattes, hair), model, fit, seen)
        for i, (frame, seen, mattes) in shots
    )
    params = ViewParams(size_px=quality.view_px, count=quality.view_count)
    return real + synthesise_views(model, fit, texture, hair, params, progress)
