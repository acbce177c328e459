"""Damaged and hostile .spz files, beyond what test_hostile_splats.py does to every format."""

from __future__ import annotations

import contextlib
import gzip
import struct
import zlib
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hostile
from headsmith.errors import InputError
from headsmith_exporters.spz import decode_spz, encode_spz
from splat_clouds import lopsided

zstandard = pytest.importorskip("zstandard")
COUNT = 120


@cache
def content(bands: int = 3) -> bytes:
    return gzip.decompress(encode_spz(lopsided(COUNT, bands)))


@cache
def streams() -> tuple[bytes, ...]:
    """The five streams of a file of degree 0, unpacked."""
    data, place, out = content(0), 16, []
    for size in (9, 1, 3, 3, 4):
        out.append(data[place : place + size * COUNT])
        place += size * COUNT
    return tuple(out)


def header(
    version: int = 3, count: int = COUNT, degree: int = 1, bits: int = 13, last: int = 0, flags: int = 0
) -> bytes:
    return struct.pack("<4sIIBBBB", b"NGSP", version, count, degree, bits, flags, last)


def with_frames(frames: list[bytes], sizes: list[int], start: bytes | None = None, table: int = 32) -> bytes:
    """A file of version 4 from ready frames and the unpacked sizes that it announces."""
    entries = b"".join(struct.pack("<QQ", len(frame), size) for frame, size in zip(frames, sizes, strict=True))
    return (start or header(4, degree=0, last=5)) + struct.pack("<I12x", table) + entries + b"".join(frames)


def refusal(data: bytes) -> str:
    return hostile.refusal("spz", data)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (header(count=2**31), "2147483648 splats"),
        (header(count=2**32 - 1), "splats announced"),
        (header(count=10_000_000), "10000000 splats announced in"),
        (header(count=COUNT + 1), "announces"),
        (header(count=COUNT - 1), "announces"),
        (header(count=0), "announces"),
        (header(version=1), "version 1"),
        (header(version=2), "version 2"),
        (header(version=4), "version 4"),
        (header(degree=0), "announces"),
        (header(degree=4), "degree 4"),
        (header(bits=25), "25 fractional bits"),
        (b"XXXX" + header()[4:], "NGSP"),
        (b"", "NGSP"),
    ],
)
def test_headers_of_version_3(start: bytes, said: str) -> None:
    assert said in refusal(gzip.compress(start + content()[16:] if start else b"NGSP"))


@pytest.mark.parametrize("count", [2**31, 9_999_999])
def test_many_splats_in_a_kilobyte(count: int) -> None:
    data = gzip.compress(header(count=count, degree=3) + bytes(900))
    assert len(data) < 1000
    refusal(data)
    start = header(4, count, 3, last=6)
    refusal(with_frames([zstandard.compress(b"")] * 6, [count * k for k in (9, 1, 3, 3, 4, 45)], start) + bytes(600))


def test_a_gzip_bomb_is_unpacked_no_further_than_its_count() -> None:
    inner = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = inner.compress(content(0)) + b"".join(inner.compress(bytes(1 << 20)) for _ in range(400)) + inner.flush()
    assert len(bomb) < 1 << 20
    assert "announces" in refusal(bomb)


def test_vendors_data_behind_the_splats_is_passed_over() -> None:
    extra = gzip.compress(header(degree=1, flags=2) + content()[16:] + b"vendor" * 50)
    assert len(decode_spz(extra, "a.spz")) == COUNT
    assert "announces" in refusal(gzip.compress(header(degree=1) + content()[16:] + b"vendor" * 50))


def test_a_wrong_checksum() -> None:
    data = bytearray(encode_spz(lopsided(COUNT)))
    data[-8] ^= 1
    assert "damaged" in refusal(bytes(data))


def test_frames_as_they_should_be() -> None:
    frames = [zstandard.compress(stream) for stream in streams()]
    assert len(decode_spz(with_frames(frames, [len(stream) for stream in streams()]), "a.spz")) == COUNT


def bombed(place: int, frame: bytes) -> bytes:
    frames = [zstandard.compress(stream) for stream in streams()]
    frames[place] = frame
    return with_frames(frames, [len(stream) for stream in streams()])


@pytest.mark.parametrize("place", range(5))
def test_zstandard_bombs(place: int) -> None:
    zeros = bytes(200 << 20)
    told = zstandard.ZstdCompressor(level=1).compress(zeros)
    untold = zstandard.ZstdCompressor(level=1, write_content_size=False).compress(zeros)
    long = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    windowed = zstandard.ZstdCompressor(compression_params=long).compress(zeros[: 1 << 20])
    for bomb in (told, untold, windowed):
        assert len(bomb) < 1 << 17
        assert "Zstandard" in refusal(bombed(place, bomb))


def test_a_frame_that_lies_about_its_content() -> None:
    frame = bytearray(zstandard.compress(streams()[0]))
    assert frame[4] >> 6 == 1, "a content size of two bytes"
    frame[5:7] = b"\xff\xff"
    assert "Zstandard" in refusal(bombed(0, bytes(frame)))


@pytest.mark.parametrize("table", [0, 31, 1 << 20, 0xFFFFFFFF])
def test_tables_outside_the_file(table: int) -> None:
    frames = [zstandard.compress(stream) for stream in streams()]
    assert "table" in refusal(with_frames(frames, [len(stream) for stream in streams()], table=table))


@pytest.mark.parametrize(
    "change",
    [
        {"last": 6},
        {"last": 0},
        {"count": 2**31},
        {"degree": 1},
        {"degree": 9},
        {"bits": 255},
        {"version": 3},
        {"version": 5},
    ],
)
def test_headers_of_version_4(change: dict[str, Any]) -> None:
    start = header(**{"version": 4, "degree": 0, "last": 5} | change)
    frames = [zstandard.compress(stream) for stream in streams()]
    refusal(with_frames(frames, [len(stream) for stream in streams()], start))


@pytest.mark.parametrize("entry", range(10))
@pytest.mark.parametrize("value", [0, 1, 1 << 31, (1 << 64) - 1])
def test_every_number_of_the_table(entry: int, value: int) -> None:
    frames = [zstandard.compress(stream) for stream in streams()]
    data = bytearray(with_frames(frames, [len(stream) for stream in streams()]))
    data[32 + 8 * entry : 40 + 8 * entry] = struct.pack("<Q", value)
    refusal(bytes(data))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_changed_contents_are_splats_or_a_sentence(data: st.DataObject) -> None:
    """Under a valid checksum, as a forger would."""
    changed = bytearray(content())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, 15) | st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        assert len(decode_spz(gzip.compress(bytes(changed), 1), "bad.spz")) == COUNT
