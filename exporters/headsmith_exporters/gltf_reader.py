"""Reading a GLB without trust: every size, offset, index and type is checked before it is used.

Container and accessors: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.types import F32
from headsmith_exporters.splats import bad_splats

MAX_JSON_BYTES = 4 << 20
"""Python needs up to thirty times as much for what it parses"""
_MAX_STRIDE_BYTES = 252
_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_CHUNK = struct.Struct("<I4s")


@dataclass(frozen=True)
class Glb:
    """A parsed file; whatever is asked of it and is not there as it should be raises InputError."""

    name: str
    """what error sentences call the file"""
    json: dict[str, Any]
    binary: memoryview

    def objects(self, key: str, owner: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """An array of objects in the document or in `owner`; empty where there is none."""
        found = (self.json if owner is None else owner).get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise bad_splats(self.name, f"'{key}' that is no array of objects", "glTF 2.0")
        return found

    def object(self, key: str, owner: dict[str, Any]) -> dict[str, Any]:
        found = owner.get(key, {})
        if not isinstance(found, dict):
            raise bad_splats(self.name, f"'{key}' that is no object", "glTF 2.0")
        return found

    def strings(self, key: str) -> list[str]:
        found = self.json.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise bad_splats(self.name, f"'{key}' that is no array of strings", "glTF 2.0")
        return found

    def number(self, key: str, owner: dict[str, Any], default: int | None = None) -> int:
        """A whole number of at least 0."""
        found = owner.get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise bad_splats(self.name, f"'{key}' that is no whole number", "glTF 2.0")
        return found

    def indexed(self, key: str, index: Any) -> dict[str, Any]:
        """The object that an index points to."""
        array = self.objects(key)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(array):
            raise bad_splats(self.name, f"a missing or wrong index into '{key}'", f"one below {len(array)}")
        return array[index]


def read_glb(data: bytes, name: str) -> Glb:
    """The JSON and the binary chunk of a file's bytes. Raises InputError."""
    if len(data) < 20 or data[:4] != b"glTF":
        raise bad_splats(name, "no 'glTF' at the start", "a .glb file")
    version, length, json_bytes, kind = struct.unpack_from("<II I4s", data, 4)
    if version != 2 or length != len(data) or kind != b"JSON" or json_bytes > len(data) - 20:
        raise bad_splats(name, f"{len(data)} bytes and a header that does not fit them", "a whole .glb of version 2")
    if json_bytes > MAX_JSON_BYTES:
        raise bad_splats(name, f"{json_bytes} bytes of JSON", f"at most {MAX_JSON_BYTES}")
    document = _parse(data[20 : 20 + json_bytes], name)
    return Glb(name, document, _binary_chunk(memoryview(data)[20 + json_bytes :], name))


def read_accessor(glb: Glb, index: Any, width: int, most: int) -> F32:
    """[N, width] float32: the numbers of an accessor, those that are normalized as -1..1.

    Raises InputError for other shapes, more than `most` elements, sparse accessors, and data outside the file.
    """
    accessor = glb.indexed("accessors", index)
    count, component = glb.number("count", accessor), accessor.get("componentType")
    kind = accessor.get("type")
    if not isinstance(kind, str) or _WIDTHS.get(kind) != width or "sparse" in accessor:
        raise bad_splats(glb.name, "an accessor of another type", f"a plain one with {width} numbers an element")
    if not isinstance(component, int) or component not in _COMPONENTS:
        raise bad_splats(glb.name, "an unknown component type", "one of glTF 2.0")
    if count > most:
        raise bad_splats(glb.name, f"an accessor of {count} elements", f"at most {most} in this file")
    dtype = np.dtype(_COMPONENTS[component])
    values = _strided(glb, accessor, count, np.dtype((dtype, (width,))))
    if accessor.get("normalized") is True and dtype.kind in "iu":
        return np.maximum(values.astype(np.float32) / np.iinfo(dtype).max, -1)
    return values.astype(np.float32)


def _strided(glb: Glb, accessor: dict[str, Any], count: int, dtype: np.dtype[Any]) -> Any:
    """[count, width] the elements where they lie in the binary chunk."""
    base, shape = dtype.subdtype or (dtype, ())
    view = glb.indexed("bufferViews", accessor.get("bufferView"))
    buffers = glb.objects("buffers")
    if glb.number("buffer", view) != 0 or not buffers or "uri" in buffers[0]:
        raise bad_splats(glb.name, "data in another file", "all data in the .glb")
    start, size = glb.number("byteOffset", view, 0), glb.number("byteLength", view)
    stride = glb.number("byteStride", view, dtype.itemsize)
    offset = glb.number("byteOffset", accessor, 0)
    if start + size > len(glb.binary) or not dtype.itemsize <= stride <= max(dtype.itemsize, _MAX_STRIDE_BYTES):
        raise bad_splats(glb.name, "a buffer view outside the file or with a wrong stride", "a whole .glb")
    if count and offset + stride * (count - 1) + dtype.itemsize > size:
        raise bad_splats(glb.name, f"an accessor of {count} elements that ends outside its data", "a whole .glb")
    if not count:
        return np.zeros((0, *shape), base)
    place = (stride, base.itemsize)
    return np.ndarray((count, *shape), base, glb.binary, start + offset, place)


def _binary_chunk(rest: memoryview, name: str) -> memoryview:
    if not len(rest):
        return rest
    if len(rest) < _CHUNK.size:
        raise bad_splats(name, "a chunk that is cut off", "a whole .glb")
    size, kind = _CHUNK.unpack_from(rest)
    if kind != b"BIN\0" or size > len(rest) - _CHUNK.size:
        raise bad_splats(name, "a second chunk that is no whole binary one", "a whole .glb")
    return rest[_CHUNK.size : _CHUNK.size + size]


def _parse(text: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise bad_splats(name, "JSON that cannot be parsed", "glTF 2.0") from None
    if not isinstance(document, dict):
        raise bad_splats(name, "JSON that is no object", "glTF 2.0")
    return document


def _refuse(constant: str) -> None:
    raise ValueError(constant)
