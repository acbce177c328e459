"""A glTF 2.0 document under construction (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""

from __future__ import annotations

import json
import struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
UNSIGNED_BYTE, UNSIGNED_SHORT, UNSIGNED_INT, FLOAT = 5121, 5123, 5125, 5126
LINEAR, LINEAR_MIPMAP_LINEAR, CLAMP_TO_EDGE = 9729, 9987, 33071

COMPONENT_TYPES = {"uint8": UNSIGNED_BYTE, "uint16": UNSIGNED_SHORT, "uint32": UNSIGNED_INT, "float32": FLOAT}
ELEMENT_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}

Kind = Literal["nodes", "meshes", "skins", "materials", "textures", "images", "samplers", "accessors", "bufferViews"]


class Document:
    """Top-level arrays of JSON objects and one binary buffer; objects refer to each other by index."""

    def __init__(self, asset: dict[str, Any]) -> None:
        self.asset = asset
        self.extensions_used: list[str] = []
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self._chunks: list[bytes] = []
        self._length = 0

    def add(self, kind: Kind, value: dict[str, Any]) -> int:
        """Appends an object; returns its index."""
        array = self.objects.setdefault(kind, [])
        array.append(value)
        return len(array) - 1

    def add_bytes(self, data: bytes, target: int | None = None) -> int:
        """A buffer view of `data`, 4-byte aligned; returns its index."""
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        padded = data + bytes(-len(data) % 4)
        self._chunks.append(padded)
        self._length += len(padded)
        return self.add("bufferViews", view if target is None else view | {"target": target})

    def add_array(
        self, array: NDArray[Any], target: int | None = None, *, bounds: bool = False, normalized: bool = False
    ) -> int:
        """An accessor of `array` [count, ...] (uint8, uint16, uint32 or float32) with a buffer view of its own.

        Matrices [count, 4, 4] are given row by row, as numpy has them. `bounds` adds min and max; `normalized`
        means whole numbers that stand for 0..1.
        """
        stored = array.transpose(0, 2, 1) if array.ndim == 3 else array
        accessor: dict[str, Any] = {
            "bufferView": self.add_bytes(np.ascontiguousarray(stored).tobytes(), target),
            "componentType": COMPONENT_TYPES[array.dtype.name],
            "count": len(array),
            "type": ELEMENT_TYPES[array.shape[1:]],
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            # float32 widened to the double of the same value, which JSON keeps exactly
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        return self.add("accessors", accessor)

    def json(self) -> dict[str, Any]:
        """The document with one scene of the nodes that have no parent."""
        nodes = self.objects["nodes"]
        children = {child for node in nodes for child in node.get("children", ())}
        roots = [i for i in range(len(nodes)) if i not in children]
        buffers = [{"byteLength": self._length}]
        used = {"extensionsUsed": self.extensions_used} if self.extensions_used else {}
        scene = {"scene": 0, "scenes": [{"nodes": roots}]}
        return {"asset": self.asset, **used, **scene, **self.objects, "buffers": buffers}

    def to_glb(self) -> bytes:
        """The binary container: a header and two chunks, each padded to 4 bytes."""
        text = json.dumps(self.json(), separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + self._length)
        chunks = [struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", self._length, b"BIN\0")]
        return b"".join([head, *chunks, *self._chunks])
