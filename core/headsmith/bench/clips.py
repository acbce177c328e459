"""Synthetic clips of a known subject, with the truth of every frame: the sweep (Clip-A) and the talk (Clip-B)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from headsmith.bench.clip_draw import Drawing
from headsmith.bench.clip_script import Moment, PlayParams, SweepParams, play, sweep
from headsmith.bench.clip_studio import Exposure, Studio, develop, exact_mattes, expose, make_studio, room_drawing
from headsmith.bench.subject import SubjectParams
from headsmith.capture import open_clip, write_clip
from headsmith.head_model.model import HeadModel
from headsmith.head_model.shading import rotated_light
from headsmith.types import F32, U8, Camera, ClipInfo, Frame, FrameReader, HeadFit, HeadTrack, Mattes, ViewFit

_KEPT_BYTES = 400 * 2**20
"""of pictures already made that a reader remembers"""


def _subject(seed: int = 1) -> SubjectParams:
    return SubjectParams(seed, texture_px=1024, ribbons=4000, identity_sd=1.0, supersample=2)


@dataclass(frozen=True)
class ClipParams:
    subject: SubjectParams = field(default_factory=_subject)
    """its seed also draws room, light and movements"""
    size_px: tuple[int, int] = (480, 640)
    """width, height"""
    focal: float = 0.8
    """of the longer side: a phone's main camera"""
    fps: float = 15.0
    seconds: float = 8.0
    noise: float = 0.006
    """standard deviation of the sensor's noise in sRGB 0..1"""
    offset_sd_m: float = 0.0010
    """of the shape that the identity coefficients do not express"""
    sweep: SweepParams = field(default_factory=SweepParams)
    play: PlayParams = field(default_factory=PlayParams)

    @property
    def intrinsics(self) -> Camera:
        width, height = self.size_px
        return Camera(
            self.focal * max(self.size_px), (width / 2, height / 2), self.size_px, np.eye(4, dtype=np.float32)
        )


def small_clip(seed: int, seconds: float = 4.0, size_px: tuple[int, int] = (300, 400)) -> ClipParams:
    """For tests."""
    subject = replace(_subject(seed), texture_px=512, ribbons=1500)
    return ClipParams(subject, size_px, seconds=seconds)


class SyntheticReader:
    """A `FrameReader` that makes each frame when it is read, and remembers the last ones; may be pickled."""

    def __init__(self, studio: Studio, moments: tuple[Moment, ...], params: ClipParams, source: str) -> None:
        self._studio, self._moments, self._params = studio, moments, params
        self._room: tuple[F32, Drawing] | None = None
        self._made: dict[int, U8] = {}
        self._lock = Lock()
        times = np.array([moment.time_s for moment in moments], np.float32)
        camera = params.intrinsics
        self.info = ClipInfo(source, "0" * 64, camera.size_px, params.fps, times, camera.focal_px)

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            with self._lock:
                image = self._image(int(index))
            yield Frame(image, self._params.intrinsics, self.info.source, self.info.sha256,
                        timestamp_s=float(self.info.timestamps_s[index]))  # fmt: skip

    def expose(self, index: int) -> Exposure:
        """One frame as it was drawn."""
        with self._lock:
            return self._expose(index)

    def _expose(self, index: int) -> Exposure:
        moment, camera = self._moments[index], self._params.intrinsics
        if self._room is None or not np.array_equal(self._room[0], moment.T_camera_room):
            self._room = moment.T_camera_room, room_drawing(self._studio, moment.T_camera_room, camera)
        return expose(self._studio, moment, camera, self._room[1])

    def _image(self, index: int) -> U8:
        if index not in self._made:
            clean = develop(self._studio, self._expose(index))
            image = _noisy(clean, self._params.noise, (self._params.subject.seed, index))
            self._made[index] = image
            while len(self._made) * image.nbytes > _KEPT_BYTES:
                del self._made[next(iter(self._made))]
        return self._made[index]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"} | {"_made": {}, "_room": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._lock = Lock()


def _noisy(image: U8, sd: float, seed: tuple[int, int]) -> U8:
    if sd == 0:
        return image
    noise = np.random.default_rng(seed).standard_normal(image.shape, np.float32)
    return np.clip(image + 255 * sd * noise + 0.5, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class SyntheticClip:
    """A clip and what it shows; T frames."""

    reader: FrameReader
    """what a build gets to see"""
    studio: Studio
    moments: tuple[Moment, ...]
    params: ClipParams
    made: SyntheticReader
    """the same frames as they were drawn"""

    @property
    def info(self) -> ClipInfo:
        return self.reader.info

    @property
    def model(self) -> HeadModel:
        return self.studio.subject.model

    @property
    def rest_m(self) -> F32:
        """[V, 3] the neutral head"""
        return self.studio.subject.rest_m

    @cached_property
    def expression(self) -> F32:
        """[T, E]"""
        return np.stack([moment.expression for moment in self.moments])

    @cached_property
    def joint_rotations(self) -> F32:
        """[T, J, 3] axis-angle"""
        return np.stack([moment.joint_rotations for moment in self.moments])

    @cached_property
    def T_camera_world(self) -> F32:
        """[T, 4, 4] head space (the root) to camera"""
        return np.stack([moment.T_camera_world for moment in self.moments])

    def camera(self, index: int) -> Camera:
        return replace(self.params.intrinsics, T_camera_world=self.T_camera_world[index])

    def vertices_m(self, index: int) -> F32:
        """[V, 3] the posed head in head space"""
        moment = self.moments[index]
        return self.model.pose(self.rest_m, moment.expression, moment.joint_rotations).astype(np.float32)

    def landmarks_px(self, index: int) -> F32:
        """[478, 2] where the model's landmarks truly are, seen or hidden"""
        return self.camera(index).project(self.model.landmarks(self.vertices_m(index)))[0].astype(np.float32)

    def light_sh(self, index: int) -> F32:
        """[9, 3] irradiance in head space"""
        return rotated_light(self.studio.light_sh, self.moments[index].T_room_head[:3, :3].T)

    def mattes(self, index: int) -> Mattes:
        """Exact masks; draws the frame."""
        return exact_mattes(self.studio, self.made.expose(index))

    def view(self, index: int) -> ViewFit:
        moment = self.moments[index]
        return ViewFit(self.camera(index), moment.expression, moment.joint_rotations, self.light_sh(index))

    def fit(self, indices: Sequence[int]) -> HeadFit:
        """What a faultless fit to those frames gives."""
        views = tuple(self.view(index) for index in indices)
        return HeadFit(self.studio.subject.identity, self.studio.offsets_m, views)

    @cached_property
    def track(self) -> HeadTrack:
        """What a faultless tracker gives for all frames."""
        count = len(self.moments)
        return HeadTrack(
            self.info, np.arange(count, dtype=np.int32), np.ones(count, bool), self.params.intrinsics,
            self.T_camera_world, self.expression, self.joint_rotations, np.zeros(count, np.float32),
        )  # fmt: skip


def synthetic_clip_a(params: ClipParams | None = None) -> SyntheticClip:
    """The phone goes around a person who holds still; the camera's world is the room."""
    params = params or ClipParams()
    studio = make_studio_once(params.subject, params.offset_sd_m)
    moments = sweep(studio.subject.model, _times(params), params.sweep, params.subject.seed)
    return _clip(studio, moments, params, f"sweep{params.subject.seed}.mp4")


def synthetic_clip_b(params: ClipParams | None = None) -> SyntheticClip:
    """The phone stands still; the person talks, makes faces and moves the head."""
    params = params or ClipParams(fps=30.0)
    studio = make_studio_once(params.subject, params.offset_sd_m)
    moments = play(studio.subject.model, _times(params), params.play, params.subject.seed)
    return _clip(studio, moments, params, f"talk{params.subject.seed}.mp4")


@dataclass(frozen=True)
class KnownFocal:
    """A clip file whose focal length is known."""

    clip: FrameReader
    focal_px: float

    @property
    def info(self) -> ClipInfo:
        return replace(self.clip.info, focal_px=self.focal_px)

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        for frame in self.clip.read(indices):
            yield replace(frame, camera=replace(frame.camera, focal_px=self.focal_px))


def recorded(clip: SyntheticClip, path: Path, *, known_focal: bool = True) -> SyntheticClip:
    """The clip as a video file at `path`, compressed, and read from there; quick to read again and to share."""
    count = len(clip.moments)
    write_clip(path, (frame.image for frame in clip.made.read(range(count))), clip.params.fps)
    file = open_clip(path)
    return replace(clip, reader=KnownFocal(file, clip.params.intrinsics.focal_px) if known_focal else file)


@lru_cache(maxsize=4)
def make_studio_once(params: SubjectParams, offset_sd_m: float) -> Studio:
    """`make_studio`; both clips of one person share it."""
    return make_studio(params, offset_sd_m)


def _clip(studio: Studio, moments: tuple[Moment, ...], params: ClipParams, source: str) -> SyntheticClip:
    reader = SyntheticReader(studio, moments, params, source)
    return SyntheticClip(reader, studio, moments, params, reader)


def _times(params: ClipParams) -> F32:
    return np.arange(max(2, round(params.seconds * params.fps))) / params.fps
