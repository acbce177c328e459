"""The main person is followed through crossings, absences and covered frames, the same on any number of cores."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from headsmith.errors import InputError
from headsmith.landmarks import follow
from headsmith.types import U8, Camera, ClipInfo, ClipLandmarks, Frame

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"
SIZE = (480, 300)
FPS = 24.0
HEAD_PX = 190


class Pictures:
    """Frames in memory."""

    def __init__(self, frames: Sequence[U8], fps: float = FPS) -> None:
        height, width = frames[0].shape[:2]
        times = (np.arange(len(frames)) / fps).astype(np.float32)
        self.frames = frames
        self.info = ClipInfo("people.mp4", "0" * 64, (width, height), fps, times, 500.0)

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        (width, height), eye = self.info.size_px, np.eye(4, dtype=np.float32)
        for index in indices:
            camera = Camera(500.0, (width / 2, height / 2), self.info.size_px, eye)
            yield Frame(self.frames[index], camera, "people.mp4", "0" * 64)


@pytest.fixture(scope="module")
def person() -> Image.Image:
    return Image.open(PORTRAIT).convert("RGB").crop((145, 8, 305, 208))


@pytest.fixture(scope="module")
def stranger(person: Image.Image) -> Image.Image:
    """The portrait mirrored and with another colour of skin, hair and clothes."""
    red, green, blue = ImageOps.mirror(person).split()
    return Image.merge("RGB", [red.point(lambda v: v * 0.6), green.point(lambda v: v * 0.75), blue])


def scene(*placed: tuple[Image.Image, float, float, int]) -> U8:
    """Heads (centre x and y, height) on grey, the last one in front."""
    picture = Image.new("RGB", SIZE, (120, 125, 130))
    for head, x, y, height in placed:
        width = round(head.width * height / head.height)
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).ellipse((0, 0, width, height * 1.3), fill=255)
        picture.paste(head.resize((width, height)), (round(x - width / 2), round(y - height / 2)), mask)
    return np.asarray(picture)


def middle_x(seen: ClipLandmarks) -> np.ndarray:
    return seen.points_px[..., 0].mean(1)


def test_two_people_cross(person: Image.Image, stranger: Image.Image) -> None:
    t = np.linspace(0, 1, 40)
    main_x, other_x = 150 + 180 * t, 400 - 340 * t
    # the stranger passes behind
    frames = [scene((stranger, other_x[i], 120, 150), (person, main_x[i], 150, HEAD_PX)) for i in range(40)]
    seen = follow(Pictures(frames), range(40))
    assert seen.found.all()
    assert np.abs(middle_x(seen) - main_x - np.median(middle_x(seen) - main_x)).max() < 12
    assert seen.faces_found.max() == 2


def test_the_main_person_is_the_one_who_stays(person: Image.Image, stranger: Image.Image) -> None:
    # the stranger is larger, but soon gone
    frames = [scene((person, 160, 150, 170), *([(stranger, 370, 150, 210)] if i < 9 else [])) for i in range(36)]
    seen = follow(Pictures(frames), range(0, 36, 2))
    assert seen.found.all()
    assert (np.abs(middle_x(seen) - 160) < 40).all()
    np.testing.assert_array_equal(seen.index, np.arange(0, 36, 2))


def test_who_leaves_and_comes_back_is_the_same_person(person: Image.Image, stranger: Image.Image) -> None:
    frames = [scene((stranger, 400, 100, 120), *([(person, 150 if i < 16 else 230, 160, HEAD_PX)]
                    if i < 16 or i >= 30 else [])) for i in range(46)]  # fmt: skip
    seen = follow(Pictures(frames), range(46))
    assert seen.found[:14].all()
    assert seen.found[32:].all()
    assert not seen.found[18:28].any(), "the stranger is not taken for the person"
    assert (seen.points_px[~seen.found] == 0).all()
    assert np.abs(middle_x(seen)[32:] - 230).max() < 40


def test_nobody_at_all_is_an_error() -> None:
    frames = [np.full((SIZE[1], SIZE[0], 3), 100, np.uint8)] * 12
    with pytest.raises(InputError, match=r"people\.mp4: found no face"):
        follow(Pictures(frames), range(12))


def test_the_number_of_workers_changes_nothing(person: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    # the package has a function of the module's name
    monkeypatch.setattr(sys.modules["headsmith.landmarks.follow"], "PIECE_FRAMES", 8)
    clip = Pictures([scene((person, 200 + 20 * np.sin(i / 5), 150, HEAD_PX)) for i in range(24)])
    results = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        fractions: list[float] = []
        results.append(follow(clip, range(24), fractions.append))
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1)
    for name in ("points_px", "depth", "scores", "T_face", "sharpness", "occluded", "found", "faces_found"):
        np.testing.assert_array_equal(getattr(results[0], name), getattr(results[1], name))


def test_blurred_frames_score_lower(person: Image.Image) -> None:
    blurs = (0.0, 0.8, 1.6)
    frames = [scene((person, 240, 150, 250))] * 6
    blurred = [np.asarray(Image.fromarray(frames[i]).filter(ImageFilter.GaussianBlur(blurs[i // 2]))) for i in range(6)]
    sharpness = follow(Pictures(blurred), range(6)).sharpness
    assert sharpness[0] > 1.2 * sharpness[2] > 1.2 * 1.2 * sharpness[4]
    # the same face at another size
    larger = follow(Pictures([np.asarray(Image.fromarray(frames[0]).resize((720, 450)))] * 2), range(2)).sharpness
    assert larger[0] == pytest.approx(sharpness[0], rel=0.25)


def test_a_hand_before_the_face_is_noticed(person: Image.Image) -> None:
    covered = (np.arange(46) >= 18) & (np.arange(46) < 30)
    frames = [waved(person, i, covered[i]) for i in range(46)]
    seen = follow(Pictures(frames), range(46))
    assert seen.found.all()
    assert (seen.occluded[covered] > 0.1).all()
    far = (np.arange(46) < 6) | (np.arange(46) >= 42)
    assert (seen.occluded[far] < 0.1).all()


def waved(person: Image.Image, number: int, covered: bool) -> U8:
    """A head that sways in changing light, perhaps with a patch of its own forehead over the mouth and a cheek."""
    x = 240 + 10 * np.sin(number / 9)
    picture = Image.fromarray(scene((person, x, 150, 250)))
    if covered:
        left = round(x)
        hand = picture.crop((left - 12, 120, left + 12, 130)).resize((70, 90))
        shape = Image.radial_gradient("L").resize((70, 90)).point(lambda v: 255 if v < 190 else 0)
        picture.paste(hand, (left - 20, 150), shape)
    return np.asarray(picture.point(lambda v: v * (0.85 + 0.15 * np.sin(number / 13))))
