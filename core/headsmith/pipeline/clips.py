"""Clip files -> what was seen in them, and close-ups of the frames that a build learns from."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np

from headsmith.head_model.shading import NEUTRAL_LIGHT
from headsmith.landmarks import follow
from headsmith.pipeline.photos import close_up
from headsmith.types import ClipLandmarks, Frame, FrameReader, HeadTrack, Pictures, Progress, ViewFit

TALK_FPS = 31.0
"""of Clip-B: frames beyond that say little new"""
SWEEP_FPS = 10.0
"""of Clip-A, of which only a few frames are kept"""
MOST_FRAMES = 2000
"""of a clip that are looked at: a minute of them; of longer clips every second frame, or fewer, are taken"""
MOST_WORKERS = 4


@dataclass(frozen=True)
class Watched:
    """A clip, and the face in it."""

    clip: FrameReader
    seen: ClipLandmarks


@dataclass(frozen=True)
class Followed:
    """A clip, and how the avatar's head stands in it."""

    watched: Watched
    track: HeadTrack


def every(clip: FrameReader, most_fps: float) -> range:
    """The numbers of evenly chosen frames."""
    count = len(clip.info.timestamps_s)
    stride = max(1, math.ceil(clip.info.fps / most_fps), math.ceil(count / MOST_FRAMES))
    return range(0, count, stride)


def watch(clip: FrameReader, most_fps: float, progress: Progress) -> ClipLandmarks:
    """The face in the frames of a clip. Raises InputError where none shows one."""
    return follow(clip, every(clip, most_fps), progress)


def close_ups(watched: Watched, rows: Sequence[int], longest_px: int) -> Iterator[Pictures]:
    """The frames in `rows` (increasing) of what was seen, one after the other, around the head.

    Threads make them: matting mostly works outside Python's lock.
    """
    numbers, workers = [int(watched.seen.index[row]) for row in rows], workers_of(None)
    made: deque[Future[Pictures]] = deque()
    with ThreadPoolExecutor(workers) as threads:
        for row, frame in zip(rows, watched.clip.read(numbers), strict=True):
            made.append(threads.submit(close_up, frame, watched.seen.at(row), longest_px))
            # no more of them than are worked on: a long clip must not pile up
            if len(made) > workers:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()


def frames_of(watched: Watched, rows: Sequence[int], longest_px: int, progress: Progress) -> Pictures:
    """Close-ups of the frames in `rows` of what was seen, in the order of `rows`."""
    in_time = sorted(rows)
    pictures: dict[int, Pictures] = {}
    for row, picture in zip(in_time, close_ups(watched, in_time, longest_px), strict=True):
        pictures[row] = picture
        progress(len(pictures) / len(in_time))
    out = Pictures()
    for row in rows:
        out += pictures[row]
    return out


def view_of(track: HeadTrack, row: int, cropped: Frame) -> ViewFit:
    """The head in a close-up of a tracked frame; its light is still to be found."""
    camera, zoom = cropped.camera, track.camera.focal_px / track.info.focal_px
    camera = replace(camera, focal_px=camera.focal_px * zoom, T_camera_world=track.T_camera_world[row])
    return ViewFit(camera, track.expression[row], track.joint_rotations[row], NEUTRAL_LIGHT)


def part_of(seen: ClipLandmarks, rows: Sequence[int]) -> ClipLandmarks:
    """Some rows of what was seen."""
    arrays = {f.name: getattr(seen, f.name)[list(rows)] for f in fields(seen) if f.name != "info"}
    return ClipLandmarks(seen.info, **arrays)


def learnt_rows(seen: ClipLandmarks, hold_out: float) -> Sequence[int]:
    """Rows before the held-out end of the clip, in time."""
    last_s = (1 - hold_out) * float(seen.info.timestamps_s[-1])
    return np.flatnonzero(seen.info.timestamps_s[seen.index] <= last_s).tolist()


def front_first(seen: ClipLandmarks, rows: Sequence[int]) -> list[int]:
    """`rows`, the one in which the face looks most nearly at the camera before the others."""
    # how far the face's forward axis is from the camera's, of MediaPipe's transform in OpenGL axes
    straight = [float(seen.T_face[row][2, 2]) for row in rows]
    first = int(np.argmax(straight))
    return [rows[first], *(row for i, row in enumerate(rows) if i != first)]


def workers_of(asked: int | None) -> int:
    """Processes that follow a clip, threads that cut out its frames."""
    return asked or min(os.cpu_count() or 1, MOST_WORKERS)
