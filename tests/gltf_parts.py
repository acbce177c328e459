"""A GLB taken apart with nothing but the specification, for tests that must not share code with the exporters."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Parts:
    """The JSON and the arrays of a file."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        size = struct.unpack_from("<I", data, 12)[0]
        self.json: dict[str, Any] = json.loads(data[20 : 20 + size])
        self.binary = data[28 + size :]

    def array(self, accessor: int) -> np.ndarray:
        one = self.json["accessors"][accessor]
        view = self.json["bufferViews"][one["bufferView"]]
        start = view.get("byteOffset", 0) + one.get("byteOffset", 0)
        width, kind = WIDTHS[one["type"]], np.dtype(TYPES[one["componentType"]])
        values = np.frombuffer(self.binary, kind, one["count"] * width, start).reshape(-1, width)
        return values / np.iinfo(kind).max if one.get("normalized") else values


def glb_bytes(document: dict[str, Any] | bytes, binary: bytes = b"") -> bytes:
    """A container around any JSON and any binary chunk."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
