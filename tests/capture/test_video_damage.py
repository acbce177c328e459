"""What is no clip gets one sentence that says what it is; what is damaged plays as far as it can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from capture.clip_files import PORTRAIT, Coding, number_of, pictures, write
from headsmith.capture import open_clip
from headsmith.errors import InputError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("damage") / "whole.mp4", pictures(40), Coding())


def sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a file without pictures"):
        open_clip(sound(tmp_path / "voice.m4a"))


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("empty.mp4", b"", "an empty file"),
        ("notes.mp4", b"Dear diary,\n" * 80, "a text file"),
        ("noise.mp4", bytes(range(256)) * 20, "no clip in a known format"),
        ("list.mp4", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:2,\nwhole.mp4\n#EXT-X-ENDLIST\n", "a text file"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile whole.mp4\n", "a text file"),
    ],
)
def test_other_files_are_named(name: str, content: bytes, found: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=found):
        open_clip(tmp_path / name)


def test_a_photo_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a single picture"):
        open_clip(PORTRAIT)
    with pytest.raises(InputError, match="a single picture"):
        open_clip(write(tmp_path / "one.mp4", pictures(1), Coding()))
    Image.open(PORTRAIT).save(tmp_path / "photo.mp4", "PNG")
    with pytest.raises(InputError, match="a single picture"):
        open_clip(tmp_path / "photo.mp4")


def test_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder"):
        open_clip(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "none.mp4")


def test_a_tiny_clip_is_refused(tmp_path: Path) -> None:
    small = [picture[:48, :48] for picture in pictures(3)]
    with pytest.raises(InputError, match="48 x 48 px"):
        open_clip(write(tmp_path / "tiny.mp4", small, Coding()))


def test_a_huge_clip_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "huge.avi", pictures(3), Coding("ffv1", "yuv420p", options={}))
    content = bytearray(path.read_bytes())
    at = content.index(b"strf") + 8
    content[at + 4 : at + 12] = (16000).to_bytes(4, "little") + (16000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match="16000 x 16000 px"):
        open_clip(path)


def test_an_mp4_that_broke_off_has_no_contents(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(InputError, match="an incomplete clip"):
        open_clip(tmp_path / "cut.mp4")


def test_a_stream_that_broke_off_plays_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "whole.mkv", pictures(40), Coding())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    clip = open_clip(path)
    count = len(clip.info.timestamps_s)
    assert 10 <= count < 40
    shown = [number_of(frame.image) for frame in clip.read(range(count - 1))]
    assert shown == list(range(count - 1))


def test_a_picture_that_cannot_be_decoded_repeats_the_one_before(tmp_path: Path) -> None:
    path = write(tmp_path / "hurt.mov", pictures(12), Coding("mjpeg", "yuvj420p", options={"qscale": "2"}))
    with av.open(str(path)) as container:
        at, size = [(packet.pos, packet.size) for packet in container.demux(video=0)][5]
    content = bytearray(path.read_bytes())
    content[at : at + size] = bytes(size)
    path.write_bytes(content)
    clip = open_clip(path)
    shown = [number_of(frame.image) for frame in clip.read(range(12))]
    assert shown == [0, 1, 2, 3, 4, 4, 6, 7, 8, 9, 10, 11]
    assert number_of(next(clip.read([5])).image) == 4


def test_without_the_library_the_sentence_says_how_to_get_it(whole: Path) -> None:
    code = f"""
import sys
from pathlib import Path
sys.modules["av"] = None
import headsmith.capture
from headsmith.errors import InputError
try:
    headsmith.capture.open_clip(Path({str(whole)!r}))
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'headsmith[clip]'" in done.stdout
