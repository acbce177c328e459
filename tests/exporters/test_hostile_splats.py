"""Damaged and hostile splat files: one sentence each, and no more memory than the file deserves."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostile import outcome, refusal, whole

FORMATS = ("splat", "compressed.ply", "sog", "spz", "spz4", "khr")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("bands", [0, 8])
def test_truncated_anywhere(name: str, bands: int) -> None:
    data = whole(name, bands)
    for end in {0, 1, 3, 4, 21, 22, 31, *np.linspace(5, len(data) - 1, 120).astype(int)}:
        # .splat has no header: a file that ends after a whole splat is a whole file
        if name != "splat" or end % 32:
            refusal(name, data[:end])


@pytest.mark.parametrize("name", FORMATS)
def test_more_bytes_than_announced(name: str) -> None:
    refusal(name, whole(name) + b"\0")


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes(name: str, data: st.DataObject) -> None:
    content = bytearray(whole(name, data.draw(st.sampled_from([0, 3]))))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 400).map(lambda k: k % len(content)))
        content[place] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    outcome(name, bytes(content))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pieces_cut_out_or_doubled(name: str, data: st.DataObject) -> None:
    content = whole(name, 3)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    outcome(name, content[:start] + content[start:end] * data.draw(st.sampled_from([0, 2])) + content[end:])


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(
    tail=st.binary(max_size=400),
    start=st.sampled_from(
        [b"", b"ply\n", b"PK\3\4", b"NGSP\4\0\0\0", b"\x1f\x8b\x08\0", b"glTF\2\0\0\0", whole("compressed.ply")[:700]]
    ),
)
def test_random_bytes(name: str, tail: bytes, start: bytes) -> None:
    outcome(name, start + tail)


# .splat -------------------------------------------------------------------------------------------------------------


def splat_record(**values: object) -> bytes:
    fields: dict[str, Any] = {"mean": (0, 0, 0), "scale": (1, 1, 1), "rgba": (1, 2, 3, 4), "quat": (255, 128, 128, 128)}
    fields |= values
    return struct.pack("<6f8B", *fields["mean"], *fields["scale"], *fields["rgba"], *fields["quat"])


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (splat_record(mean=(0, float("nan"), 0)), "positions"),
        (splat_record(mean=(0, 1e30, 0)), "farther away"),
        (splat_record(scale=(1, 1, float("inf"))), "scales"),
        (splat_record(scale=(1, -1, 1)), "negative"),
        (splat_record(quat=(128, 128, 128, 128)), "rotation"),
    ],
)
def test_splat_values(record: bytes, said: str) -> None:
    assert said in refusal("splat", splat_record() + record)
    assert len(outcome("splat", splat_record())) == 1


# .compressed.ply ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", ["2147483648", "10000001", "9" * 11, "9" * 40, "-1", "119", "121", "", "1e3", "²"])
@pytest.mark.parametrize("element", ["vertex 120", "chunk 1"])
def test_counts_of_a_compressed_ply(element: str, count: str) -> None:
    name = element.split()[0]
    refusal("compressed.ply", whole("compressed.ply").replace(element.encode(), f"{name} {count}".encode(), 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("binary_little_endian", "binary_big_endian"), ("binary_little_endian 1.0", "ascii 1.0"), ("ply\n", "plx\n"),
        ("property float min_x", "property float min_q"), ("property float min_x", "property double min_x"),
        ("property uint packed_scale", "property uint packed_size"), ("element vertex", "element splat"),
        ("element chunk 1\n", "element chunk 1\nelement chunk 1\n"), ("end_header", "END_HEADER"),
        ("element chunk 1\n", "property float early\nelement chunk 1\n"), ("min_x", "min_x" * 4000),
        ("packed_color\n", "packed_color\nelement sh 120\nproperty uchar f_rest_0\n"),
        ("packed_color\n", "packed_color\nelement sh 7\n" + "".join(f"property uchar f_rest_{k}\n" for k in range(9))),
    ],
)  # fmt: skip
def test_headers_of_a_compressed_ply(old: str, new: str) -> None:
    assert old.encode() in whole("compressed.ply")
    refusal("compressed.ply", whole("compressed.ply").replace(old.encode(), new.encode(), 1))


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("column", [0, 3, 6, 9, 12, 17])
def test_bounds_of_a_compressed_ply(value: float, column: int) -> None:
    data = bytearray(whole("compressed.ply"))
    start = data.index(b"end_header\n") + 11 + 4 * column
    data[start : start + 4] = struct.pack("<f", value)
    outcome("compressed.ply", bytes(data))
    if not np.isfinite(value):
        refusal("compressed.ply", bytes(data))
