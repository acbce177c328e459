"""Every kind of clip plays upright, at its own pace and in its own colours, and frames have fixed numbers."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from capture.clip_files import SIZE, Coding, number_of, pictures, write
from headsmith.capture import open_clip, write_clip
from headsmith.capture.video import Clip
from headsmith.errors import InputError

COUNT = 40
B_FRAMES = {"g": "12", "bf": "2", "qscale": "2"}
# every third picture stays for longer
UNEVEN = [i + i // 3 * 2 for i in range(COUNT)]
CODINGS = {
    "plain.mp4": Coding(),
    "b_frames.mp4": Coding(options=B_FRAMES),
    "uneven.mp4": Coding(options=B_FRAMES, ticks=UNEVEN),
    "matroska.mkv": Coding(options=B_FRAMES),
    "stream.ts": Coding("mpeg2video", options=B_FRAMES),
    "no_timestamps.avi": Coding(options=B_FRAMES),
    "vp9.webm": Coding("libvpx-vp9", options={"g": "12", "deadline": "realtime", "cpu-used": "8", "crf": "10"}),
    "intra.mov": Coding("mjpeg", "yuvj420p", options={"qscale": "2"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def numbers(clip: Clip) -> list[int]:
    return [number_of(frame.image) for frame in clip.read(range(len(clip.info.timestamps_s)))]


@pytest.mark.parametrize("name", CODINGS)
def test_a_frame_reached_by_seeking_is_the_one_played(name: str, folder: Path) -> None:
    clip = open_clip(write(folder / name, pictures(COUNT), CODINGS[name]))
    played = list(clip.read(range(COUNT)))
    assert [number_of(frame.image) for frame in played] == list(range(COUNT))
    again: Clip = pickle.loads(pickle.dumps(clip))
    for wanted in ([0, 13, 14, 39], [25], [36, 12, 11, 0], [1, 38]):
        for number, frame in zip(wanted, again.read(wanted), strict=True):
            np.testing.assert_array_equal(frame.image, played[number].image)
            assert frame.timestamp_s == pytest.approx(float(clip.info.timestamps_s[number]))


@pytest.mark.skipif("libx264" not in av.codecs_available, reason="this PyAV writes no H.264")
def test_pictures_before_an_open_group_are_played_from_the_group_before(folder: Path) -> None:
    options = {"g": "12", "bf": "3", "qp": "14", "x264-params": "open-gop=1:scenecut=0:b-adapt=0"}
    clip = open_clip(write(folder / "open.mp4", pictures(COUNT), Coding("libx264", options=options)))
    played = [frame.image for frame in clip.read(range(COUNT))]
    assert len(clip.index.keys_shown) >= 3
    for number in range(COUNT):
        np.testing.assert_array_equal(next(clip.read([number])).image, played[number])


def test_timestamps_are_the_files_own(folder: Path) -> None:
    info = open_clip(write(folder / "pace.mp4", pictures(COUNT), CODINGS["uneven.mp4"])).info
    np.testing.assert_allclose(info.timestamps_s, np.array(UNEVEN) / 30, atol=1e-4)
    assert info.fps == pytest.approx((COUNT - 1) / (UNEVEN[-1] / 30))
    assert len(info.sha256) == 64
    assert info.source == "pace.mp4"


def test_time_starts_at_the_first_picture(folder: Path) -> None:
    clip = open_clip(write(folder / "late.mkv", pictures(4), Coding(ticks=[30, 31, 32, 33])))
    np.testing.assert_allclose(clip.info.timestamps_s, np.arange(4) / 30, atol=2e-3)


@pytest.mark.parametrize(("turn_deg", "quarter_turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_phone_held_upright_gives_upright_pictures(turn_deg: int, quarter_turns: int, folder: Path) -> None:
    source = pictures(2)
    clip = open_clip(write(folder / f"turned{turn_deg}.mp4", source, Coding(turn_deg=turn_deg)))
    image = next(clip.read([1])).image
    # FFmpeg's display rotation and numpy's rot90 both count against the clock
    expected = np.rot90(source[1], quarter_turns)
    assert clip.info.size_px == (expected.shape[1], expected.shape[0])
    assert np.abs(image.astype(int) - expected).mean() < 6


def test_pixels_that_are_not_square_are_stretched(folder: Path) -> None:
    clip = open_clip(write(folder / "wide.mp4", pictures(2), Coding(aspect=Fraction(4, 3))))
    assert clip.info.size_px == (round(SIZE[0] * 4 / 3), SIZE[1])
    assert next(clip.read([0])).image.shape == (SIZE[1], round(SIZE[0] * 4 / 3), 3)


def test_the_focal_length_is_the_phones(folder: Path) -> None:
    tag = {"com.apple.quicktime.camera.focal_length.35mm_equivalent": "26"}
    tagged = write(folder / "tag.mp4", pictures(2), Coding(metadata=tag, container={"movflags": "use_metadata_tags"}))
    diagonal_px = float(np.hypot(*SIZE))
    assert open_clip(tagged).info.focal_px == pytest.approx(26 / np.hypot(36, 24) * diagonal_px)
    untagged = open_clip(write(folder / "untagged.mp4", pictures(2), Coding()))
    assert untagged.info.focal_px == pytest.approx(30 / np.hypot(36, 24) * diagonal_px)
    camera = next(untagged.read([0])).camera
    assert camera.principal_px == (SIZE[0] / 2, SIZE[1] / 2)


@pytest.mark.parametrize("size", [(160, 112), (97, 75)])
def test_what_is_written_is_read_again(size: tuple[int, int], folder: Path) -> None:
    source = pictures(8, size)
    write_clip(folder / "written.mp4", iter(source), fps=25)
    clip = open_clip(folder / "written.mp4")
    assert clip.info.size_px == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert clip.info.fps == pytest.approx(25, rel=1e-3)
    for frame, expected in zip(clip.read(range(8)), source, strict=True):
        assert np.abs(frame.image[: size[1], : size[0]].astype(int) - expected).mean() < 4


def test_a_clip_cannot_be_written_just_anywhere(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a place that cannot be written"):
        write_clip(tmp_path / "missing/folder.mp4", pictures(1), 30)


def test_a_frame_that_does_not_exist_is_a_mistake(folder: Path) -> None:
    clip = open_clip(write(folder / "short.mp4", pictures(3), Coding()))
    with pytest.raises(ValueError, match="has no frame 3"):
        list(clip.read([3]))
