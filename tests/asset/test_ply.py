"""The splat file: read back by us and by plyfile, refused when it is anything else."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plyfile import PlyData

from headsmith.asset import Splats, decode_ply, encode_ply
from headsmith.errors import InputError
from synthetic import make_avatar

FIRST_COLUMNS = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "f_rest_0"]


def splats(rest: int = 0, count: int = 300) -> Splats:
    base = make_avatar(splats=count).splats.splats
    values = np.random.default_rng(0).normal(size=(count, rest, 3)).astype(np.float32)
    return replace(base, shN=values)


@pytest.mark.parametrize("rest", [0, 3, 8, 15])
def test_round_trip(rest: int) -> None:
    before = splats(rest)
    after = decode_ply(encode_ply(before), "a.ply")
    for name in ("means", "sh0", "shN"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    for name in ("scales", "opacities", "quats"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-6, atol=1e-7)
        assert getattr(after, name).dtype == np.float32


def test_plyfile_reads_the_same_values() -> None:
    before = splats(3)
    vertex = PlyData.read(io.BytesIO(encode_ply(before)))["vertex"]
    assert [p.name for p in vertex.properties][:10] == [
        "x",
        "y",
        "z",
        "nx",
        "ny",
        "nz",
        "f_dc_0",
        "f_dc_1",
        "f_dc_2",
        "f_rest_0",
    ]
    np.testing.assert_array_equal(vertex["y"], before.means[:, 1])
    np.testing.assert_allclose(1 / (1 + np.exp(-vertex["opacity"].astype(float))), before.opacities, atol=1e-6)
    np.testing.assert_allclose(np.exp(vertex["scale_2"]), before.scales[:, 2], rtol=1e-6)
    np.testing.assert_array_equal(vertex["rot_0"], before.quats[:, 0])
    # channel after channel: f_rest_4 is green's second coefficient
    np.testing.assert_array_equal(vertex["f_rest_4"], before.shN[:, 1, 1])


def test_other_column_orders_and_columns_are_read() -> None:
    before = splats(0, 5)
    data = PlyData.read(io.BytesIO(encode_ply(before)))["vertex"].data
    names = ["x", *reversed(data.dtype.names[1:])]
    table = np.zeros(5, [("label", "u1")] + [(name, "<f8" if name == "z" else "<f4") for name in names])
    for name in names:
        table[name] = data[name]
    kinds = {"|u1": "uchar", "<f8": "double", "<f4": "float"}
    columns = "".join(f"property {kinds[table.dtype[n].str]} {n}\r\n" for n in table.dtype.names)
    header = f"ply\r\nformat binary_little_endian 1.0\r\ncomment made elsewhere\r\nelement vertex 5\r\n{columns}"
    after = decode_ply(header.encode() + b"end_header\r\n" + table.tobytes(), "b.ply")
    np.testing.assert_array_equal(after.means, before.means)


def test_extreme_opacities_stay_finite() -> None:
    before = replace(splats(0, 2), opacities=np.array([0, 1], np.float32), scales=np.zeros((2, 3), np.float32))
    after = decode_ply(encode_ply(before), "a.ply")
    np.testing.assert_allclose(after.opacities, [0, 1], atol=2e-6)
    assert (after.scales > 0).all()


GOOD = encode_ply(splats(0, 4))


def with_value(column: str, value: float) -> bytes:
    data = PlyData.read(io.BytesIO(GOOD))["vertex"].data.copy()
    data[column][2] = value
    return GOOD[: GOOD.index(b"end_header\n") + 11] + data.tobytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no end of the header"),
        (b"hello", "no end of the header"),
        (b"plx\nend_header\n", "no 'ply'"),
        (GOOD[:-1], "bytes after the header"),
        (GOOD + b"\0", "bytes after the header"),
        (GOOD.replace(b"vertex 4", b"vertex 4000000000"), "bytes after the header"),
        (GOOD.replace(b"vertex 4", b"vertex " + b"9" * 5000), "bytes after the header"),
        (GOOD.replace(b"vertex 4", b"vertex -4"), "header line"),
        (GOOD.replace(b"binary_little_endian", b"binary_big_endian"), "encoding"),
        (GOOD.replace(b"binary_little_endian", b"ascii"), "encoding"),
        (GOOD.replace(b"float opacity", b"list uchar int opacity"), "header line"),
        (GOOD.replace(b"float opacity", b"float x"), "one property twice"),
        (GOOD.replace(b"float opacity", b"float opaqueness"), "no column 'opacity'"),
        (GOOD.replace(b"float nx", b"float f_rest_0"), "f_rest"),
        (GOOD.replace(b"end_header", b"element face 3\nend_header"), "header line"),
        (GOOD.replace(b"float nx", b"float \xff\xfe"), "not ASCII"),
        (with_value("x", np.nan), "column 'x'"),
        (with_value("opacity", np.inf), "column 'opacity'"),
        (with_value("scale_1", 90), "larger than any scene"),
    ],
)
def test_damage_is_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        decode_ply(data, "broken.ply")
    assert str(caught.value).startswith("broken.ply: found ")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 40))
@example([(GOOD.index(b"vertex 4") + 7, ord("0"))], 0)
def test_corrupted_files_raise_nothing_but_input_errors(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(GOOD)
    for place, byte in changes:
        data[place] = byte
    with contextlib.suppress(InputError):
        decode_ply(bytes(data[: len(data) - cut]), "fuzz.ply")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_header_raises_nothing_but_input_errors(header: str, body: bytes) -> None:
    data = b"ply\nformat binary_little_endian 1.0\nelement vertex 1\n" + header.encode() + b"\nend_header\n" + body
    with pytest.raises(InputError):
        decode_ply(data, "fuzz.ply")
