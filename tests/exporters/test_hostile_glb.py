"""Hostile GLBs of splats: containers, JSON and numbers, beyond what test_hostile_splats.py does to every format."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hostile
from exporters.hostile_json import spoilt
from gltf_parts import glb_bytes
from headsmith_exporters.gltf_reader import MAX_JSON_BYTES
from headsmith_exporters.khr_splats import encode_khr
from splat_clouds import lopsided


def outcome(data: bytes) -> str | None:
    """The sentence, or None where the file was read."""
    result = hostile.outcome("khr", data)
    return result if isinstance(result, str) else None


def parsed() -> tuple[dict[str, Any], bytes]:
    data = encode_khr(lopsided(20, 3))
    size = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + size]), data[28 + size :]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"null", b"[]", b"{", b"[" * 1_000_000, b'{"a":' * 200_000, b'{"meshes":NaN}', b"\xff\xfe",
        b'{"accessors":[{"count":' + b"9" * 5000 + b"}]}", b'{"meshes":[{"primitives":[[]]}]}', b'"' + b"x" * 999,
    ],
    ids=range(11),
)  # fmt: skip
def test_texts(text: bytes) -> None:
    assert outcome(glb_bytes(text))


def test_json_is_limited() -> None:
    assert "bytes of JSON" in (outcome(glb_bytes(b" " * (MAX_JSON_BYTES + 1) + b"{}")) or "")


@pytest.mark.parametrize("place", range(0, 20, 4))
@pytest.mark.parametrize("value", [0, 1, 3, 0x7FFFFFFF, 0xFFFFFFFF])
def test_every_number_of_the_container(place: int, value: int) -> None:
    data = bytearray(encode_khr(lopsided(20)))
    data[place : place + 4] = struct.pack("<I", value)
    assert outcome(bytes(data))


def test_a_second_chunk_that_does_not_fit() -> None:
    document, binary = parsed()
    whole = glb_bytes(document, binary)
    place = len(whole) - len(binary) - 8
    for size, kind in ((len(binary) + 4, b"BIN\0"), (0xFFFFFFFF, b"BIN\0"), (len(binary), b"JSON")):
        assert outcome(whole[:place] + struct.pack("<I4s", size, kind) + binary)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_values_that_are_no_numbers(value: float) -> None:
    document, binary = parsed()
    for view in document["bufferViews"]:
        start = view["byteOffset"]
        data = binary[:start] + struct.pack("<f", value) + binary[start + 4 :]
        said = outcome(glb_bytes(document, data))
        assert said or view["byteLength"] == 8 * 20 or np.isfinite(value)


def test_many_splats_in_a_kilobyte() -> None:
    document, _ = parsed()
    for count in (2**31, 10**7, 10**7 + 1, 10**400):
        for accessor in document["accessors"]:
            accessor["count"] = count
        assert outcome(glb_bytes(document, bytes(64)))


def test_primitives_that_share_their_data_are_limited() -> None:
    """Thousands that share the same rows would unpack to far more than the file."""
    document, binary = parsed()
    document["meshes"][0]["primitives"] *= 3
    assert outcome(glb_bytes(document, binary)) is None
    document["meshes"][0]["primitives"] *= 2000
    assert outcome(glb_bytes(document, binary))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    document, binary = parsed()
    outcome(glb_bytes(spoilt(document, data), binary))
