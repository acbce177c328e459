"""What a decoder of splat files makes of damaged bytes: usable splats or one sentence, in little memory."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from functools import cache

import numpy as np

from headsmith.asset.avatar import Splats
from headsmith.errors import InputError
from headsmith_exporters import splat_formats
from headsmith_exporters.splats import MAX_COORDINATE_M, MAX_SCALE_M
from lopsided import lopsided_splats

MAX_PEAK_BYTES = 48 << 20


@cache
def whole(name: str, bands: int = 0) -> bytes:
    encode = splat_formats()[name].encode_splats
    assert encode is not None
    return encode(lopsided_splats(0 if name == "splat" else bands, cells=(5, 6, 4)), splat_formats()[name].options())


def outcome(name: str, data: bytes) -> Splats | str:
    """Usable splats or one sentence; anything else fails the test, as does a peak of memory."""
    decode = splat_formats()[name].decode
    assert decode is not None
    result: Splats | str
    tracemalloc.start()
    try:
        result = decode(data, f"bad.{name}")
    except InputError as error:
        result = str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MAX_PEAK_BYTES
    if isinstance(result, Splats):
        assert_usable(result)
    else:
        assert re.fullmatch(rf"bad\.{re.escape(name)}[^\n]*: found [^\n]+, expected [^\n]+; [^\n]+\.", result)
        assert len(result) < 500
    return result


def assert_usable(splats: Splats) -> None:
    for field in dataclasses.fields(splats):
        values = getattr(splats, field.name)
        assert values.dtype == np.float32
        assert len(values) == len(splats)
        assert np.isfinite(values).all()
    assert np.abs(splats.means).max(initial=0) <= MAX_COORDINATE_M * 1.001
    assert splats.scales.min(initial=1) > 0
    assert splats.scales.max(initial=1) <= MAX_SCALE_M * 1.001
    assert splats.opacities.min(initial=0) >= 0
    assert splats.opacities.max(initial=0) <= 1
    np.testing.assert_allclose(np.linalg.norm(splats.quats, axis=1), 1, atol=1e-5)


def refusal(name: str, data: bytes) -> str:
    result = outcome(name, data)
    assert isinstance(result, str), "that file was accepted"
    return result
