"""Anybody's clip -> a motion: who performs is fitted on a few frames, then tracked through all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headsmith.asset import Avatar, Driver, Motion, Pose, neutral_pose
from headsmith.asset.cameras import orbit_camera
from headsmith.capture import key_frames, open_clip
from headsmith.fit import FitParams, fit_head
from headsmith.head_model.default import load_default_head
from headsmith.landmarks import follow
from headsmith.pipeline.clips import Watched, frames_of, front_first
from headsmith.progress import Watcher
from headsmith.texture import TextureParams, make_texture
from headsmith.track import FITTED, TrackParams, motion_of, track_head
from headsmith.types import U8, FrameReader, HeadTrack

KEY_FRAMES = 8
CLOSE_UP_PX = 512
TEXTURE_PX = 512
"""more than the tracker compares with the pictures"""


@dataclass(frozen=True)
class Performance:
    clip: FrameReader
    track: HeadTrack
    motion: Motion
    warnings: tuple[str, ...]


def perform(path: Path, every: int, workers: int, watcher: Watcher) -> Performance:
    """The motion in every `every`th frame of the clip at `path`.

    The default head stands in for the performer, since its blendshapes are ARKit's, which every avatar has.
    Raises InputError for what is no clip, or shows no face.
    """
    model, clip = load_default_head(), open_clip(path)
    with watcher.stage("follow") as progress:
        watched = Watched(clip, follow(clip, range(0, len(clip.info.timestamps_s), every), progress))
    with watcher.stage("key frames") as progress:
        chosen = front_first(watched.seen, key_frames(watched.seen, KEY_FRAMES))
        known = frames_of(watched, chosen, CLOSE_UP_PX, progress)
    with watcher.stage("fit") as progress:
        fit = fit_head(model, known.frames, known.landmarks, known.mattes, FitParams(one_camera=True), progress)
    with watcher.stage("texture") as progress:
        params = TextureParams(size_px=TEXTURE_PX)
        texture = make_texture(model, fit, known.frames, known.mattes, params, progress)
    zoom = fit.views[0].camera.focal_px / known.frames[0].camera.focal_px
    tracking = TrackParams(focal_px=zoom * clip.info.focal_px, workers=workers, photo=FITTED)
    with watcher.stage("track") as progress:
        track = track_head(model, fit, watched.seen, clip, texture, tracking, progress)
    motion = motion_of(model, track, f"{clip.info.source}, tracked by Headsmith")
    return Performance(clip, track, motion, fit.warnings)


def poses_of(avatar: Avatar, motion: Motion) -> Iterator[Pose]:
    """The avatar's pose in each frame of a motion that has only names of the avatar's."""
    shapes = [avatar.blendshapes.names.index(name) for name in motion.blendshape_names]
    joints = [avatar.rig.joint_names.index(name) for name in motion.joint_names]
    w, xyz = motion.joint_rotations_wxyz[..., :1], motion.joint_rotations_wxyz[..., 1:]
    sine = np.linalg.norm(xyz, axis=-1, keepdims=True)
    turns = xyz * (2 * np.arctan2(sine, w) / np.maximum(sine, 1e-9))
    for weights, turn in zip(motion.weights, turns, strict=True):
        pose = neutral_pose(avatar)
        pose.weights[shapes], pose.joint_rotations[joints] = weights, turn
        yield pose


def beside_clip(performance: Performance, avatar: Avatar, motion: Motion, height_px: int) -> Iterator[U8]:
    """Each tracked frame with the avatar beside it, [height_px, W, 3] sRGB."""
    from PIL import Image

    from headsmith.preview import BACKGROUND, to_uint8
    from headsmith.splats import render_splats

    driver, camera = Driver(avatar), orbit_camera(avatar, size_px=height_px)
    width, height = performance.clip.info.size_px
    size = (round(width * height_px / height), height_px)
    frames = performance.clip.read([int(i) for i in performance.track.index])
    for frame, pose in zip(frames, poses_of(avatar, motion), strict=True):
        drawn = render_splats(driver.splats(pose), camera, (BACKGROUND,) * 3)[0]
        yield np.concatenate([np.asarray(Image.fromarray(frame.image).resize(size)), to_uint8(drawn)], axis=1)
