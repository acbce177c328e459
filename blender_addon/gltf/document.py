# SPDX-License-Identifier: GPL-3.0-or-later
"""A glTF file that is to be read back and changed (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from headsmith_exporters.gltf_document import COMPONENT_TYPES, ELEMENT_TYPES
from headsmith_exporters.gltf_reader import read_glb

Json = dict[str, Any]
Numbers = NDArray[np.floating[Any]]
_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass
class Document:
    json: Json
    binary: bytearray
    pictures: dict[str, bytes]
    """name -> content, of the files beside a .gltf"""

    def nodes(self) -> list[Json]:
        return self.json.get("nodes", [])

    def values(self, accessor: int) -> Numbers:
        """[count, width] what an accessor holds, sparse or not; matrices [count, 16] as stored, column by column."""
        one = self.json["accessors"][accessor]
        width, kind = _WIDTHS[one["type"]], np.dtype(_DTYPES[one["componentType"]])
        found = np.zeros((one["count"], width), kind)
        if "bufferView" in one:
            found = self._slice(one, kind, one["count"] * width).reshape(-1, width).copy()
        if "sparse" in one:
            count, indices, moved = (one["sparse"][key] for key in ("count", "indices", "values"))
            rows = self._slice(indices, np.dtype(_DTYPES[indices["componentType"]]), count)
            found[rows] = self._slice(moved, kind, count * width).reshape(-1, width)
        values = found.astype(np.float64)
        return values / np.iinfo(kind).max if one.get("normalized") else values

    def add_values(self, values: Numbers) -> int:
        """A new accessor of float32 [count, width] or [count, 4, 4], matrices row by row; its index."""
        stored = np.ascontiguousarray(values.transpose(0, 2, 1) if values.ndim == 3 else values, np.float32)
        self.binary += bytes(-len(self.binary) % 4)
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": stored.nbytes}
        self.binary += stored.tobytes()
        self.json["bufferViews"].append(view)
        accessor = {"bufferView": len(self.json["bufferViews"]) - 1, "componentType": COMPONENT_TYPES["float32"],
                    "count": len(values), "type": ELEMENT_TYPES[values.shape[1:]]}  # fmt: skip
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def prune(self) -> None:
        """Leaves out the accessors that nothing refers to any more, and their bytes."""
        accessors = self.json.get("accessors", [])
        holders = [(holder, key) for holder, key in _references(self.json) if key in holder]
        order = sorted({holder[key] for holder, key in holders})
        places = {old: new for new, old in enumerate(order)}
        for holder, key in holders:
            holder[key] = places[holder[key]]
        self.json["accessors"] = [accessors[i] for i in order]
        self._prune_views()

    def contents(self, path: Path) -> dict[Path, bytes]:
        """What to write for a file at `path`, itself last: one .glb, or a .gltf with its binary and pictures."""
        if path.suffix.lower() == ".glb":
            return {path: self._glb()}
        files = {path.with_name(name): data for name, data in self.pictures.items()}
        binary = path.with_suffix(".bin")
        self.json["buffers"] = [{"byteLength": len(self.binary), "uri": quote(binary.name)}]
        return {**files, binary: bytes(self.binary), path: json.dumps(self.json, indent=1, allow_nan=False).encode()}

    def _glb(self) -> bytes:
        self.json["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.json, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(self.binary) + bytes(-len(self.binary) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(binary))
        chunks = [struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(binary), b"BIN\0"), binary]
        return b"".join([head, *chunks])

    def _slice(self, part: Json, kind: np.dtype[Any], count: int) -> NDArray[Any]:
        """`count` numbers at the place that an accessor, or a part of a sparse one, names."""
        view = self.json["bufferViews"][part["bufferView"]]
        start = view.get("byteOffset", 0) + part.get("byteOffset", 0)
        return np.frombuffer(self.binary, kind, count, start)

    def _prune_views(self) -> None:
        views = self.json.get("bufferViews", [])
        parts = [part for one in self.json["accessors"] for part in (one, *_sparse_parts(one))]
        holders = [part for part in (*parts, *self.json.get("images", [])) if "bufferView" in part]
        order = sorted({holder["bufferView"] for holder in holders})
        places = {old: new for new, old in enumerate(order)}
        for holder in holders:
            holder["bufferView"] = places[holder["bufferView"]]
        kept, binary = [views[i] for i in order], bytearray()
        for view in kept:
            start = view.get("byteOffset", 0)
            data = self.binary[start : start + view["byteLength"]]
            binary += bytes(-len(binary) % 4)
            view["byteOffset"] = len(binary)
            binary += data
        self.json["bufferViews"], self.binary = kept, binary


def read_document(path: Path) -> Document:
    """A file that Blender has just written: a .glb, or a .gltf with its files beside it."""
    if path.suffix.lower() == ".glb":
        parsed = read_glb(path.read_bytes(), path.name)
        return Document(parsed.json, bytearray(parsed.binary), {})
    parsed_json = json.loads(path.read_text(encoding="utf-8"))
    (buffer,) = parsed_json["buffers"]
    uris = [image["uri"] for image in parsed_json.get("images", []) if "uri" in image]
    pictures = {unquote(uri): (path.parent / unquote(uri)).read_bytes() for uri in uris}
    return Document(parsed_json, bytearray((path.parent / unquote(buffer["uri"])).read_bytes()), pictures)


def _sparse_parts(accessor: Json) -> tuple[Json, ...]:
    sparse = accessor.get("sparse")
    return (sparse["indices"], sparse["values"]) if sparse else ()


def _references(document: Json) -> Iterator[tuple[Json, str]]:
    """Every place that holds the index of an accessor."""
    for mesh in document.get("meshes", []):
        for primitive in mesh["primitives"]:
            yield primitive, "indices"
            for attributes in (primitive["attributes"], *primitive.get("targets", [])):
                yield from ((attributes, name) for name in attributes)
    for skin in document.get("skins", []):
        yield skin, "inverseBindMatrices"
    for animation in document.get("animations", []):
        for sampler in animation["samplers"]:
            yield sampler, "input"
            yield sampler, "output"
