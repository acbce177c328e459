"""A GLB taken apart with nothing but the specification, for tests that must not share code with the exporters."""

from __future__ import annotations

import copy
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
MESHOPT = "EXT_meshopt_compression"
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Parts:
    """The JSON and the arrays of a file."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        size = struct.unpack_from("<I", data, 12)[0]
        self.json: dict[str, Any] = json.loads(data[20 : 20 + size])
        self.binary = data[28 + size :]

    def array(self, accessor: int) -> np.ndarray:
        """[count, width] of any accessor but a sparse one, unpacked and scaled to what the numbers mean."""
        one = self.json["accessors"][accessor]
        view = self.json["bufferViews"][one["bufferView"]]
        width, kind = WIDTHS[one["type"]], np.dtype(TYPES[one["componentType"]])
        data, stride = self.view(one["bufferView"]), view.get("byteStride", width * kind.itemsize)
        rows = np.ndarray((one["count"], width), kind, data, one.get("byteOffset", 0), (stride, kind.itemsize))
        return np.maximum(rows / np.iinfo(kind).max, -1) if one.get("normalized") else rows

    def view(self, index: int) -> bytes:
        """The bytes of a buffer view, unpacked where they are compressed."""
        view = self.json["bufferViews"][index]
        packed = view.get("extensions", {}).get(MESHOPT)
        place = packed or view
        data = self.binary[place.get("byteOffset", 0) : place.get("byteOffset", 0) + place["byteLength"]]
        if packed is None:
            return data
        # Blender's environment has no such package, and needs none
        import meshopt

        rows = meshopt.decode_gltf_buffer(data, packed["count"], packed["byteStride"], packed["mode"])
        assert rows.nbytes == view["byteLength"]
        return rows.tobytes()

    def node(self, name: str) -> dict[str, Any]:
        (found,) = [node for node in self.json["nodes"] if node.get("name") == name]
        return found

    def without_compression(self) -> bytes:
        """The same file with every buffer view as its readers unpack it."""
        document, binary = copy.deepcopy(self.json), b""
        for index, view in enumerate(document["bufferViews"]):
            data = self.view(index)
            view.pop("extensions", None)
            view |= {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)}
            binary += data + bytes(-len(data) % 4)
        document["buffers"] = [{"byteLength": len(binary)}]
        for names in ("extensionsUsed", "extensionsRequired"):
            document[names] = [name for name in document[names] if name != MESHOPT]
        return glb_bytes(document, binary)


def glb_bytes(document: dict[str, Any] | bytes, binary: bytes = b"") -> bytes:
    """A container around any JSON and any binary chunk."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
