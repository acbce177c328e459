"""Bundles with bytes and values changed at random: read, or refused in one sentence."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asset.bundles import FILES, reseal, zipped
from headsmith.asset import describe, read_avatar, validate_avatar
from headsmith.errors import InputError

FUZZ = settings(
    max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)


def corrupted(data: bytes, changes: list[tuple[float, int]]) -> bytes:
    out = bytearray(data)
    for place, byte in changes:
        out[int(place * len(out))] = byte
    return bytes(out)


@FUZZ
@given(st.sampled_from(FILES[:7] + FILES[8:]), changes)
def test_corrupted_bytes_under_a_right_hash(sound: Path, file: str, changes: list[tuple[float, int]]) -> None:
    before, manifest = (sound / file).read_bytes(), (sound / "avatar.json").read_bytes()
    try:
        if file == "avatar.json":
            (sound / file).write_bytes(corrupted(before, changes))
        else:
            reseal(sound, file, corrupted(before, changes))
        with contextlib.suppress(InputError), np.errstate(all="ignore"):
            read_avatar(sound)
        validate_avatar(sound)
    finally:
        (sound / file).write_bytes(before)
        (sound / "avatar.json").write_bytes(manifest)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@FUZZ
@given(st.data(), json_values)
def test_any_value_anywhere_in_the_manifest(sound: Path, data: st.DataObject, value: Any) -> None:
    before = (sound / "avatar.json").read_bytes()
    manifest = node = json.loads(before)
    key = data.draw(st.sampled_from(sorted(node)))
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
        node = node[key]
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[key] = value
    try:
        (sound / "avatar.json").write_text(json.dumps(manifest))
        with contextlib.suppress(InputError):
            read_avatar(sound)
        with contextlib.suppress(InputError):
            describe(sound)
        validate_avatar(sound)
    finally:
        (sound / "avatar.json").write_bytes(before)


@FUZZ
@given(changes)
def test_corrupted_zips(sound: Path, changes: list[tuple[float, int]]) -> None:
    path = zipped(sound)
    path.write_bytes(corrupted(path.read_bytes(), changes))
    with contextlib.suppress(InputError):
        read_avatar(path)
    validate_avatar(path)
