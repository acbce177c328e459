"""A glTF 2.0 document under construction (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""

from __future__ import annotations

import json
import struct
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
BYTE, UNSIGNED_BYTE, SHORT, UNSIGNED_SHORT, UNSIGNED_INT, FLOAT = 5120, 5121, 5122, 5123, 5125, 5126
LINEAR, LINEAR_MIPMAP_LINEAR, CLAMP_TO_EDGE = 9729, 9987, 33071

COMPONENT_TYPES = {
    "int8": BYTE,
    "uint8": UNSIGNED_BYTE,
    "int16": SHORT,
    "uint16": UNSIGNED_SHORT,
    "uint32": UNSIGNED_INT,
    "float32": FLOAT,
}
ELEMENT_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}

Kind = Literal[
    "nodes", "meshes", "skins", "materials", "textures", "images", "samplers", "accessors", "bufferViews", "animations"
]


class Binary:
    """Bytes in a row, each piece at a multiple of four."""

    def __init__(self, chunks: tuple[bytes, ...] = ()) -> None:
        self._chunks = list(chunks)
        self.length = sum(map(len, chunks))

    def add(self, data: bytes) -> int:
        """Appends `data`; returns where it starts."""
        start, padded = self.length, data + bytes(-len(data) % 4)
        self._chunks.append(padded)
        self.length += len(padded)
        return start

    def copy(self) -> Binary:
        return Binary(tuple(self._chunks))

    def content(self) -> bytes:
        return b"".join(self._chunks)


class Document:
    """Top-level arrays of JSON objects and one binary buffer; objects refer to each other by index."""

    def __init__(self, asset: dict[str, Any]) -> None:
        self.asset = asset
        self.extensions_used: list[str] = []
        self.extensions_required: list[str] = []
        self.extensions: dict[str, Any] = {}
        """of the document itself"""
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self._binary = Binary()
        self._images: list[bytes] = []

    def add(self, kind: Kind, value: dict[str, Any]) -> int:
        """Appends an object; returns its index."""
        array = self.objects.setdefault(kind, [])
        array.append(value)
        return len(array) - 1

    def node(self, name: str) -> int:
        """The first node of that name; raises KeyError where there is none."""
        for index, node in enumerate(self.objects.get("nodes", [])):
            if node.get("name") == name:
                return index
        raise KeyError(name)

    def use_extension(self, name: str, *, required: bool = False) -> None:
        """Names an extension once; a reader that does not know a required one refuses the file."""
        for names in (self.extensions_used, *([self.extensions_required] if required else [])):
            if name not in names:
                names.append(name)

    def add_bytes(self, data: bytes, target: int | None = None) -> int:
        """A buffer view of `data`, 4-byte aligned; returns its index."""
        view = {"buffer": 0, "byteOffset": self._binary.add(data), "byteLength": len(data)}
        return self.add("bufferViews", view if target is None else view | {"target": target})

    def add_image(self, name: str, mime_type: str, data: bytes) -> int:
        """An image file, which a .glb embeds and a .gltf has beside it; returns its index."""
        self._images.append(data)
        return self.add("images", {"name": name, "mimeType": mime_type})

    def add_array(
        self,
        array: NDArray[Any],
        target: int | None = None,
        *,
        bounds: bool = False,
        normalized: bool = False,
        scalars: bool = False,
    ) -> int:
        """An accessor of `array` [count, ...] (of `COMPONENT_TYPES`) with a buffer view of its own.

        Matrices [count, 4, 4] are given row by row, as numpy has them. `bounds` adds min and max; `normalized`
        means whole numbers that stand for 0..1, or -1..1 if they have a sign; `scalars` means that an [N, K] array
        is N * K single numbers, as the weights of animations are.
        """
        stored = array.transpose(0, 2, 1) if array.ndim == 3 else array
        accessor: dict[str, Any] = {
            "bufferView": self._add_rows(np.ascontiguousarray(stored), target),
            "componentType": COMPONENT_TYPES[array.dtype.name],
            "count": array.size if scalars else len(array),
            "type": "SCALAR" if scalars else ELEMENT_TYPES[array.shape[1:]],
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            # float32 widened to the double of the same value, which JSON keeps exactly
            low, high = array.min(0).tolist(), array.max(0).tolist()
            accessor |= {"min": low, "max": high} if array.ndim > 1 else {"min": [low], "max": [high]}
        return self.add("accessors", accessor)

    def _add_rows(self, rows: NDArray[Any], target: int | None) -> int:
        """A buffer view of an array's rows, those of vertices at multiples of four bytes."""
        padded = aligned(rows) if target == ARRAY_BUFFER else rows
        view = self.add_bytes(padded.tobytes(), target)
        if padded is not rows:
            self.objects["bufferViews"][view]["byteStride"] = padded.strides[0]
        return view

    def json(self) -> dict[str, Any]:
        """The document without images and buffers, with one scene of the nodes that have no parent."""
        nodes = self.objects["nodes"]
        children = {child for node in nodes for child in node.get("children", ())}
        roots = [i for i in range(len(nodes)) if i not in children]
        lists = {"extensionsUsed": self.extensions_used, "extensionsRequired": self.extensions_required}
        extensions = {"extensions": self.extensions} if self.extensions else {}
        scene = {"scene": 0, "scenes": [{"nodes": roots}]}
        return {"asset": self.asset, **{k: v for k, v in lists.items() if v}, **extensions, **scene, **self.objects}

    def to_glb(self) -> bytes:
        """The binary container: a header and two chunks, each padded to 4 bytes."""
        binary, whole = self._binary.copy(), self.json()
        whole["bufferViews"] = views = list(whole.get("bufferViews", []))
        for place, data in zip(self._placed_images(whole), self._images, strict=True):
            place["bufferView"] = len(views)
            views.append({"buffer": 0, "byteOffset": binary.add(data), "byteLength": len(data)})
        whole["buffers"] = self._buffers(binary.length)
        text = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + binary.length)
        chunks = [struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", binary.length, b"BIN\0")]
        return b"".join([head, *chunks, binary.content()])

    def to_gltf(self, stem: str) -> dict[str, bytes]:
        """File name -> content: the images and the buffer, and last the readable `stem`.gltf that names them."""
        whole, files = self.json(), dict[str, bytes]()
        for place, data in zip(self._placed_images(whole), self._images, strict=True):
            name = f"{stem}_{place['name']}{SUFFIXES[place['mimeType']]}"
            files[name], place["uri"] = data, quote(name)
        files[f"{stem}.bin"] = self._binary.content()
        whole["buffers"] = self._buffers(self._binary.length)
        whole["buffers"][0]["uri"] = quote(f"{stem}.bin")
        files[f"{stem}.gltf"] = json.dumps(whole, indent=1, allow_nan=False).encode()
        return files

    def _placed_images(self, whole: dict[str, Any]) -> list[dict[str, Any]]:
        """The images of the JSON `whole`, free to be changed."""
        images = [dict(image) for image in whole.get("images", [])]
        if images:
            whole["images"] = images
        return images

    def _buffers(self, length: int) -> list[dict[str, Any]]:
        return [{"byteLength": length}]


def aligned(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows [N, K] with zeros behind, so that each is a multiple of four bytes; the same array where it is already."""
    if rows.ndim != 2 or rows.strides[0] % 4 == 0:
        return rows
    return np.pad(rows, ((0, 0), (0, (-rows.strides[0] % 4) // rows.itemsize)))
