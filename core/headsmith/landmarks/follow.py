"""One person's face through a clip.

First every few frames are searched for all faces, which are joined to persons (`people`), so that the main one is
known wherever others cross or leave. Then that face is measured in each frame on close-ups, near where it was in the
frame before. Frames are worked on in pieces of fixed length, so that the result does not depend on how many cores
there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from PIL import Image

from headsmith.errors import InputError
from headsmith.landmarks.find import CLOSE_UP_PX, Box, faces_in, search_faces
from headsmith.landmarks.mediapipe import Face, FaceFinder, face_finder
from headsmith.landmarks.occlusion import facing, occlusion, skin_colours
from headsmith.landmarks.people import Person, Sighting, main_person, persons
from headsmith.landmarks.sharpness import sharpness
from headsmith.types import U8, ClipLandmarks, FrameReader, Progress, no_progress

LOOK_EVERY_S = 0.25
PIECE_FRAMES = 48
MOST_WORKERS = 4
SEARCH_SHARE = 0.25
"""of the time, for the progress"""
# two close-ups halve the error of one (0.4 % to 0.2 % of the distance between the eyes); a third costs more time
# than it brings
NEAR, WIDE, LOST = 1.8, 2.4, 4.0
# a face this far from where it is expected, in its width, or this much larger or smaller, is another one
MOST_SHIFT, MOST_GROWTH = 0.6, 1.6
LOOKS_GRID = 8
LOOKS_SCALE = 1.8

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Look:
    """What the search saw in one frame."""

    index: int
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class _Seen:
    """What was measured in one frame."""

    face: Face
    sharpness: float
    colours: np.ndarray
    """see `occlusion.skin_colours`"""


@dataclass(frozen=True)
class _Guide:
    """Where faces are, from the looks at the clip."""

    at: np.ndarray
    """[L] frame numbers of the looks"""
    faces: np.ndarray
    """[L] how many there were"""
    people: tuple[Person, ...]
    """the main one first"""

    def expected(self, person: Person, index: int) -> tuple[np.ndarray, float] | None:
        """Centre and size of that person's face, where it was seen in a look just before or after."""
        after = int(np.searchsorted(self.at, index))
        before = after if after < len(self.at) and self.at[after] == index else after - 1
        known = [n for n in (before, after) if n in person.seen]
        if not known:
            return None
        a, b = known[0], known[-1]
        t = (index - self.at[a]) / (self.at[b] - self.at[a]) if a != b else 0.0
        first, second = person.seen[a], person.seen[b]
        return first.centre_px * (1 - t) + second.centre_px * t, first.size_px * (1 - t) + second.size_px * t

    def count(self, index: int) -> int:
        nearest = int(np.abs(self.at - index).argmin())
        return int(self.faces[nearest])


def follow(clip: FrameReader, indices: Sequence[int], progress: Progress = no_progress) -> ClipLandmarks:
    """The main person (the largest, most central and longest present) in the frames of those numbers (increasing).

    Frames in which that face is not seen stay, with `found` False. Raises InputError where there is no face in any.
    """
    numbers = [int(i) for i in indices]
    with ExitStack() as stack:
        workers = max(1, min(os.cpu_count() or 1, MOST_WORKERS, len(numbers) // PIECE_FRAMES))
        pool = _Pool([stack.enter_context(face_finder()) for _ in range(workers)])
        guide = _search(clip, numbers, pool, progress)
        pieces = [numbers[i : i + PIECE_FRAMES] for i in range(0, len(numbers), PIECE_FRAMES)]
        parts = pool.map(lambda finder, piece: _measure_piece(clip, piece, guide, finder), pieces,
                         lambda done: progress(SEARCH_SHARE + (1 - SEARCH_SHARE) * done))  # fmt: skip
    return _gathered(clip, numbers, guide, [seen for part in parts for seen in part])


class _Pool:
    """Threads that each borrow one of the finders; MediaPipe works outside Python's lock."""

    def __init__(self, finders: Iterable[FaceFinder]) -> None:
        self._free: SimpleQueue[FaceFinder] = SimpleQueue()
        for finder in finders:
            self._free.put(finder)
        self._workers = self._free.qsize()

    def map(self, function: Callable[[FaceFinder, Work], Result], work: Sequence[Work], progress: Progress
            ) -> list[Result]:  # fmt: skip
        def borrow(item: Work) -> Result:
            finder = self._free.get()
            try:
                return function(finder, item)
            finally:
                self._free.put(finder)

        results = []
        with ThreadPoolExecutor(self._workers) as threads:
            for result in threads.map(borrow, work):
                results.append(result)
                progress(len(results) / len(work))
        return results


def _search(clip: FrameReader, numbers: list[int], pool: _Pool, progress: Progress) -> _Guide:
    """Looks for everybody every quarter of a second. Raises InputError where nobody is seen."""
    looked = _spaced(numbers, clip.info.timestamps_s)
    pieces = [looked[i : i + PIECE_FRAMES] for i in range(0, len(looked), PIECE_FRAMES)]
    parts = pool.map(lambda finder, piece: _look_at_piece(clip, piece, finder), pieces,
                     lambda done: progress(SEARCH_SHARE * done))  # fmt: skip
    looks = [look for part in parts for look in part]
    people = persons([look.sightings for look in looks])
    if not people:
        raise InputError(
            clip.info.source,
            found=f"no face in {len(looks)} frames that were looked at",
            expected="a person who looks roughly towards the camera",
            action="give a clip in which both eyes can be seen, not darker or smaller than this one",
        )
    first = main_person(people, clip.info.size_px)
    others = [person for person in people if person is not first]
    at, faces = np.array(looked), np.array([len(look.sightings) for look in looks])
    return _Guide(at, faces, (first, *others))


def _spaced(numbers: list[int], timestamps_s: np.ndarray) -> list[int]:
    """Those of the numbers that lie a quarter of a second or more apart, with the last."""
    kept = numbers[:1]
    for number in numbers[1:]:
        if timestamps_s[number] - timestamps_s[kept[-1]] >= LOOK_EVERY_S - 1e-4:
            kept.append(number)
    return kept if kept[-1:] == numbers[-1:] else [*kept, numbers[-1]]


def _look_at_piece(clip: FrameReader, piece: list[int], finder: FaceFinder) -> list[_Look]:
    looks = []
    for index, frame in zip(piece, clip.read(piece), strict=True):
        faces = search_faces(finder, Image.fromarray(frame.image))
        looks.append(_Look(index, tuple(_sighting(frame.image, face) for face in faces)))
    return looks


def _sighting(image: U8, face: Face) -> Sighting:
    centre, size = _place(face)
    small = Image.fromarray(image).crop(_square(centre, size * LOOKS_SCALE)).resize((LOOKS_GRID, LOOKS_GRID),
                                                                               Image.Resampling.BOX)  # fmt: skip
    return Sighting(centre, size, np.asarray(small, np.float32).ravel() / 255)


def _measure_piece(clip: FrameReader, piece: list[int], guide: _Guide, finder: FaceFinder) -> list[_Seen | None]:
    seen: list[_Seen | None] = []
    last: Face | None = None
    for index, frame in zip(piece, clip.read(piece), strict=True):
        image = Image.fromarray(frame.image)
        last = _find(image, index, guide, last, finder)
        seen.append(None if last is None else _seen(frame.image, last))
    return seen


def _seen(image: U8, face: Face) -> _Seen:
    return _Seen(face, sharpness(image, face.points), skin_colours(image, face.points))


def _find(image: Image.Image, index: int, guide: _Guide, last: Face | None, finder: FaceFinder) -> Face | None:
    """The main person's face, near where it was in the frame before or should be by the guide."""
    expected = guide.expected(guide.people[0], index)
    places = [expected] if expected is not None else []
    if last is not None and (expected is None or _same(_place(last), expected)):
        places.insert(0, _place(last))
    others = [place for other in guide.people[1:] if (place := guide.expected(other, index)) is not None]
    for place, scale in [(place, WIDE) for place in places] + [(place, LOST) for place in places[-1:]]:
        centre, size = place
        near = [face for face in faces_in(finder, image, _square(centre, size * scale), CLOSE_UP_PX)
                if _same(_place(face), place) and not _nearer(face, place, others)]  # fmt: skip
        if near:
            return _refined(image, min(near, key=lambda face: _shift(_place(face), place)), scale, finder)
    return None


def _refined(image: Image.Image, face: Face, scale: float, finder: FaceFinder) -> Face:
    """The mean with a closer close-up; where the face was found far from where it was expected, without the first."""
    place = _place(face)
    views = [face] if scale == WIDE else []
    for closer in (NEAR,) if views else (NEAR, WIDE):
        seen = faces_in(finder, image, _square(place[0], place[1] * closer), CLOSE_UP_PX)
        near = [other for other in seen if _same(_place(other), place)]
        views += sorted(near, key=lambda other: _shift(_place(other), place))[:1]
    if not views:
        return face
    points = np.stack([view.points for view in views]).mean(0)
    scores = np.stack([view.scores for view in views]).mean(0)
    return replace(views[-1], points=points, scores=scores)


def _place(face: Face) -> tuple[np.ndarray, float]:
    """Centre, and size as that of a square around it."""
    x0, y0, x1, y1 = face.box_px
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2]), max(x1 - x0, y1 - y0)


def _shift(place: tuple[np.ndarray, float], expected: tuple[np.ndarray, float]) -> float:
    return float(np.linalg.norm(place[0] - expected[0])) / expected[1]


def _same(place: tuple[np.ndarray, float], expected: tuple[np.ndarray, float]) -> bool:
    growth = place[1] / expected[1]
    return _shift(place, expected) < MOST_SHIFT and 1 / MOST_GROWTH < growth < MOST_GROWTH


def _nearer(face: Face, place: tuple[np.ndarray, float], others: list[tuple[np.ndarray, float]]) -> bool:
    """Whether the face is rather another person's."""
    shift = _shift(_place(face), place)
    return any(_shift(_place(face), other) < shift for other in others)


def _square(centre: np.ndarray, side_px: float) -> Box:
    (x, y), half = centre, side_px / 2
    return round(x - half), round(y - half), round(x + half), round(y + half)


def _gathered(clip: FrameReader, numbers: list[int], guide: _Guide, seen: list[_Seen | None]) -> ClipLandmarks:
    count = len(numbers)
    found = np.array([s is not None for s in seen])
    if not found.any():
        raise InputError(clip.info.source, found="no frame in which the face could be measured",
                         expected="a face of 80 px or more", action="give a larger or sharper clip")  # fmt: skip

    def filled(shape: tuple[int, ...], value: Callable[[_Seen], np.ndarray | float]) -> np.ndarray:
        array = np.zeros((count, *shape), np.float32)
        for row, one in enumerate(seen):
            if one is not None:
                array[row] = value(one)
        return array

    points = filled((478, 3), lambda s: s.face.points)
    T_face = filled((4, 4), lambda s: s.face.T_face)
    covered = np.zeros(count, np.float32)
    towards = facing(points[found, :, :2], points[found, :, 2], T_face[found])
    covered[found] = occlusion(np.stack([s.colours for s in seen if s is not None]), towards, T_face[found])
    faces = np.array([max(guide.count(i), int(f)) for i, f in zip(numbers, found, strict=True)], np.int32)
    return ClipLandmarks(
        clip.info,
        np.array(numbers, np.int32),
        found,
        points[..., :2].copy(),
        points[..., 2].copy(),
        filled((52,), lambda s: s.face.scores),
        T_face,
        filled((), lambda s: s.sharpness),
        covered,
        faces,
    )
