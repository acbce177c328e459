"""The stages of a build from clips, with or without photos: who it is, how the face moves, how it looks.

Clip-A (many sides, calm face) says who it is; without one, the calm frames of Clip-B and the photos do. Clip-B says how
the face moves, and what it looks like when it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from headsmith.capture import expressive_frames, key_frames, open_clip
from headsmith.fit import FitParams, fit_head, pose_head
from headsmith.pipeline.assemble import Built
from headsmith.pipeline.clips import (
    SWEEP_FPS,
    TALK_FPS,
    Followed,
    Watched,
    frames_of,
    front_first,
    learnt_rows,
    part_of,
    view_of,
    watch,
    workers_of,
)
from headsmith.pipeline.job import Job
from headsmith.pipeline.known_size import with_pupil_distance
from headsmith.pipeline.photos import read_photos
from headsmith.pipeline.portrait import Sitting, portray
from headsmith.surface import reconstruct
from headsmith.texture import TextureParams, make_texture
from headsmith.track import FITTED, KEEP_NEUTRAL, TrackParams, motion_of, personal_head, track_head, with_expressions
from headsmith.types import F32, Frame, HeadFit, HeadTrack, Pictures, Progress, StaticTexture, ViewFit

ROUGH_TEXTURE_PX = 1024
"""of the texture that frames are compared with while the face is followed"""


def make_from_clips(job: Job) -> Built:
    """Watches the clips, finds the head in them, follows it, paints it and covers it with splats."""
    request = job.request
    photos, warnings = job.stage("photos", lambda p: read_photos(request.photos, request.quality.photo_px, p))
    talk = None if request.clip_b is None else _watched(job, "clip B", request.clip_b, TALK_FPS)
    if request.clip_a is not None:
        sweep = _watched(job, "clip A", request.clip_a, SWEEP_FPS)
        sitting, told = _from_sweep(job, sweep, photos)
    else:
        assert talk is not None
        sitting, told = _from_talk(job, talk, photos), ()
    warnings = (*warnings, *told, *sitting.fit.warnings)
    if talk is None:
        return portray(job, sitting, {}, warnings)
    job, sitting = _personal(job, talk, sitting)
    sitting, track = _follow(job, talk, sitting)
    source = talk.clip.info.source
    motions = {source.rsplit(".", 1)[0]: motion_of(job.model, track, source)}
    return replace(portray(job, sitting, motions, warnings), followed=Followed(talk, track))


def _watched(job: Job, stage: str, path: Path, most_fps: float) -> Watched:
    clip = open_clip(path)
    return Watched(clip, job.stage(stage, lambda p: watch(clip, most_fps, p)))


def _from_sweep(job: Job, sweep: Watched, photos: Pictures) -> tuple[Sitting, tuple[str, ...]]:
    """The head by Clip-A, and how it stands in the photos."""
    calm = _key_pictures(job, sweep, range(len(sweep.seen.index)))
    fit = _fitted(job, calm, still=True)

    def surface(progress: Progress) -> tuple[HeadFit, tuple[str, ...]]:
        result = reconstruct(job.model, fit, (calm.frames, calm.landmarks, calm.mattes), progress=progress)
        return result.fit, result.warnings

    fit, told = job.stage("surface", surface)
    fit = with_pupil_distance(job.model, fit, job.request.pupil_distance_m)
    if photos:
        posed = job.stage("poses", lambda p: pose_head(
            job.model, fit, photos.frames, photos.landmarks, photos.mattes, progress=p))  # fmt: skip
        fit = replace(fit, views=fit.views + posed)
    return Sitting(calm + photos, fit, len(calm)), told


def _from_talk(job: Job, talk: Watched, photos: Pictures) -> Sitting:
    """The head by the photos and the calm frames of Clip-B."""
    known = photos + _key_pictures(job, talk, learnt_rows(talk.seen, job.request.hold_out))
    fit = with_pupil_distance(job.model, _fitted(job, known, still=False), job.request.pupil_distance_m)
    return Sitting(known, fit, len(known))


def _key_pictures(job: Job, watched: Watched, rows: Sequence[int]) -> Pictures:
    """Close-ups of calm frames from different sides; `rows` begin with the clip."""
    chosen = front_first(watched.seen, key_frames(part_of(watched.seen, rows), job.request.quality.key_frames))
    return job.stage("key frames", lambda p: frames_of(watched, chosen, job.request.quality.photo_px, p))


def _fitted(job: Job, pictures: Pictures, still: bool) -> HeadFit:
    params = FitParams(one_camera=True, still=still)
    return job.stage("fit", lambda p: fit_head(
        job.model, pictures.frames, pictures.landmarks, pictures.mattes, params, p))  # fmt: skip


def _personal(job: Job, talk: Watched, sitting: Sitting) -> tuple[Job, Sitting]:
    """The head with this person's own expressions, by what of Clip-B may be learnt from."""
    learnt = part_of(talk.seen, learnt_rows(talk.seen, job.request.hold_out))
    by_sweep = job.request.clip_a is not None
    params = TrackParams(_focal_px(talk, sitting))

    def bend(progress: Progress) -> tuple[F32, HeadFit]:
        bent = personal_head(job.model, sitting.fit, learnt, params, KEEP_NEUTRAL if by_sweep else None, progress)
        if by_sweep:
            return bent
        known, model = sitting.pictures, with_expressions(job.model, bent[0])
        views = pose_head(model, bent[1], known.frames, known.landmarks, known.mattes, FitParams(one_camera=True))
        return bent[0], replace(bent[1], views=views)

    exprdirs, fit = job.stage("expressions", bend)
    return replace(job, model=with_expressions(job.model, exprdirs)), replace(sitting, fit=fit)


def _follow(job: Job, talk: Watched, sitting: Sitting) -> tuple[Sitting, HeadTrack]:
    """The head in every frame of Clip-B, and pictures of the expressions that are learnt from."""
    known, request = sitting.pictures, job.request
    rough = job.stage("first texture", lambda p: make_texture(
        job.model, sitting.fit, known.frames, known.mattes, TextureParams(size_px=ROUGH_TEXTURE_PX), p))  # fmt: skip
    track = job.stage("track", lambda p: _tracked(job, talk, sitting, rough, p))
    rows = [row for row in learnt_rows(talk.seen, request.hold_out) if track.tracked[row]]
    chosen = expressive_frames(talk.seen, rows, request.quality.clip_frames)
    shown = job.stage("frames", lambda p: frames_of(talk, chosen, request.quality.photo_px, p))
    views = tuple(view_of(track, row, frame) for row, frame in zip(chosen, shown.frames, strict=True))
    fit = replace(sitting.fit, views=_views_of(track, sitting) + views)
    return replace(sitting, pictures=known + shown, fit=fit), track


def _views_of(track: HeadTrack, sitting: Sitting) -> tuple[ViewFit, ...]:
    """Of the pictures that the head was fitted to; frames of the tracked clip as in all its frames."""
    times_s = track.info.timestamps_s[track.index]

    def one(view: ViewFit, frame: Frame) -> ViewFit:
        if frame.sha256 != track.info.sha256:
            return view
        return view_of(track, int(np.abs(times_s - frame.timestamp_s).argmin()), frame)

    return tuple(map(one, sitting.fit.views, sitting.pictures.frames))


def _tracked(job: Job, talk: Watched, sitting: Sitting, texture: StaticTexture, progress: Progress) -> HeadTrack:
    params = TrackParams(_focal_px(talk, sitting), workers=workers_of(job.request.workers), photo=FITTED)
    return track_head(job.model, sitting.fit, talk.seen, talk.clip, texture, params, progress)


def _focal_px(talk: Watched, sitting: Sitting) -> float | None:
    """Of the whole picture of Clip-B, where the head was fitted to frames of it."""
    zooms = [view.camera.focal_px / frame.camera.focal_px
             for view, frame in zip(sitting.fit.views, sitting.pictures.frames, strict=True)
             if frame.sha256 == talk.clip.info.sha256]  # fmt: skip
    return talk.clip.info.focal_px * float(np.median(zooms)) if zooms else None
