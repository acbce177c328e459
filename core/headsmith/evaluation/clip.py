"""An avatar against a clip: followed through it, shown in its three forms as in each frame, and compared region by
region with what the frame shows.

The head's pose and the expression are taken from each frame, as a performer would give them; shape, textures and
splats are the avatar's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headsmith.asset import Avatar, Pose, posed_vertices
from headsmith.capture import open_clip
from headsmith.errors import InputError
from headsmith.evaluation.light import ClipLight, LitFrame, clip_light
from headsmith.evaluation.subject import known_head, worn_texture
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.pipeline.clips import TALK_FPS, Followed, Watched, close_ups, learnt_rows, view_of, watch
from headsmith.progress import Silent, Watcher
from headsmith.track import FITTED, TrackParams, track_head
from headsmith.track.evidence import spread_over
from headsmith.types import Camera, HeadTrack, Pictures

MOST_OCCLUDED = 0.1
"""frames in which more of the face is covered say nothing about the avatar"""
LIGHT_PX = 256
SUREST_SKIN = 0.95


class NoFace(InputError):
    """No frame can be compared."""


@dataclass(frozen=True)
class ClipParams:
    """How a clip is compared."""

    last_share: float | None = None
    """of the clip, its end, that is compared; None: what the build held out, or all of a clip it held nothing out of"""
    frames: int = 40
    """that are compared, evenly spread"""
    longest_px: int = 512
    """longer side of the close-ups that are compared"""
    light_frames: int = 6
    """of the whole clip, from which its light is estimated"""
    workers: int = 1


@dataclass(frozen=True)
class Comparison:
    """All that is known before the first frame is compared."""

    avatar: Avatar
    followed: Followed
    rows: tuple[int, ...]
    """of the track, that are compared"""
    light: ClipLight
    longest_px: int
    first_s: float
    held_out: bool
    """whether the build learnt from none of these frames"""
    skipped: int
    """frames of the same part without the face, or in which something covers it"""

    @property
    def fps(self) -> float:
        """Frames that are compared, by the time that they span."""
        info, index = self.followed.track.info, self.followed.track.index
        span_s = float(np.ptp(info.timestamps_s[index[list(self.rows)]]))
        return (len(self.rows) - 1) / span_s if span_s > 0 else info.fps


def compare_clip(
    avatar: Avatar, path: Path, params: ClipParams | None = None, head: str = "default", watcher: Watcher | None = None
) -> Comparison:
    """`avatar` and the clip at `path`, to be compared. Raises InputError for what is no clip, or shows no face."""
    params, watcher = params or ClipParams(), watcher or Silent()
    model, fit = known_head(avatar, head)
    clip = open_clip(path)
    with watcher.stage("follow") as progress:
        watched = Watched(clip, watch(clip, TALK_FPS, progress))
    focal_px = known_focal_px(avatar, clip.info.sha256)
    tracking = TrackParams(focal_px, workers=params.workers, photo=FITTED)
    with watcher.stage("track") as progress:
        track = track_head(model, fit, watched.seen, clip, worn_texture(avatar), tracking, progress)
    return compare_followed(avatar, model, Followed(watched, track), params, watcher)


def compare_followed(
    avatar: Avatar, model: HeadModel, followed: Followed, params: ClipParams, watcher: Watcher | None = None
) -> Comparison:
    """The same for a clip in which the head's way is known already."""
    info, seen = followed.track.info, followed.watched.seen
    share, held_out = compared_part(avatar, info.sha256, params.last_share)
    tail = last_rows(followed, share)
    good = [row for row in tail if uncovered(followed, row)]
    if not good:
        raise NoFace(info.source, found="no frame in which the face is seen uncovered", expected="some in the part "
                     "that is compared", action="give another clip, or another --last")  # fmt: skip
    with (watcher or Silent()).stage("light"):
        light = _light(avatar, model, followed, params.light_frames)
    rows = tuple(spread_over(np.array(good), params.frames).tolist())
    first_s = float(info.timestamps_s[seen.index[tail[0]]])
    return Comparison(avatar, followed, rows, light, params.longest_px, first_s, held_out, len(tail) - len(good))


def compared_part(avatar: Avatar, sha256: str, asked: float | None) -> tuple[float, bool]:
    """The share of a clip, its end, that is compared, and whether the build learnt from none of it."""
    if sha256 not in {known for _, known in avatar.provenance.inputs}:
        return (1.0 if asked is None else asked), True
    settings = avatar.provenance.settings
    kept = settings.get("hold_out", 0.0) if settings.get("hold_out_sha256") == sha256 else 0.0
    kept = float(kept) if isinstance(kept, int | float) and 0 < kept < 1 else 0.0
    share = asked or kept or 1.0
    return share, share <= kept


def last_rows(followed: Followed, share: float) -> list[int]:
    """Rows of the last `share` of the clip, in time; the end that `learnt_rows` leaves out."""
    every = range(len(followed.track.index))
    return list(every) if share >= 1 else sorted(set(every) - set(learnt_rows(followed.watched.seen, share)))


def pose_in(avatar: Avatar, track: HeadTrack, row: int, close_up: Pictures) -> tuple[Camera, Pose]:
    """How the avatar stands in a close-up of a tracked frame."""
    view = view_of(track, row, close_up.frames[0])
    weights = np.zeros(len(avatar.blendshapes.names), np.float32)
    # a head model's own shapes follow ARKit's, where they are not the same
    weights[len(weights) - len(view.expression) :] = view.expression
    return view.camera, Pose(weights, view.joint_rotations)


def known_focal_px(avatar: Avatar, sha256: str) -> float | None:
    """Of a clip whose end the build held out: another focal length would put the back of the head elsewhere."""
    settings = avatar.provenance.settings
    focal = settings.get("hold_out_focal_px") if settings.get("hold_out_sha256") == sha256 else None
    return float(focal) if isinstance(focal, int | float) and focal > 0 else None


def uncovered(followed: Followed, row: int) -> bool:
    """Whether a frame shows the face, and next to nothing in front of it."""
    seen = followed.watched.seen
    return bool(seen.found[row] and seen.occluded[row] <= MOST_OCCLUDED)


def _light(avatar: Avatar, model: HeadModel, followed: Followed, count: int) -> ClipLight:
    """From frames spread over the whole clip."""
    track = followed.track
    free = np.array([row for row in range(len(track.index)) if uncovered(followed, row)])
    rows = spread_over(free, count).tolist()
    lit = []
    for row, picture in zip(rows, close_ups(followed.watched, rows, LIGHT_PX), strict=True):
        camera, pose = pose_in(avatar, track, row, picture)
        vertices = posed_vertices(avatar, pose)
        face = rasterize(vertices, model.faces, camera).interpolate(model.regions["face"][model.faces][..., None])
        skin = (picture.mattes[0].skin > SUREST_SKIN) & (face[..., 0] > SUREST_SKIN)
        lit.append(LitFrame(picture.frames[0].image, skin, camera, vertices))
    return clip_light(avatar, lit)
