"""An avatar against a clip: followed through it, shown in its three forms as in each frame, and compared region by
region with what the frame shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headsmith.asset import Avatar, Pose, posed_vertices
from headsmith.capture import open_clip
from headsmith.errors import InputError
from headsmith.evaluation.forms import Forms, Look, Shown
from headsmith.evaluation.light import ClipLight, LitFrame, clip_light
from headsmith.evaluation.regions import regions
from headsmith.evaluation.scores import Scores, mean_scores, scores_of
from headsmith.evaluation.subject import known_head, worn_texture
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.metrics.identity import identity_similarity
from headsmith.pipeline.clips import TALK_FPS, Watched, close_ups, learnt_rows, view_of, watch
from headsmith.progress import Silent, Watcher
from headsmith.track import TrackParams, track_head
from headsmith.types import F32, U8, Bool, Camera, HeadTrack, Pictures, Progress

MOST_OCCLUDED = 0.1
"""frames in which more of the face is covered say nothing about the avatar"""
LIGHT_FRAMES = 12
SUREST_SKIN = 0.95


@dataclass(frozen=True)
class ClipParams:
    """How a clip is compared."""

    last_share: float | None = None
    """of the clip, its end, that is compared; None: what the build held out, or all of a clip it did not learn from"""
    frames: int = 40
    """that are compared, evenly spread"""
    longest_px: int = 512
    """longer side of the close-ups that are compared"""
    workers: int = 1


@dataclass(frozen=True)
class Compared:
    """One frame."""

    number: int
    timestamp_s: float
    picture: U8
    """[H, W, 3] the close-up"""
    shown: dict[str, U8]
    """by form, in front of the frame's own background"""
    masks: dict[str, Bool]
    """[H, W] by region"""
    scores: dict[str, dict[str, Scores]]
    """by form, then region"""
    identity: dict[str, float]
    """by form; empty where the model of identity is not installed"""


@dataclass(frozen=True)
class Evaluation:
    """All frames that were compared."""

    source: str
    first_s: float
    """of the clip, from which on it was compared"""
    held_out: bool
    """whether these frames are known not to have been learnt from"""
    frames: tuple[Compared, ...]
    skipped: int
    """frames without the face, or in which something covers it"""

    def table(self) -> dict[str, dict[str, dict[str, float]]]:
        """Means over the frames: form -> region -> measure."""
        first = self.frames[0].scores
        return {form: {region: mean_scores([frame.scores[form][region] for frame in self.frames])
                       for region in first[form]} for form in first}  # fmt: skip

    def identity(self) -> dict[str, float]:
        """Mean similarity of the face to the frame's, by form."""
        forms = self.frames[0].identity
        return {form: round(float(np.mean([frame.identity[form] for frame in self.frames])), 4) for form in forms}


@dataclass(frozen=True)
class Followed:
    """A clip, and the avatar's head in it."""

    watched: Watched
    track: HeadTrack


def evaluate_clip(
    avatar: Avatar, path: Path, params: ClipParams | None = None, head: str = "default", watcher: Watcher | None = None
) -> Evaluation:
    """Compares `avatar` with the clip at `path`. Raises InputError for what is no clip, or shows no face.

    The head's pose and the expression are taken from each frame, as a performer would give them; shape, textures and
    splats are the avatar's.
    """
    params, watcher = params or ClipParams(), watcher or Silent()
    model, fit = known_head(avatar, head)
    clip = open_clip(path)
    with watcher.stage("follow") as progress:
        watched = Watched(clip, watch(clip, TALK_FPS, progress))
    with watcher.stage("track") as progress:
        track = track_head(model, fit, watched.seen, clip, worn_texture(avatar),
                           TrackParams(workers=params.workers), progress)  # fmt: skip
    followed, share = Followed(watched, track), _last_share(avatar, watched, params)
    tail = sorted(set(range(len(track.index))) - set(learnt_rows(watched.seen, share)))
    good = _uncovered(watched, tail)
    if not good:
        raise InputError(path, found="no frame in which the face is seen uncovered", expected="some in the part that "
                         "is compared", action="give another clip, or another --last")  # fmt: skip
    with watcher.stage("light"):
        light = _light(avatar, model, followed, params)
    with watcher.stage("compare") as progress:
        compared = tuple(_compared(avatar, followed, _spread(good, params.frames), light, params, progress))
    first_s = float(track.info.timestamps_s[track.index[tail[0]]])
    return Evaluation(
        clip.info.source, first_s, share < 1 and _learnt(avatar, watched), compared, len(tail) - len(good)
    )


def _learnt(avatar: Avatar, watched: Watched) -> bool:
    return watched.clip.info.sha256 in {sha256 for _, sha256 in avatar.provenance.inputs}


def _last_share(avatar: Avatar, watched: Watched, params: ClipParams) -> float:
    if params.last_share is not None:
        return params.last_share
    held_out = float(avatar.provenance.settings.get("hold_out", 0.0))
    return held_out if held_out > 0 and _learnt(avatar, watched) else 1.0


def _uncovered(watched: Watched, rows: Sequence[int]) -> list[int]:
    seen = watched.seen
    return [row for row in rows if seen.found[row] and seen.occluded[row] <= MOST_OCCLUDED]


def _spread(rows: Sequence[int], count: int) -> list[int]:
    return [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))]


def _light(avatar: Avatar, model: HeadModel, followed: Followed, params: ClipParams) -> ClipLight:
    """From frames spread over the whole clip."""
    rows = _spread(_uncovered(followed.watched, range(len(followed.track.index))), LIGHT_FRAMES)
    lit = []
    for row, picture in zip(rows, close_ups(followed.watched, rows, params.longest_px), strict=True):
        camera, pose = _pose(avatar, followed.track, row, picture)
        vertices = posed_vertices(avatar, pose)
        face = rasterize(vertices, model.faces, camera).interpolate(model.regions["face"][model.faces][..., None])
        skin = (picture.mattes[0].skin > SUREST_SKIN) & (face[..., 0] > SUREST_SKIN)
        lit.append(LitFrame(picture.frames[0].image, skin, camera, vertices))
    return clip_light(avatar, lit)


def _compared(
    avatar: Avatar, followed: Followed, rows: Sequence[int], light: ClipLight, params: ClipParams, progress: Progress
) -> Iterator[Compared]:
    forms, track = Forms(avatar), followed.track
    for done, (row, picture) in enumerate(zip(rows, close_ups(followed.watched, rows, params.longest_px), strict=True)):
        camera, pose = _pose(avatar, track, row, picture)
        shown = forms.shown(Look(camera, pose, light.at(camera)))
        number = int(track.index[row])
        yield _one(picture, shown, number, float(track.info.timestamps_s[number]))
        progress((done + 1) / len(rows))


def _one(close_up: Pictures, shown: dict[str, Shown], number: int, timestamp_s: float) -> Compared:
    frame = close_up.frames[0].image
    picture = frame.astype(np.float32) / 255
    first = next(iter(shown.values()))
    masks = regions(close_up.landmarks[0], close_up.mattes[0], first.alpha)
    pictures = {form: one.over(picture) for form, one in shown.items()}
    scores = {form: {region: scores_of(over, picture, mask) for region, mask in masks.items()}
              for form, over in pictures.items()}  # fmt: skip
    drawn = {form: _bytes(over) for form, over in pictures.items()}
    return Compared(number, timestamp_s, frame, drawn, masks, scores, _identity(close_up, drawn))


def _identity(close_up: Pictures, drawn: dict[str, U8]) -> dict[str, float]:
    """The forms stand where the face stands, so that its landmarks are theirs."""
    frame, points = close_up.frames[0].image, close_up.landmarks[0].points_px
    values = {form: identity_similarity(frame, points, picture, points) for form, picture in drawn.items()}
    return {form: value for form, value in values.items() if value is not None}


def _pose(avatar: Avatar, track: HeadTrack, row: int, close_up: Pictures) -> tuple[Camera, Pose]:
    view = view_of(track, row, close_up.frames[0])
    weights = np.zeros(len(avatar.blendshapes.names), np.float32)
    # what a head model has beside ARKit's shapes comes last
    weights[len(weights) - len(view.expression) :] = view.expression
    return view.camera, Pose(weights, view.joint_rotations)


def _bytes(image: F32) -> U8:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
